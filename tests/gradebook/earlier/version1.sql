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
CREATE TABLE gradebook_schema (
	version INTEGER NOT NULL, 
	created_at DATETIME NOT NULL, 
	PRIMARY KEY (version)
);
INSERT INTO "gradebook_schema" VALUES(1,'2026-11-30 02:04:49.685327');
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
INSERT INTO "grading" VALUES(1,1,'r1','c1','FINAL',2.5,10.0,0.0,'{"student":"ana","filename":"stacked.ipynb","sha256":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","assignment":"stacked","rubric_hash":"r1","grade":{"points_awarded":2.5,"points_possible":10.0,"status":"FINAL","results":[{"check":"code_size","outcome":"FAILED","points_awarded":0.0,"points_possible":5.0,"message":{"msgid":"{text}","values":[["text","told"]]},"findings":[],"measurements":[]},{"check":"reconstruction","outcome":"PARTIAL","points_awarded":2.5,"points_possible":5.0,"message":{"msgid":"{text}","values":[["text","told"]]},"findings":[],"measurements":[]}],"reasons":[],"late":null},"run":{"status":"completed","stopped_by":"nothing","cells_total":0,"cells_run":0,"errors":[],"last_cell":-1,"wall_seconds":0.0,"peak_memory_mib":0.0,"output_truncated":false,"sandboxed":true,"detail":null,"places":{},"errors_left_out":0,"skipped":[]},"measurements":{"models":{},"values":{},"problems":[],"bypass":null,"strips":[],"data":"","dataset":"","foreign":"","candidates":0,"trained":false,"disagreements":[],"equivalent":null,"conventions":[],"pixels":null,"by_behaviour":false,"images":"hidden","another_size":false},"notes":[],"wall_seconds":0.0,"accelerated":false,"fault":"","submitted_at":null}','2026-11-30 02:04:49.770544');
INSERT INTO "grading" VALUES(2,1,'r1','c1','FINAL',7.5,10.0,0.0,'{"student":"ana","filename":"stacked.ipynb","sha256":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","assignment":"stacked","rubric_hash":"r1","grade":{"points_awarded":7.5,"points_possible":10.0,"status":"FINAL","results":[{"check":"code_size","outcome":"PASSED","points_awarded":5.0,"points_possible":5.0,"message":{"msgid":"{text}","values":[["text","told"]]},"findings":[],"measurements":[]},{"check":"reconstruction","outcome":"PARTIAL","points_awarded":2.5,"points_possible":5.0,"message":{"msgid":"{text}","values":[["text","told"]]},"findings":[],"measurements":[]}],"reasons":[],"late":null},"run":{"status":"completed","stopped_by":"nothing","cells_total":0,"cells_run":0,"errors":[],"last_cell":-1,"wall_seconds":0.0,"peak_memory_mib":0.0,"output_truncated":false,"sandboxed":true,"detail":null,"places":{},"errors_left_out":0,"skipped":[]},"measurements":{"models":{},"values":{},"problems":[],"bypass":null,"strips":[],"data":"","dataset":"","foreign":"","candidates":0,"trained":false,"disagreements":[],"equivalent":null,"conventions":[],"pixels":null,"by_behaviour":false,"images":"hidden","another_size":false},"notes":[],"wall_seconds":0.0,"accelerated":false,"fault":"","submitted_at":null}','2026-11-30 02:04:49.806699');
INSERT INTO "grading" VALUES(3,2,'r1','c1','FINAL',7.5,10.0,0.0,'{"student":"eva","filename":"stacked.ipynb","sha256":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","assignment":"stacked","rubric_hash":"r1","grade":{"points_awarded":7.5,"points_possible":10.0,"status":"FINAL","results":[{"check":"code_size","outcome":"PASSED","points_awarded":5.0,"points_possible":5.0,"message":{"msgid":"{text}","values":[["text","told"]]},"findings":[],"measurements":[]},{"check":"reconstruction","outcome":"PARTIAL","points_awarded":2.5,"points_possible":5.0,"message":{"msgid":"{text}","values":[["text","told"]]},"findings":[],"measurements":[]}],"reasons":[],"late":null},"run":{"status":"completed","stopped_by":"nothing","cells_total":0,"cells_run":0,"errors":[],"last_cell":-1,"wall_seconds":0.0,"peak_memory_mib":0.0,"output_truncated":false,"sandboxed":true,"detail":null,"places":{},"errors_left_out":0,"skipped":[]},"measurements":{"models":{},"values":{},"problems":[],"bypass":null,"strips":[],"data":"","dataset":"","foreign":"","candidates":0,"trained":false,"disagreements":[],"equivalent":null,"conventions":[],"pixels":null,"by_behaviour":false,"images":"hidden","another_size":false},"notes":[],"wall_seconds":0.0,"accelerated":false,"fault":"","submitted_at":null}','2026-11-30 02:04:49.818618');
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
INSERT INTO "submission" VALUES(1,'stacked','ana','stacked.ipynb','aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa','2026-11-30 02:04:49.770544');
INSERT INTO "submission" VALUES(2,'stacked','eva','stacked.ipynb','aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa','2026-11-30 02:04:49.818618');
CREATE INDEX adjustment_by_student ON adjustment (assignment, student);
CREATE INDEX grading_by_submission ON grading (submission_id, rubric_hash, context);
CREATE TRIGGER gradebook_schema_refuses_update BEFORE update ON gradebook_schema BEGIN SELECT RAISE(ABORT, 'the gradebook is append-only'); END;
CREATE TRIGGER gradebook_schema_refuses_delete BEFORE delete ON gradebook_schema BEGIN SELECT RAISE(ABORT, 'the gradebook is append-only'); END;
CREATE TRIGGER submission_refuses_update BEFORE update ON submission BEGIN SELECT RAISE(ABORT, 'the gradebook is append-only'); END;
CREATE TRIGGER submission_refuses_delete BEFORE delete ON submission BEGIN SELECT RAISE(ABORT, 'the gradebook is append-only'); END;
CREATE TRIGGER grading_refuses_update BEFORE update ON grading BEGIN SELECT RAISE(ABORT, 'the gradebook is append-only'); END;
CREATE TRIGGER grading_refuses_delete BEFORE delete ON grading BEGIN SELECT RAISE(ABORT, 'the gradebook is append-only'); END;
CREATE TRIGGER adjustment_refuses_update BEFORE update ON adjustment BEGIN SELECT RAISE(ABORT, 'the gradebook is append-only'); END;
CREATE TRIGGER adjustment_refuses_delete BEFORE delete ON adjustment BEGIN SELECT RAISE(ABORT, 'the gradebook is append-only'); END;
COMMIT;
