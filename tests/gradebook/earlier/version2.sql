BEGIN TRANSACTION;
CREATE TABLE adjustment (
	id INTEGER NOT NULL, 
	assignment TEXT NOT NULL, 
	student TEXT NOT NULL, 
	points DOUBLE NOT NULL, 
	author TEXT NOT NULL, 
	reason TEXT NOT NULL, 
	at DATETIME NOT NULL, 
	PRIMARY KEY (id)
);
INSERT INTO "adjustment" VALUES(1,'stacked','ana',7.5,'Ruiz','válida','2026-03-02 12:30:00.000000');
CREATE TABLE decision (
	id INTEGER NOT NULL, 
	kind TEXT NOT NULL, 
	assignment TEXT NOT NULL, 
	student TEXT NOT NULL, 
	sha256 TEXT NOT NULL, 
	item TEXT NOT NULL, 
	points DOUBLE NOT NULL, 
	until DATETIME, 
	withdrawn BOOLEAN NOT NULL, 
	author TEXT NOT NULL, 
	reason TEXT NOT NULL, 
	at DATETIME NOT NULL, 
	PRIMARY KEY (id)
);
INSERT INTO "decision" VALUES(1,'points','stacked','eva','aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa','reconstruction',4.0,NULL,0,'Ruiz','bien','2026-03-03 00:00:00.000000');
CREATE TABLE gradebook_schema (
	version INTEGER NOT NULL, 
	created_at DATETIME NOT NULL, 
	PRIMARY KEY (version)
);
INSERT INTO "gradebook_schema" VALUES(2,'2026-11-30 02:04:42.200782');
CREATE TABLE grading (
	id INTEGER NOT NULL, 
	submission_id INTEGER NOT NULL, 
	rubric_hash TEXT NOT NULL, 
	context TEXT NOT NULL, 
	status TEXT NOT NULL, 
	points_awarded DOUBLE NOT NULL, 
	points_possible DOUBLE NOT NULL, 
	wall_seconds DOUBLE NOT NULL, 
	document TEXT NOT NULL, 
	graded_at DATETIME NOT NULL, 
	PRIMARY KEY (id), 
	FOREIGN KEY(submission_id) REFERENCES submission (id)
);
INSERT INTO "grading" VALUES(1,1,'r1','c1','FINAL',2.5,10.0,0.0,'{"student":"ana","filename":"stacked.ipynb","sha256":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","assignment":"stacked","rubric_hash":"r1","grade":{"points_awarded":2.5,"points_possible":10.0,"status":"FINAL","results":[{"check":"code_size","outcome":"FAILED","points_awarded":0.0,"points_possible":5.0,"message":{"msgid":"{text}","values":[["text","told"]]},"findings":[],"measurements":[],"decided":null,"by_hand":false},{"check":"reconstruction","outcome":"PARTIAL","points_awarded":2.5,"points_possible":5.0,"message":{"msgid":"{text}","values":[["text","told"]]},"findings":[],"measurements":[],"decided":null,"by_hand":false}],"reasons":[],"late":null,"decided":null},"run":{"status":"completed","stopped_by":"nothing","cells_total":0,"cells_run":0,"errors":[],"last_cell":-1,"wall_seconds":0.0,"peak_memory_mib":0.0,"output_truncated":false,"sandboxed":true,"detail":null,"places":{},"errors_left_out":0,"skipped":[],"processor_seconds":null},"measurements":{"models":{},"values":{},"problems":[],"bypass":null,"strips":[],"data":"","dataset":"","foreign":"","candidates":0,"trained":false,"disagreements":[],"equivalent":null,"conventions":[],"pixels":null,"by_behaviour":false,"images":"hidden","another_size":false,"view":"","fingerprint":[]},"notes":[],"wall_seconds":0.0,"accelerated":false,"fault":"","submitted_at":null,"conflict":null,"answers":[]}','2026-11-30 02:04:42.279006');
INSERT INTO "grading" VALUES(2,1,'r1','c1','FINAL',7.5,10.0,0.0,'{"student":"ana","filename":"stacked.ipynb","sha256":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","assignment":"stacked","rubric_hash":"r1","grade":{"points_awarded":7.5,"points_possible":10.0,"status":"FINAL","results":[{"check":"code_size","outcome":"PASSED","points_awarded":5.0,"points_possible":5.0,"message":{"msgid":"{text}","values":[["text","told"]]},"findings":[],"measurements":[],"decided":null,"by_hand":false},{"check":"reconstruction","outcome":"PARTIAL","points_awarded":2.5,"points_possible":5.0,"message":{"msgid":"{text}","values":[["text","told"]]},"findings":[],"measurements":[],"decided":null,"by_hand":false}],"reasons":[],"late":null,"decided":null},"run":{"status":"completed","stopped_by":"nothing","cells_total":0,"cells_run":0,"errors":[],"last_cell":-1,"wall_seconds":0.0,"peak_memory_mib":0.0,"output_truncated":false,"sandboxed":true,"detail":null,"places":{},"errors_left_out":0,"skipped":[],"processor_seconds":null},"measurements":{"models":{},"values":{},"problems":[],"bypass":null,"strips":[],"data":"","dataset":"","foreign":"","candidates":0,"trained":false,"disagreements":[],"equivalent":null,"conventions":[],"pixels":null,"by_behaviour":false,"images":"hidden","another_size":false,"view":"","fingerprint":[]},"notes":[],"wall_seconds":0.0,"accelerated":false,"fault":"","submitted_at":null,"conflict":null,"answers":[]}','2026-11-30 02:04:42.328169');
INSERT INTO "grading" VALUES(3,2,'r1','c1','FINAL',7.5,10.0,0.0,'{"student":"eva","filename":"stacked.ipynb","sha256":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","assignment":"stacked","rubric_hash":"r1","grade":{"points_awarded":7.5,"points_possible":10.0,"status":"FINAL","results":[{"check":"code_size","outcome":"PASSED","points_awarded":5.0,"points_possible":5.0,"message":{"msgid":"{text}","values":[["text","told"]]},"findings":[],"measurements":[],"decided":null,"by_hand":false},{"check":"reconstruction","outcome":"PARTIAL","points_awarded":2.5,"points_possible":5.0,"message":{"msgid":"{text}","values":[["text","told"]]},"findings":[],"measurements":[],"decided":null,"by_hand":false}],"reasons":[],"late":null,"decided":null},"run":{"status":"completed","stopped_by":"nothing","cells_total":0,"cells_run":0,"errors":[],"last_cell":-1,"wall_seconds":0.0,"peak_memory_mib":0.0,"output_truncated":false,"sandboxed":true,"detail":null,"places":{},"errors_left_out":0,"skipped":[],"processor_seconds":null},"measurements":{"models":{},"values":{},"problems":[],"bypass":null,"strips":[],"data":"","dataset":"","foreign":"","candidates":0,"trained":false,"disagreements":[],"equivalent":null,"conventions":[],"pixels":null,"by_behaviour":false,"images":"hidden","another_size":false,"view":"","fingerprint":[]},"notes":[],"wall_seconds":0.0,"accelerated":false,"fault":"","submitted_at":null,"conflict":null,"answers":[]}','2026-11-30 02:04:42.342114');
CREATE TABLE observation (
	id INTEGER NOT NULL, 
	sha256 TEXT NOT NULL, 
	context TEXT NOT NULL, 
	document TEXT NOT NULL, 
	observed_at DATETIME NOT NULL, 
	PRIMARY KEY (id)
);
INSERT INTO "observation" VALUES(1,'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa','c1','{"data":"sample","written_for":"full","run":{"status":"raised","stopped_by":"nothing","cells_total":9,"cells_run":8,"errors":[{"cell_index":3,"name":"ValueError","text":"shapes (32,) and (30,)","line":"ae.fit(x)","provided":"train","defined_below":null,"lacked":null,"raised_by":"unknown","package":"","stops_training":false,"asks_for_accelerator":false,"after_fetching":false}],"last_cell":11,"wall_seconds":12.25,"peak_memory_mib":812.5,"output_truncated":true,"sandboxed":false,"detail":{"msgid":"Exit status {status}","values":[["status",1]]},"places":{},"errors_left_out":0,"skipped":[],"processor_seconds":null},"measurements":{"models":{"encoder":{"role":"encoder","name":"enc","architecture":{"layers":[{"kind":"Dense","attributes":[["activation","relu"],["units",30],["scale",1.0],["axes",[1,2.0,null]]],"input_shape":[784],"output_shape":[30],"parameters":23550,"inputs":[-1],"operation":""}],"input_shape":[784],"output_shape":[30],"output":0,"parameters":23550},"shared_with_autoencoder":false,"made":true}},"values":{"reconstruction_mse":{"name":"reconstruction_mse","value":0.018,"unit":"pixel\u00b2","how":"mean over 500 hidden images"}},"problems":[{"model":"vae","reason":{"msgid":"Lambda layers cannot be rebuilt.","values":[]},"ours":true}],"bypass":{"msgid":"Layer {layer} carries the image past the code","values":[["layer","add"]]},"strips":[{"title":"original","height":1,"width":2,"images":["AP8=","fwA="]}],"data":"sample","dataset":"","foreign":"","candidates":2,"trained":true,"disagreements":[],"equivalent":null,"conventions":[],"pixels":null,"by_behaviour":false,"images":"hidden","another_size":false,"view":"","fingerprint":[]},"fits":[{"model":"m1","epochs":20,"samples":8000,"batch_size":128,"same_target":true,"input_minimum":0.0,"input_maximum":1.0,"completed":true,"columns":{"means":[1.5],"deviations":[0.5],"minima":[0.0],"maxima":[3.0]},"names":["ae"],"how":"fit","data":null,"classes":[],"epochs_asked":0,"stood_still":false,"first_loss":null,"last_loss":null,"test_images_alone":null,"joined":false,"accepted_after":0}],"requests":["pip install -q umap-learn"],"missing_modules":["umap"],"imports":[{"module":"umap","cell_index":3,"line":1,"members":[]}],"old_code":[{"cell_index":3,"line":1,"before":"lr=0.1","after":"learning_rate=0.1","why":{"msgid":"It is called otherwise now.","values":[]},"applied":false,"signs":["lr"],"far":false,"training":false}],"slow_optimizers":[{"cell_index":4,"line":2,"name":"Adadelta","rate":0.001,"old_rate":1.0}],"places":{"3":{"section":"2. El codificador","number":1,"line":"import umap"}},"notes":[{"msgid":"The file was upgraded from nbformat {version}.","values":[["version",3]]}],"counts_official_images":true,"shortened":false,"audit":null,"problem":{"msgid":"A {file} of {count} bytes","values":[["file","\ud800"],["count",3]]},"fault":"","wall_seconds":1.0}','2026-11-30 02:04:42.368641');
CREATE TABLE open_answer (
	id INTEGER NOT NULL, 
	assignment TEXT NOT NULL, 
	sha256 TEXT NOT NULL, 
	question TEXT NOT NULL, 
	text TEXT NOT NULL, 
	PRIMARY KEY (id), 
	UNIQUE (assignment, sha256, question)
);
INSERT INTO "open_answer" VALUES(1,'stacked','aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa','compression','Con 2 números.');
CREATE TABLE standing (
	submission_id INTEGER NOT NULL, 
	grading_id INTEGER NOT NULL, 
	decision_id INTEGER NOT NULL, 
	rules TEXT NOT NULL, 
	assignment TEXT NOT NULL, 
	student TEXT NOT NULL, 
	name_key TEXT NOT NULL, 
	filename TEXT NOT NULL, 
	sha256 TEXT NOT NULL, 
	status TEXT NOT NULL, 
	points_counted DOUBLE NOT NULL, 
	points_possible DOUBLE NOT NULL, 
	points_machine DOUBLE NOT NULL, 
	scaled DOUBLE NOT NULL, 
	late_points DOUBLE NOT NULL, 
	waits INTEGER NOT NULL, 
	decided BOOLEAN NOT NULL, 
	reasons TEXT NOT NULL, 
	wall_seconds DOUBLE NOT NULL, 
	submitted_at DATETIME, 
	graded_at DATETIME NOT NULL, 
	PRIMARY KEY (submission_id)
);
CREATE TABLE standing_check (
	submission_id INTEGER NOT NULL, 
	position INTEGER NOT NULL, 
	assignment TEXT NOT NULL, 
	item TEXT NOT NULL, 
	outcome TEXT NOT NULL, 
	points_awarded DOUBLE NOT NULL, 
	points_possible DOUBLE NOT NULL, 
	points_machine DOUBLE NOT NULL, 
	decided BOOLEAN NOT NULL, 
	PRIMARY KEY (submission_id, position)
);
CREATE TABLE standing_finding (
	submission_id INTEGER NOT NULL, 
	position INTEGER NOT NULL, 
	assignment TEXT NOT NULL, 
	item TEXT NOT NULL, 
	"key" TEXT NOT NULL, 
	said TEXT NOT NULL, 
	PRIMARY KEY (submission_id, position)
);
CREATE TABLE submission (
	id INTEGER NOT NULL, 
	assignment TEXT NOT NULL, 
	student TEXT NOT NULL, 
	filename TEXT NOT NULL, 
	sha256 TEXT NOT NULL, 
	received_at DATETIME NOT NULL, 
	PRIMARY KEY (id), 
	UNIQUE (assignment, student, filename, sha256)
);
INSERT INTO "submission" VALUES(1,'stacked','ana','stacked.ipynb','aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa','2026-11-30 02:04:42.279006');
INSERT INTO "submission" VALUES(2,'stacked','eva','stacked.ipynb','aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa','2026-11-30 02:04:42.342114');
CREATE INDEX observation_by_bytes ON observation (sha256, context);
CREATE INDEX adjustment_by_student ON adjustment (assignment, student);
CREATE INDEX grading_by_submission ON grading (submission_id, rubric_hash, context);
CREATE TRIGGER gradebook_schema_refuses_update BEFORE update ON gradebook_schema BEGIN SELECT RAISE(ABORT, 'the gradebook is append-only'); END;
CREATE TRIGGER gradebook_schema_refuses_delete BEFORE delete ON gradebook_schema BEGIN SELECT RAISE(ABORT, 'the gradebook is append-only'); END;
CREATE TRIGGER submission_refuses_update BEFORE update ON submission BEGIN SELECT RAISE(ABORT, 'the gradebook is append-only'); END;
CREATE TRIGGER submission_refuses_delete BEFORE delete ON submission BEGIN SELECT RAISE(ABORT, 'the gradebook is append-only'); END;
CREATE TRIGGER grading_refuses_update BEFORE update ON grading BEGIN SELECT RAISE(ABORT, 'the gradebook is append-only'); END;
CREATE TRIGGER grading_refuses_delete BEFORE delete ON grading BEGIN SELECT RAISE(ABORT, 'the gradebook is append-only'); END;
CREATE TRIGGER observation_refuses_update BEFORE update ON observation BEGIN SELECT RAISE(ABORT, 'the gradebook is append-only'); END;
CREATE TRIGGER observation_refuses_delete BEFORE delete ON observation BEGIN SELECT RAISE(ABORT, 'the gradebook is append-only'); END;
CREATE TRIGGER adjustment_refuses_update BEFORE update ON adjustment BEGIN SELECT RAISE(ABORT, 'the gradebook is append-only'); END;
CREATE TRIGGER adjustment_refuses_delete BEFORE delete ON adjustment BEGIN SELECT RAISE(ABORT, 'the gradebook is append-only'); END;
CREATE INDEX decision_by_student ON decision (assignment, student);
CREATE TRIGGER decision_refuses_update BEFORE update ON decision BEGIN SELECT RAISE(ABORT, 'the gradebook is append-only'); END;
CREATE TRIGGER decision_refuses_delete BEFORE delete ON decision BEGIN SELECT RAISE(ABORT, 'the gradebook is append-only'); END;
CREATE TRIGGER open_answer_refuses_update BEFORE update ON open_answer BEGIN SELECT RAISE(ABORT, 'the gradebook is append-only'); END;
CREATE TRIGGER open_answer_refuses_delete BEFORE delete ON open_answer BEGIN SELECT RAISE(ABORT, 'the gradebook is append-only'); END;
CREATE INDEX standing_by_student ON standing (student);
CREATE INDEX standing_by_assignment ON standing (assignment, status);
CREATE INDEX standing_check_by_item ON standing_check (assignment, item, outcome);
CREATE INDEX standing_finding_by_key ON standing_finding (assignment, item, "key");
COMMIT;
