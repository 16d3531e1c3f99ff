CREATE FUNCTION public.gradebook_refuses_change() RETURNS trigger
    LANGUAGE plpgsql
    AS $$ BEGIN RAISE EXCEPTION 'the gradebook is append-only'; END $$;
CREATE TABLE public.adjustment (
    id integer NOT NULL,
    assignment text NOT NULL,
    student text NOT NULL,
    points double precision NOT NULL,
    author text NOT NULL,
    reason text NOT NULL,
    at timestamp with time zone NOT NULL
);
CREATE SEQUENCE public.adjustment_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.adjustment_id_seq OWNED BY public.adjustment.id;
CREATE TABLE public.decision (
    id integer NOT NULL,
    kind text NOT NULL,
    assignment text NOT NULL,
    student text NOT NULL,
    sha256 text NOT NULL,
    item text NOT NULL,
    points double precision NOT NULL,
    until timestamp with time zone,
    withdrawn boolean NOT NULL,
    author text NOT NULL,
    reason text NOT NULL,
    at timestamp with time zone NOT NULL
);
CREATE SEQUENCE public.decision_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.decision_id_seq OWNED BY public.decision.id;
CREATE TABLE public.gradebook_schema (
    version integer NOT NULL,
    created_at timestamp with time zone NOT NULL
);
CREATE TABLE public.grading (
    id integer NOT NULL,
    submission_id integer NOT NULL,
    rubric_hash text NOT NULL,
    context text NOT NULL,
    status text NOT NULL,
    points_awarded double precision NOT NULL,
    points_possible double precision NOT NULL,
    wall_seconds double precision NOT NULL,
    document text NOT NULL,
    graded_at timestamp with time zone NOT NULL
);
CREATE SEQUENCE public.grading_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.grading_id_seq OWNED BY public.grading.id;
CREATE TABLE public.observation (
    id integer NOT NULL,
    sha256 text NOT NULL,
    context text NOT NULL,
    document text NOT NULL,
    observed_at timestamp with time zone NOT NULL
);
CREATE SEQUENCE public.observation_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.observation_id_seq OWNED BY public.observation.id;
CREATE TABLE public.open_answer (
    id integer NOT NULL,
    assignment text NOT NULL,
    sha256 text NOT NULL,
    question text NOT NULL,
    text text NOT NULL
);
CREATE SEQUENCE public.open_answer_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.open_answer_id_seq OWNED BY public.open_answer.id;
CREATE TABLE public.standing (
    submission_id integer NOT NULL,
    grading_id integer NOT NULL,
    decision_id integer NOT NULL,
    rules text NOT NULL,
    assignment text NOT NULL,
    student text NOT NULL,
    name_key text NOT NULL,
    filename text NOT NULL,
    sha256 text NOT NULL,
    status text NOT NULL,
    points_counted double precision NOT NULL,
    points_possible double precision NOT NULL,
    points_machine double precision NOT NULL,
    scaled double precision NOT NULL,
    late_points double precision NOT NULL,
    waits integer NOT NULL,
    decided boolean NOT NULL,
    reasons text NOT NULL,
    wall_seconds double precision NOT NULL,
    submitted_at timestamp with time zone,
    graded_at timestamp with time zone NOT NULL
);
CREATE TABLE public.standing_check (
    submission_id integer NOT NULL,
    "position" integer NOT NULL,
    assignment text NOT NULL,
    item text NOT NULL,
    outcome text NOT NULL,
    points_awarded double precision NOT NULL,
    points_possible double precision NOT NULL,
    points_machine double precision NOT NULL,
    decided boolean NOT NULL
);
CREATE TABLE public.standing_finding (
    submission_id integer NOT NULL,
    "position" integer NOT NULL,
    assignment text NOT NULL,
    item text NOT NULL,
    key text NOT NULL,
    said text NOT NULL
);
CREATE TABLE public.submission (
    id integer NOT NULL,
    assignment text NOT NULL,
    student text NOT NULL,
    filename text NOT NULL,
    sha256 text NOT NULL,
    received_at timestamp with time zone NOT NULL
);
CREATE SEQUENCE public.submission_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.submission_id_seq OWNED BY public.submission.id;
ALTER TABLE ONLY public.adjustment ALTER COLUMN id SET DEFAULT nextval('public.adjustment_id_seq'::regclass);
ALTER TABLE ONLY public.decision ALTER COLUMN id SET DEFAULT nextval('public.decision_id_seq'::regclass);
ALTER TABLE ONLY public.grading ALTER COLUMN id SET DEFAULT nextval('public.grading_id_seq'::regclass);
ALTER TABLE ONLY public.observation ALTER COLUMN id SET DEFAULT nextval('public.observation_id_seq'::regclass);
ALTER TABLE ONLY public.open_answer ALTER COLUMN id SET DEFAULT nextval('public.open_answer_id_seq'::regclass);
ALTER TABLE ONLY public.submission ALTER COLUMN id SET DEFAULT nextval('public.submission_id_seq'::regclass);
INSERT INTO public.adjustment VALUES (1, 'stacked', 'ana', 7.5, 'Ruiz', 'válida', '2026-03-02 12:30:00+00');
INSERT INTO public.decision VALUES (1, 'points', 'stacked', 'eva', 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', 'reconstruction', 4, NULL, false, 'Ruiz', 'bien', '2026-03-03 00:00:00+00');
INSERT INTO public.gradebook_schema VALUES (2, '2026-11-30 02:05:05.118577+00');
INSERT INTO public.grading VALUES (1, 1, 'r1', 'c1', 'FINAL', 2.5, 10, 0, '{"student":"ana","filename":"stacked.ipynb","sha256":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","assignment":"stacked","rubric_hash":"r1","grade":{"points_awarded":2.5,"points_possible":10.0,"status":"FINAL","results":[{"check":"code_size","outcome":"FAILED","points_awarded":0.0,"points_possible":5.0,"message":{"msgid":"{text}","values":[["text","told"]]},"findings":[],"measurements":[],"decided":null,"by_hand":false},{"check":"reconstruction","outcome":"PARTIAL","points_awarded":2.5,"points_possible":5.0,"message":{"msgid":"{text}","values":[["text","told"]]},"findings":[],"measurements":[],"decided":null,"by_hand":false}],"reasons":[],"late":null,"decided":null},"run":{"status":"completed","stopped_by":"nothing","cells_total":0,"cells_run":0,"errors":[],"last_cell":-1,"wall_seconds":0.0,"peak_memory_mib":0.0,"output_truncated":false,"sandboxed":true,"detail":null,"places":{},"errors_left_out":0,"skipped":[],"processor_seconds":null},"measurements":{"models":{},"values":{},"problems":[],"bypass":null,"strips":[],"data":"","dataset":"","foreign":"","candidates":0,"trained":false,"disagreements":[],"equivalent":null,"conventions":[],"pixels":null,"by_behaviour":false,"images":"hidden","another_size":false,"view":"","fingerprint":[]},"notes":[],"wall_seconds":0.0,"accelerated":false,"fault":"","submitted_at":null,"conflict":null,"answers":[]}', '2026-11-30 02:05:05.150943+00');
INSERT INTO public.grading VALUES (2, 1, 'r1', 'c1', 'FINAL', 7.5, 10, 0, '{"student":"ana","filename":"stacked.ipynb","sha256":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","assignment":"stacked","rubric_hash":"r1","grade":{"points_awarded":7.5,"points_possible":10.0,"status":"FINAL","results":[{"check":"code_size","outcome":"PASSED","points_awarded":5.0,"points_possible":5.0,"message":{"msgid":"{text}","values":[["text","told"]]},"findings":[],"measurements":[],"decided":null,"by_hand":false},{"check":"reconstruction","outcome":"PARTIAL","points_awarded":2.5,"points_possible":5.0,"message":{"msgid":"{text}","values":[["text","told"]]},"findings":[],"measurements":[],"decided":null,"by_hand":false}],"reasons":[],"late":null,"decided":null},"run":{"status":"completed","stopped_by":"nothing","cells_total":0,"cells_run":0,"errors":[],"last_cell":-1,"wall_seconds":0.0,"peak_memory_mib":0.0,"output_truncated":false,"sandboxed":true,"detail":null,"places":{},"errors_left_out":0,"skipped":[],"processor_seconds":null},"measurements":{"models":{},"values":{},"problems":[],"bypass":null,"strips":[],"data":"","dataset":"","foreign":"","candidates":0,"trained":false,"disagreements":[],"equivalent":null,"conventions":[],"pixels":null,"by_behaviour":false,"images":"hidden","another_size":false,"view":"","fingerprint":[]},"notes":[],"wall_seconds":0.0,"accelerated":false,"fault":"","submitted_at":null,"conflict":null,"answers":[]}', '2026-11-30 02:05:05.186602+00');
INSERT INTO public.grading VALUES (3, 3, 'r1', 'c1', 'FINAL', 7.5, 10, 0, '{"student":"eva","filename":"stacked.ipynb","sha256":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","assignment":"stacked","rubric_hash":"r1","grade":{"points_awarded":7.5,"points_possible":10.0,"status":"FINAL","results":[{"check":"code_size","outcome":"PASSED","points_awarded":5.0,"points_possible":5.0,"message":{"msgid":"{text}","values":[["text","told"]]},"findings":[],"measurements":[],"decided":null,"by_hand":false},{"check":"reconstruction","outcome":"PARTIAL","points_awarded":2.5,"points_possible":5.0,"message":{"msgid":"{text}","values":[["text","told"]]},"findings":[],"measurements":[],"decided":null,"by_hand":false}],"reasons":[],"late":null,"decided":null},"run":{"status":"completed","stopped_by":"nothing","cells_total":0,"cells_run":0,"errors":[],"last_cell":-1,"wall_seconds":0.0,"peak_memory_mib":0.0,"output_truncated":false,"sandboxed":true,"detail":null,"places":{},"errors_left_out":0,"skipped":[],"processor_seconds":null},"measurements":{"models":{},"values":{},"problems":[],"bypass":null,"strips":[],"data":"","dataset":"","foreign":"","candidates":0,"trained":false,"disagreements":[],"equivalent":null,"conventions":[],"pixels":null,"by_behaviour":false,"images":"hidden","another_size":false,"view":"","fingerprint":[]},"notes":[],"wall_seconds":0.0,"accelerated":false,"fault":"","submitted_at":null,"conflict":null,"answers":[]}', '2026-11-30 02:05:05.207378+00');
INSERT INTO public.observation VALUES (1, 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', 'c1', '{"data":"sample","written_for":"full","run":{"status":"raised","stopped_by":"nothing","cells_total":9,"cells_run":8,"errors":[{"cell_index":3,"name":"ValueError","text":"shapes (32,) and (30,)","line":"ae.fit(x)","provided":"train","defined_below":null,"lacked":null,"raised_by":"unknown","package":"","stops_training":false,"asks_for_accelerator":false,"after_fetching":false}],"last_cell":11,"wall_seconds":12.25,"peak_memory_mib":812.5,"output_truncated":true,"sandboxed":false,"detail":{"msgid":"Exit status {status}","values":[["status",1]]},"places":{},"errors_left_out":0,"skipped":[],"processor_seconds":null},"measurements":{"models":{"encoder":{"role":"encoder","name":"enc","architecture":{"layers":[{"kind":"Dense","attributes":[["activation","relu"],["units",30],["scale",1.0],["axes",[1,2.0,null]]],"input_shape":[784],"output_shape":[30],"parameters":23550,"inputs":[-1],"operation":""}],"input_shape":[784],"output_shape":[30],"output":0,"parameters":23550},"shared_with_autoencoder":false,"made":true}},"values":{"reconstruction_mse":{"name":"reconstruction_mse","value":0.018,"unit":"pixel\u00b2","how":"mean over 500 hidden images"}},"problems":[{"model":"vae","reason":{"msgid":"Lambda layers cannot be rebuilt.","values":[]},"ours":true}],"bypass":{"msgid":"Layer {layer} carries the image past the code","values":[["layer","add"]]},"strips":[{"title":"original","height":1,"width":2,"images":["AP8=","fwA="]}],"data":"sample","dataset":"","foreign":"","candidates":2,"trained":true,"disagreements":[],"equivalent":null,"conventions":[],"pixels":null,"by_behaviour":false,"images":"hidden","another_size":false,"view":"","fingerprint":[]},"fits":[{"model":"m1","epochs":20,"samples":8000,"batch_size":128,"same_target":true,"input_minimum":0.0,"input_maximum":1.0,"completed":true,"columns":{"means":[1.5],"deviations":[0.5],"minima":[0.0],"maxima":[3.0]},"names":["ae"],"how":"fit","data":null,"classes":[],"epochs_asked":0,"stood_still":false,"first_loss":null,"last_loss":null,"test_images_alone":null,"joined":false,"accepted_after":0}],"requests":["pip install -q umap-learn"],"missing_modules":["umap"],"imports":[{"module":"umap","cell_index":3,"line":1,"members":[]}],"old_code":[{"cell_index":3,"line":1,"before":"lr=0.1","after":"learning_rate=0.1","why":{"msgid":"It is called otherwise now.","values":[]},"applied":false,"signs":["lr"],"far":false,"training":false}],"slow_optimizers":[{"cell_index":4,"line":2,"name":"Adadelta","rate":0.001,"old_rate":1.0}],"places":{"3":{"section":"2. El codificador","number":1,"line":"import umap"}},"notes":[{"msgid":"The file was upgraded from nbformat {version}.","values":[["version",3]]}],"counts_official_images":true,"shortened":false,"audit":null,"problem":{"msgid":"A {file} of {count} bytes","values":[["file","\ud800"],["count",3]]},"fault":"","wall_seconds":1.0}', '2026-11-30 02:05:05.25631+00');
INSERT INTO public.open_answer VALUES (1, 'stacked', 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', 'compression', 'Con 2 números.');
INSERT INTO public.submission VALUES (1, 'stacked', 'ana', 'stacked.ipynb', 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', '2026-11-30 02:05:05.150943+00');
INSERT INTO public.submission VALUES (3, 'stacked', 'eva', 'stacked.ipynb', 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', '2026-11-30 02:05:05.207378+00');
SELECT pg_catalog.setval('public.adjustment_id_seq', 1, true);
SELECT pg_catalog.setval('public.decision_id_seq', 1, true);
SELECT pg_catalog.setval('public.grading_id_seq', 3, true);
SELECT pg_catalog.setval('public.observation_id_seq', 1, true);
SELECT pg_catalog.setval('public.open_answer_id_seq', 1, true);
SELECT pg_catalog.setval('public.submission_id_seq', 3, true);
ALTER TABLE ONLY public.adjustment
    ADD CONSTRAINT adjustment_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.decision
    ADD CONSTRAINT decision_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.gradebook_schema
    ADD CONSTRAINT gradebook_schema_pkey PRIMARY KEY (version);
ALTER TABLE ONLY public.grading
    ADD CONSTRAINT grading_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.observation
    ADD CONSTRAINT observation_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.open_answer
    ADD CONSTRAINT open_answer_assignment_sha256_question_key UNIQUE (assignment, sha256, question);
ALTER TABLE ONLY public.open_answer
    ADD CONSTRAINT open_answer_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.standing_check
    ADD CONSTRAINT standing_check_pkey PRIMARY KEY (submission_id, "position");
ALTER TABLE ONLY public.standing_finding
    ADD CONSTRAINT standing_finding_pkey PRIMARY KEY (submission_id, "position");
ALTER TABLE ONLY public.standing
    ADD CONSTRAINT standing_pkey PRIMARY KEY (submission_id);
ALTER TABLE ONLY public.submission
    ADD CONSTRAINT submission_assignment_student_filename_sha256_key UNIQUE (assignment, student, filename, sha256);
ALTER TABLE ONLY public.submission
    ADD CONSTRAINT submission_pkey PRIMARY KEY (id);
CREATE INDEX adjustment_by_student ON public.adjustment USING btree (assignment, student);
CREATE INDEX decision_by_student ON public.decision USING btree (assignment, student);
CREATE INDEX grading_by_submission ON public.grading USING btree (submission_id, rubric_hash, context);
CREATE INDEX observation_by_bytes ON public.observation USING btree (sha256, context);
CREATE INDEX standing_by_assignment ON public.standing USING btree (assignment, status);
CREATE INDEX standing_by_student ON public.standing USING btree (student);
CREATE INDEX standing_check_by_item ON public.standing_check USING btree (assignment, item, outcome);
CREATE INDEX standing_finding_by_key ON public.standing_finding USING btree (assignment, item, key);
CREATE TRIGGER adjustment_refuses_change BEFORE DELETE OR UPDATE OR TRUNCATE ON public.adjustment FOR EACH STATEMENT EXECUTE FUNCTION public.gradebook_refuses_change();
CREATE TRIGGER decision_refuses_change BEFORE DELETE OR UPDATE OR TRUNCATE ON public.decision FOR EACH STATEMENT EXECUTE FUNCTION public.gradebook_refuses_change();
CREATE TRIGGER gradebook_schema_refuses_change BEFORE DELETE OR UPDATE OR TRUNCATE ON public.gradebook_schema FOR EACH STATEMENT EXECUTE FUNCTION public.gradebook_refuses_change();
CREATE TRIGGER grading_refuses_change BEFORE DELETE OR UPDATE OR TRUNCATE ON public.grading FOR EACH STATEMENT EXECUTE FUNCTION public.gradebook_refuses_change();
CREATE TRIGGER observation_refuses_change BEFORE DELETE OR UPDATE OR TRUNCATE ON public.observation FOR EACH STATEMENT EXECUTE FUNCTION public.gradebook_refuses_change();
CREATE TRIGGER open_answer_refuses_change BEFORE DELETE OR UPDATE OR TRUNCATE ON public.open_answer FOR EACH STATEMENT EXECUTE FUNCTION public.gradebook_refuses_change();
CREATE TRIGGER submission_refuses_change BEFORE DELETE OR UPDATE OR TRUNCATE ON public.submission FOR EACH STATEMENT EXECUTE FUNCTION public.gradebook_refuses_change();
ALTER TABLE ONLY public.grading
    ADD CONSTRAINT grading_submission_id_fkey FOREIGN KEY (submission_id) REFERENCES public.submission(id);
