BEGIN TRANSACTION;
CREATE TABLE changes (
	sequence INTEGER NOT NULL, 
	at BIGINT NOT NULL, 
	kind TEXT NOT NULL, 
	subject TEXT, 
	alters_community BOOLEAN NOT NULL, 
	ratings_added BIGINT NOT NULL, 
	ratings_ended BIGINT NOT NULL, 
	CONSTRAINT pk_changes PRIMARY KEY (sequence)
);
INSERT INTO "changes" VALUES(1,1772366400123456,'community_imported','https://pol.is/first',1,3,0);
INSERT INTO "changes" VALUES(2,1772366400123456,'rating_added','a',1,1,1);
INSERT INTO "changes" VALUES(3,1772366400123456,'constitution_received','1-f4a90ae3ee27de31b714976d8bcc912f4683d22bf3f876df1178c28329afb375',0,0,0);
INSERT INTO "changes" VALUES(4,1772366400123456,'demographics_received','50a4429edcce949b85531fd62bfb1f48fb450dd96a7595220bac5dd64fcd432c',1,0,0);
INSERT INTO "changes" VALUES(5,1772366400123456,'demographics_begun','1',0,0,0);
INSERT INTO "changes" VALUES(6,1772366400123456,'demographics_sent','1',0,0,0);
INSERT INTO "changes" VALUES(7,1772366400123456,'demographics_failed','empty',0,0,0);
INSERT INTO "changes" VALUES(8,1772366400123456,'publication_begun','1',0,0,0);
INSERT INTO "changes" VALUES(9,1772366400123456,'publication_finished','1',0,0,0);
INSERT INTO "changes" VALUES(10,1772366400123456,'publication_held','2',0,0,0);
INSERT INTO "changes" VALUES(11,1772366400123456,'publication_declined','2',0,0,0);
INSERT INTO "changes" VALUES(12,1772366400123456,'token_created','3b4a4e38a4c3a006',0,0,0);
INSERT INTO "changes" VALUES(13,1772366400123456,'corpus_imported','first.csv',0,0,0);
INSERT INTO "changes" VALUES(14,1772366400123456,'labels_added','é001a',0,0,0);
INSERT INTO "changes" VALUES(15,1772366400123456,'model_trained','é001a',0,0,0);
INSERT INTO "changes" VALUES(16,1772366400123456,'report_saved','é001a',0,0,0);
INSERT INTO "changes" VALUES(17,1772366400123456,'submission_recorded','é001a',0,0,0);
INSERT INTO "changes" VALUES(18,1772366400123456,'invitation_created','65ab167047c0092d',0,0,0);
INSERT INTO "changes" VALUES(19,1772366400123456,'invitation_redeemed','65ab167047c0092d',0,0,0);
INSERT INTO "changes" VALUES(20,1772366400123456,'labels_added',NULL,0,0,0);
INSERT INTO "changes" VALUES(21,1772366400123456,'person_forgotten',NULL,0,0,0);
INSERT INTO "changes" VALUES(22,1772366400123456,'rating_tagged','a',0,0,0);
INSERT INTO "changes" VALUES(23,1772366400123456,'rating_added','b',1,1,0);
INSERT INTO "changes" VALUES(24,1772366400123456,'rating_withdrawn','b',1,0,1);
INSERT INTO "changes" VALUES(25,1772366400123456,'consent_given','é001a',0,0,0);
INSERT INTO "changes" VALUES(26,1772366400123456,'guideline_proposed','é001a',0,0,0);
INSERT INTO "changes" VALUES(27,1772366400123456,'proposal_decided','446e1c8a85a86e7d',1,0,0);
INSERT INTO "changes" VALUES(28,1772366400123456,'proposal_decided','446e1c8a85a86e7d',1,0,0);
INSERT INTO "changes" VALUES(29,1772366400123456,'guideline_proposed','é001a',0,0,0);
CREATE TABLE comment_ratings (
	rater_key INTEGER NOT NULL, 
	item_id BIGINT NOT NULL, 
	recorded_change INTEGER NOT NULL, 
	ended_change INTEGER, 
	rating FLOAT NOT NULL, 
	CONSTRAINT pk_comment_ratings PRIMARY KEY (rater_key, item_id, recorded_change)
)
 WITHOUT ROWID

;
INSERT INTO "comment_ratings" VALUES(1,1,13,NULL,4.0);
INSERT INTO "comment_ratings" VALUES(1,2,13,NULL,0.0);
CREATE TABLE comments (
	item_id BIGINT NOT NULL, 
	recorded_change INTEGER NOT NULL, 
	ended_change INTEGER, 
	corpus_key INTEGER NOT NULL, 
	source_item_id TEXT NOT NULL, 
	text TEXT NOT NULL, 
	text_hash BIGINT NOT NULL, 
	is_profane_frac FLOAT, 
	is_threat_frac FLOAT, 
	is_identity_attack_frac FLOAT, 
	is_insult_frac FLOAT, 
	is_sexual_harassment_frac FLOAT, 
	CONSTRAINT pk_comments PRIMARY KEY (item_id, recorded_change), 
	CONSTRAINT fk_comments_corpus_key FOREIGN KEY(corpus_key) REFERENCES corpora (corpus_key)
);
INSERT INTO "comments" VALUES(1,13,NULL,1,'1','one',3815355558890182089,NULL,NULL,NULL,0.25,NULL);
INSERT INTO "comments" VALUES(2,13,NULL,1,'2','zwei001a',-8236133192015909284,NULL,NULL,NULL,NULL,NULL);
CREATE TABLE consents (
	sequence INTEGER NOT NULL, 
	participant_id TEXT NOT NULL, 
	text_version TEXT NOT NULL, 
	payload_hash TEXT NOT NULL, 
	given_at BIGINT NOT NULL, 
	recorded_change INTEGER NOT NULL, 
	CONSTRAINT pk_consents PRIMARY KEY (sequence), 
	CONSTRAINT fk_consents_payload_hash FOREIGN KEY(payload_hash) REFERENCES payloads (payload_hash), 
	CONSTRAINT fk_consents_recorded_change FOREIGN KEY(recorded_change) REFERENCES changes (sequence)
);
INSERT INTO "consents" VALUES(1,'é001a','826ff0dab649','fc3a50e454ab8f910b87d7c0589e114a1d0b73feb687a251cd100de1c1ac4ea4',1772366400123456,25);
CREATE TABLE corpora (
	corpus_key INTEGER NOT NULL, 
	kind TEXT NOT NULL, 
	name TEXT, 
	prefix TEXT NOT NULL, 
	fingerprint TEXT NOT NULL, 
	imported_at BIGINT NOT NULL, 
	scale TEXT NOT NULL, 
	counts TEXT NOT NULL, 
	warnings TEXT NOT NULL, 
	altered_change INTEGER NOT NULL, 
	recorded_change INTEGER NOT NULL, 
	ended_change INTEGER, 
	CONSTRAINT pk_corpora PRIMARY KEY (corpus_key), 
	CONSTRAINT fk_corpora_altered_change FOREIGN KEY(altered_change) REFERENCES changes (sequence), 
	CONSTRAINT fk_corpora_ended_change FOREIGN KEY(ended_change) REFERENCES changes (sequence), 
	CONSTRAINT fk_corpora_recorded_change FOREIGN KEY(recorded_change) REFERENCES changes (sequence)
);
INSERT INTO "corpora" VALUES(1,'ratings','first.csv','','8d13c989052ece08f3cefdd637e88bee',1772366400123456,'{"labels":["0","1","2","3","4"],"threshold":2.0,"values":[0.0,1.0,2.0,3.0,4.0]}','{"comment_ratings":{"rows_in":3,"rows_kept":2,"rows_passed":0,"rows_quarantined":1},"comments":{"rows_in":2,"rows_kept":2,"rows_passed":0,"rows_quarantined":0},"raters":{"rows_in":1,"rows_kept":1,"rows_passed":0,"rows_quarantined":0},"system_ratings":{"rows_in":1,"rows_kept":1,"rows_passed":0,"rows_quarantined":0}}','{}',13,13,NULL);
CREATE TABLE corpus_quarantine (
	corpus_key INTEGER NOT NULL, 
	position INTEGER NOT NULL, 
	table_name TEXT NOT NULL, 
	row_number BIGINT NOT NULL, 
	reason TEXT NOT NULL, 
	raw TEXT NOT NULL, 
	CONSTRAINT pk_corpus_quarantine PRIMARY KEY (corpus_key, position), 
	CONSTRAINT fk_corpus_quarantine_corpus_key FOREIGN KEY(corpus_key) REFERENCES corpora (corpus_key)
);
INSERT INTO "corpus_quarantine" VALUES(1,0,'comment_ratings',4,'superseded','{"a": 1}');
CREATE TABLE demographics_failures (
	target TEXT NOT NULL, 
	study_id TEXT NOT NULL, 
	failed_at BIGINT NOT NULL, 
	problem TEXT NOT NULL, 
	CONSTRAINT pk_demographics_failures PRIMARY KEY (target, study_id)
);
INSERT INTO "demographics_failures" VALUES('embedded','empty',1772366400123456,'It did not come.');
CREATE TABLE demographics_keys (
	idempotency_key TEXT NOT NULL, 
	content_hash TEXT NOT NULL, 
	received_at BIGINT NOT NULL, 
	recorded_change INTEGER NOT NULL, 
	CONSTRAINT pk_demographics_keys PRIMARY KEY (idempotency_key), 
	CONSTRAINT fk_demographics_keys_recorded_change FOREIGN KEY(recorded_change) REFERENCES changes (sequence)
);
INSERT INTO "demographics_keys" VALUES('key','50a4429edcce949b85531fd62bfb1f48fb450dd96a7595220bac5dd64fcd432c',1772366400123456,4);
CREATE TABLE demographics_sendings (
	sequence INTEGER NOT NULL, 
	target TEXT NOT NULL, 
	study_id TEXT NOT NULL, 
	content_hash TEXT NOT NULL, 
	idempotency_key TEXT NOT NULL, 
	state TEXT NOT NULL, 
	row_count INTEGER NOT NULL, 
	begun_at BIGINT NOT NULL, 
	finished_at BIGINT, 
	receipt TEXT, 
	CONSTRAINT pk_demographics_sendings PRIMARY KEY (sequence), 
	CONSTRAINT ck_demographics_sendings_state CHECK (state IN ('begun', 'sent')), 
	CONSTRAINT uq_demographics_sendings_idempotency_key UNIQUE (idempotency_key)
);
INSERT INTO "demographics_sendings" VALUES(1,'embedded','study','addfafe2e62b753a7bd9fc56ed41c85bd9a7efa5b2faef78b158ad8404c9f114','demographics-1-addfafe2e62b753a7bd9fc56ed41c85bd9a7efa5b2faef78b158ad8404c9f114-bf7fe0990cf3','sent',1,1772366400123456,1772366400123456,'{"was_new":true}');
CREATE TABLE erasures (
	sequence INTEGER NOT NULL, 
	counts TEXT NOT NULL, 
	last_label INTEGER NOT NULL, 
	forgotten_at BIGINT NOT NULL, 
	recorded_change INTEGER NOT NULL, 
	CONSTRAINT pk_erasures PRIMARY KEY (sequence), 
	CONSTRAINT fk_erasures_recorded_change FOREIGN KEY(recorded_change) REFERENCES changes (sequence)
);
INSERT INTO "erasures" VALUES(1,'{"authored":0,"consents":0,"demographics":0,"invitations":0,"labels":1,"log_entries":1,"models":1,"participants":0,"proposals":0,"quarantined":0,"rating_tags":0,"ratings":0,"report_versions":0,"reports":0,"sessions":0,"submissions":0,"tokens":0,"trainings":0,"withdrawals":0}',3,1772366400123456,21);
CREATE TABLE guideline_versions (
	guideline_key INTEGER NOT NULL, 
	recorded_change INTEGER NOT NULL, 
	ended_change INTEGER, 
	topic_id TEXT, 
	text TEXT NOT NULL, 
	author_id TEXT, 
	created_at BIGINT, 
	CONSTRAINT pk_guideline_versions PRIMARY KEY (guideline_key, recorded_change), 
	CONSTRAINT fk_guideline_versions_ended_change FOREIGN KEY(ended_change) REFERENCES changes (sequence), 
	CONSTRAINT fk_guideline_versions_guideline_key FOREIGN KEY(guideline_key) REFERENCES guidelines (guideline_key), 
	CONSTRAINT fk_guideline_versions_recorded_change FOREIGN KEY(recorded_change) REFERENCES changes (sequence)
);
INSERT INTO "guideline_versions" VALUES(1,1,NULL,'t','text of g1',NULL,NULL);
INSERT INTO "guideline_versions" VALUES(2,1,NULL,'t','text of g2',NULL,NULL);
INSERT INTO "guideline_versions" VALUES(3,27,28,'t','Be kind to robots.','é001a',1772366400123456);
CREATE TABLE guidelines (
	guideline_key INTEGER NOT NULL, 
	source_key INTEGER NOT NULL, 
	guideline_id TEXT NOT NULL, 
	CONSTRAINT pk_guidelines PRIMARY KEY (guideline_key), 
	CONSTRAINT fk_guidelines_source_key FOREIGN KEY(source_key) REFERENCES sources (source_key)
);
INSERT INTO "guidelines" VALUES(1,1,'g1');
INSERT INTO "guidelines" VALUES(2,1,'g2');
INSERT INTO "guidelines" VALUES(3,2,'proposal-446e1c8a85a86e7d');
CREATE TABLE installation (
	database_id TEXT NOT NULL, 
	created_at BIGINT NOT NULL, 
	CONSTRAINT pk_installation PRIMARY KEY (database_id)
);
INSERT INTO "installation" VALUES('bf7fe0990cf34c6dbe225ff76517e1e5',1795907926835285);
CREATE TABLE invitations (
	invitation_id TEXT NOT NULL, 
	secret_hash BLOB NOT NULL, 
	role TEXT NOT NULL, 
	subject TEXT, 
	label TEXT, 
	uses_allowed INTEGER NOT NULL, 
	uses INTEGER NOT NULL, 
	created_at BIGINT NOT NULL, 
	expires_at BIGINT, 
	revoked_at BIGINT, 
	CONSTRAINT pk_invitations PRIMARY KEY (invitation_id)
);
INSERT INTO "invitations" VALUES('65ab167047c0092d',X'9F86D081884C7D659A2FEAA0C55AD015A3BF4F1B2B0B822CD15D6C15B0F00A08','auditor','é001a',NULL,1,1,1772366400123456,NULL,NULL);
CREATE TABLE labelaudit_schema (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT labelaudit_schema_pkc PRIMARY KEY (version_num)
);
INSERT INTO "labelaudit_schema" VALUES('0006');
CREATE TABLE labels (
	sequence INTEGER NOT NULL, 
	model_key INTEGER NOT NULL, 
	corpus_key INTEGER NOT NULL, 
	item_id BIGINT NOT NULL, 
	rating FLOAT, 
	labelled_at BIGINT NOT NULL, 
	recorded_change INTEGER NOT NULL, 
	CONSTRAINT pk_labels PRIMARY KEY (sequence), 
	CONSTRAINT fk_labels_corpus_key FOREIGN KEY(corpus_key) REFERENCES corpora (corpus_key), 
	CONSTRAINT fk_labels_model_key FOREIGN KEY(model_key) REFERENCES models (model_key), 
	CONSTRAINT fk_labels_recorded_change FOREIGN KEY(recorded_change) REFERENCES changes (sequence)
);
INSERT INTO "labels" VALUES(1,1,1,1,4.0,1772366400123456,14);
INSERT INTO "labels" VALUES(2,1,1,2,NULL,1772366400123456,14);
CREATE TABLE logged_constitutions (
	position INTEGER NOT NULL, 
	version TEXT NOT NULL, 
	created_at BIGINT NOT NULL, 
	rule TEXT NOT NULL, 
	counts TEXT NOT NULL, 
	recorded_change INTEGER NOT NULL, 
	CONSTRAINT pk_logged_constitutions PRIMARY KEY (position), 
	CONSTRAINT fk_logged_constitutions_recorded_change FOREIGN KEY(recorded_change) REFERENCES changes (sequence), 
	CONSTRAINT uq_logged_constitutions_version UNIQUE (version)
);
CREATE TABLE models (
	model_key INTEGER NOT NULL, 
	user_key INTEGER NOT NULL, 
	name TEXT NOT NULL, 
	kind TEXT NOT NULL, 
	base TEXT, 
	topic TEXT, 
	rater_group TEXT, 
	created_at BIGINT NOT NULL, 
	recorded_change INTEGER NOT NULL, 
	CONSTRAINT pk_models PRIMARY KEY (model_key), 
	CONSTRAINT ck_models_kind CHECK (kind IN ('base', 'topic', 'group')), 
	CONSTRAINT fk_models_recorded_change FOREIGN KEY(recorded_change) REFERENCES changes (sequence), 
	CONSTRAINT fk_models_user_key FOREIGN KEY(user_key) REFERENCES users (user_key)
);
INSERT INTO "models" VALUES(1,1,'m','base',NULL,NULL,NULL,1772366400123456,14);
CREATE TABLE participant_versions (
	participant_key INTEGER NOT NULL, 
	recorded_change INTEGER NOT NULL, 
	ended_change INTEGER, 
	demographics TEXT NOT NULL, 
	CONSTRAINT pk_participant_versions PRIMARY KEY (participant_key, recorded_change), 
	CONSTRAINT fk_participant_versions_ended_change FOREIGN KEY(ended_change) REFERENCES changes (sequence), 
	CONSTRAINT fk_participant_versions_participant_key FOREIGN KEY(participant_key) REFERENCES participants (participant_key), 
	CONSTRAINT fk_participant_versions_recorded_change FOREIGN KEY(recorded_change) REFERENCES changes (sequence)
)
 WITHOUT ROWID

;
INSERT INTO "participant_versions" VALUES(1,1,NULL,'{"group":"0"}');
INSERT INTO "participant_versions" VALUES(2,1,NULL,'{}');
INSERT INTO "participant_versions" VALUES(3,1,NULL,'{"group":"1"}');
CREATE TABLE participants (
	participant_key INTEGER NOT NULL, 
	source_key INTEGER, 
	participant_id TEXT NOT NULL, 
	CONSTRAINT pk_participants PRIMARY KEY (participant_key), 
	CONSTRAINT fk_participants_source_key FOREIGN KEY(source_key) REFERENCES sources (source_key)
);
INSERT INTO "participants" VALUES(1,1,'a');
INSERT INTO "participants" VALUES(2,1,'b');
INSERT INTO "participants" VALUES(3,1,'é001a');
CREATE TABLE payloads (
	payload_hash TEXT NOT NULL, 
	body BLOB NOT NULL, 
	CONSTRAINT pk_payloads PRIMARY KEY (payload_hash)
);
INSERT INTO "payloads" VALUES('f4a90ae3ee27de31b714976d8bcc912f4683d22bf3f876df1178c28329afb375',X'1F8B08000000000000035D8D4B0E83300C05EFE23542FCBA2857410885F829B254D22A212B94BB8359B4D09DE5197B3632D6E2B382279784F1128F4938523F90AB692CE8B7C6328359BC3BE8A6B41FAAB21DF3D511BF22E8C3AF5395DDCD88F61D70A1CF832E49A747412922FC75CC99693473D27BC1E8619DF30EBE73E801C8000000');
INSERT INTO "payloads" VALUES('118227cfc3fafabda18bf20a53ca30add5064e5cac43bb25d2cf8b41b06e8ac1',X'1F8B08000000000000035D8DDD0A83300C46DF25D722FE3198AF2222B5F92881D98DD65E49DF5DE3C5A6BB0B3927391B196BF159C1934BC27889C7241CA91FC8D53416F45B6399C12CDE1D7453DA0F55D98EF9EA885F11F4E1D7A9CAEE6644FB0EB8D0E74197A4D3A3A01411FE3AE6CC349A39E9BD60F4B0CE79076EE6ED85C8000000');
INSERT INTO "payloads" VALUES('fc3a50e454ab8f910b87d7c0589e114a1d0b73feb687a251cd100de1c1ac4ea4',X'1F8B0800000000000003AB562A49AD2851B252F254484C2F4A4DD553AA050059AAC6DF13000000');
CREATE TABLE proposal_decisions (
	proposal_key INTEGER NOT NULL, 
	recorded_change INTEGER NOT NULL, 
	ended_change INTEGER, 
	decision TEXT NOT NULL, 
	reason TEXT, 
	decided_by TEXT, 
	decided_at BIGINT NOT NULL, 
	guideline_key INTEGER, 
	CONSTRAINT pk_proposal_decisions PRIMARY KEY (proposal_key, recorded_change), 
	CONSTRAINT ck_proposal_decisions_decision CHECK (decision IN ('accepted', 'declined')), 
	CONSTRAINT fk_proposal_decisions_proposal_key FOREIGN KEY(proposal_key) REFERENCES proposals (proposal_key), 
	CONSTRAINT fk_proposal_decisions_guideline_key FOREIGN KEY(guideline_key) REFERENCES guidelines (guideline_key), 
	CONSTRAINT fk_proposal_decisions_recorded_change FOREIGN KEY(recorded_change) REFERENCES changes (sequence), 
	CONSTRAINT fk_proposal_decisions_ended_change FOREIGN KEY(ended_change) REFERENCES changes (sequence)
);
INSERT INTO "proposal_decisions" VALUES(1,27,28,'accepted',NULL,'token:x',1772366400123456,3);
INSERT INTO "proposal_decisions" VALUES(1,28,NULL,'declined','On second thought.',NULL,1772366400123456,3);
CREATE TABLE proposals (
	proposal_key INTEGER NOT NULL, 
	proposal_id TEXT NOT NULL, 
	proposer_id TEXT, 
	text TEXT NOT NULL, 
	topic_id TEXT, 
	proposed_at BIGINT NOT NULL, 
	recorded_change INTEGER NOT NULL, 
	CONSTRAINT pk_proposals PRIMARY KEY (proposal_key), 
	CONSTRAINT fk_proposals_recorded_change FOREIGN KEY(recorded_change) REFERENCES changes (sequence), 
	CONSTRAINT uq_proposals_proposal_id UNIQUE (proposal_id)
);
INSERT INTO "proposals" VALUES(1,'446e1c8a85a86e7d','é001a','Be kind to robots.','t',1772366400123456,26);
INSERT INTO "proposals" VALUES(2,'69c8a1d79ed2eb62','é001a','Be brief.',NULL,1772366400123456,29);
CREATE TABLE publications (
	sequence INTEGER NOT NULL, 
	target TEXT NOT NULL, 
	payload_hash TEXT NOT NULL, 
	idempotency_key TEXT NOT NULL, 
	state TEXT NOT NULL, 
	created_at BIGINT NOT NULL, 
	held_because TEXT, 
	approved_by TEXT, 
	approved_at BIGINT, 
	approved_why TEXT, 
	begun_at BIGINT, 
	finished_at BIGINT, 
	receipt TEXT, declined_by TEXT, declined_at BIGINT, declined_why TEXT, 
	CONSTRAINT pk_publications PRIMARY KEY (sequence), 
	CONSTRAINT ck_publications_state CHECK (state IN ('held', 'begun', 'sent', 'withdrawn')), 
	CONSTRAINT fk_publications_payload_hash FOREIGN KEY(payload_hash) REFERENCES payloads (payload_hash), 
	CONSTRAINT uq_publications_idempotency_key UNIQUE (idempotency_key)
);
INSERT INTO "publications" VALUES(1,'embedded','f4a90ae3ee27de31b714976d8bcc912f4683d22bf3f876df1178c28329afb375','1-f4a90ae3ee27de31b714976d8bcc912f4683d22bf3f876df1178c28329afb375-bf7fe0990cf3','sent',1772366400123456,NULL,NULL,NULL,NULL,1772366400123456,1772366400123456,'{"success":true}',NULL,NULL,NULL);
INSERT INTO "publications" VALUES(2,'embedded','118227cfc3fafabda18bf20a53ca30add5064e5cac43bb25d2cf8b41b06e8ac1','2-118227cfc3fafabda18bf20a53ca30add5064e5cac43bb25d2cf8b41b06e8ac1-bf7fe0990cf3','held',1772366400123456,'["too many changes"]',NULL,NULL,NULL,NULL,NULL,NULL,'token:x',1772366400123456,'Too soon.');
CREATE TABLE quarantine (
	source_key INTEGER NOT NULL, 
	position INTEGER NOT NULL, 
	table_name TEXT NOT NULL, 
	row_number BIGINT NOT NULL, 
	reason TEXT NOT NULL, 
	raw TEXT NOT NULL, 
	CONSTRAINT pk_quarantine PRIMARY KEY (source_key, position), 
	CONSTRAINT fk_quarantine_source_key FOREIGN KEY(source_key) REFERENCES sources (source_key)
);
INSERT INTO "quarantine" VALUES(1,0,'guideline_ratings',4,'superseded','{"a": 1}');
CREATE TABLE rater_versions (
	rater_key INTEGER NOT NULL, 
	recorded_change INTEGER NOT NULL, 
	ended_change INTEGER, 
	demographics TEXT NOT NULL, 
	CONSTRAINT pk_rater_versions PRIMARY KEY (rater_key, recorded_change), 
	CONSTRAINT fk_rater_versions_ended_change FOREIGN KEY(ended_change) REFERENCES changes (sequence), 
	CONSTRAINT fk_rater_versions_rater_key FOREIGN KEY(rater_key) REFERENCES raters (rater_key), 
	CONSTRAINT fk_rater_versions_recorded_change FOREIGN KEY(recorded_change) REFERENCES changes (sequence)
)
 WITHOUT ROWID

;
INSERT INTO "rater_versions" VALUES(1,13,NULL,'{"gender":"Female"}');
CREATE TABLE raters (
	rater_key INTEGER NOT NULL, 
	corpus_key INTEGER NOT NULL, 
	rater_id TEXT NOT NULL, 
	CONSTRAINT pk_raters PRIMARY KEY (rater_key), 
	CONSTRAINT fk_raters_corpus_key FOREIGN KEY(corpus_key) REFERENCES corpora (corpus_key)
);
INSERT INTO "raters" VALUES(1,1,'r');
CREATE TABLE rating_tags (
	participant_key INTEGER NOT NULL, 
	guideline_key INTEGER NOT NULL, 
	recorded_change INTEGER NOT NULL, 
	ended_change INTEGER, 
	tags TEXT NOT NULL, 
	CONSTRAINT pk_rating_tags PRIMARY KEY (participant_key, guideline_key, recorded_change), 
	CONSTRAINT fk_rating_tags_recorded_change FOREIGN KEY(recorded_change) REFERENCES changes (sequence), 
	CONSTRAINT fk_rating_tags_ended_change FOREIGN KEY(ended_change) REFERENCES changes (sequence)
);
INSERT INTO "rating_tags" VALUES(1,1,22,NULL,'["unclear"]');
CREATE TABLE rating_withdrawals (
	participant_key INTEGER NOT NULL, 
	guideline_key INTEGER NOT NULL, 
	recorded_change INTEGER NOT NULL, 
	ended_change INTEGER, 
	withdrawn_at BIGINT NOT NULL, 
	CONSTRAINT pk_rating_withdrawals PRIMARY KEY (participant_key, guideline_key, recorded_change), 
	CONSTRAINT fk_rating_withdrawals_recorded_change FOREIGN KEY(recorded_change) REFERENCES changes (sequence), 
	CONSTRAINT fk_rating_withdrawals_ended_change FOREIGN KEY(ended_change) REFERENCES changes (sequence)
);
INSERT INTO "rating_withdrawals" VALUES(2,2,24,NULL,1772366400123456);
CREATE TABLE ratings (
	participant_key INTEGER NOT NULL, 
	guideline_key INTEGER NOT NULL, 
	recorded_change INTEGER NOT NULL, 
	ended_change INTEGER, 
	helpful BOOLEAN NOT NULL, 
	rated_at BIGINT, 
	source_key INTEGER, 
	CONSTRAINT pk_ratings PRIMARY KEY (participant_key, guideline_key, recorded_change)
)
 WITHOUT ROWID

;
INSERT INTO "ratings" VALUES(1,1,1,2,1,NULL,1);
INSERT INTO "ratings" VALUES(1,1,2,NULL,0,1772366400123456,NULL);
INSERT INTO "ratings" VALUES(2,1,1,NULL,1,NULL,1);
INSERT INTO "ratings" VALUES(2,2,23,24,1,1772366400123456,NULL);
INSERT INTO "ratings" VALUES(3,2,1,NULL,1,NULL,1);
CREATE TABLE received_constitutions (
	sequence INTEGER NOT NULL, 
	idempotency_key TEXT, 
	payload_hash TEXT NOT NULL, 
	received_at BIGINT NOT NULL, 
	recorded_change INTEGER NOT NULL, 
	CONSTRAINT pk_received_constitutions PRIMARY KEY (sequence), 
	CONSTRAINT fk_received_constitutions_payload_hash FOREIGN KEY(payload_hash) REFERENCES payloads (payload_hash), 
	CONSTRAINT fk_received_constitutions_recorded_change FOREIGN KEY(recorded_change) REFERENCES changes (sequence), 
	CONSTRAINT uq_received_constitutions_idempotency_key UNIQUE (idempotency_key)
);
INSERT INTO "received_constitutions" VALUES(1,'key','f4a90ae3ee27de31b714976d8bcc912f4683d22bf3f876df1178c28329afb375',1772366400123456,3);
CREATE TABLE received_demographics (
	sequence INTEGER NOT NULL, 
	study_id TEXT NOT NULL, 
	content_hash TEXT NOT NULL, 
	row_count INTEGER NOT NULL, 
	rows TEXT NOT NULL, 
	received_at BIGINT NOT NULL, 
	recorded_change INTEGER NOT NULL, 
	CONSTRAINT pk_received_demographics PRIMARY KEY (sequence), 
	CONSTRAINT fk_received_demographics_recorded_change FOREIGN KEY(recorded_change) REFERENCES changes (sequence)
);
INSERT INTO "received_demographics" VALUES(1,'empty','eda9eca4c570abfbef83a18bf980b82a2fc695c64ff34854fc129e7b06f128c0',0,'[]',1772366400123456,4);
INSERT INTO "received_demographics" VALUES(2,'study','addfafe2e62b753a7bd9fc56ed41c85bd9a7efa5b2faef78b158ad8404c9f114',1,'[{"Age":"35-44","Participant id":"a","Sex":null}]',1772366400123456,4);
CREATE TABLE report_versions (
	report_key INTEGER NOT NULL, 
	version INTEGER NOT NULL, 
	recorded_change INTEGER NOT NULL, 
	ended_change INTEGER, 
	document TEXT NOT NULL, 
	saved_at BIGINT NOT NULL, 
	CONSTRAINT pk_report_versions PRIMARY KEY (report_key, version), 
	CONSTRAINT fk_report_versions_ended_change FOREIGN KEY(ended_change) REFERENCES changes (sequence), 
	CONSTRAINT fk_report_versions_recorded_change FOREIGN KEY(recorded_change) REFERENCES changes (sequence), 
	CONSTRAINT fk_report_versions_report_key FOREIGN KEY(report_key) REFERENCES reports (report_key)
);
INSERT INTO "report_versions" VALUES(1,1,16,NULL,'{"title":"t"}',1772366400123456);
CREATE TABLE reports (
	report_key INTEGER NOT NULL, 
	report_id TEXT NOT NULL, 
	user_key INTEGER NOT NULL, 
	model TEXT NOT NULL, 
	position INTEGER NOT NULL, 
	created_at BIGINT NOT NULL, 
	recorded_change INTEGER NOT NULL, 
	CONSTRAINT pk_reports PRIMARY KEY (report_key), 
	CONSTRAINT fk_reports_recorded_change FOREIGN KEY(recorded_change) REFERENCES changes (sequence), 
	CONSTRAINT fk_reports_user_key FOREIGN KEY(user_key) REFERENCES users (user_key), 
	CONSTRAINT uq_reports_report_id UNIQUE (report_id)
);
INSERT INTO "reports" VALUES(1,'8e0bc290cc8e3b52',1,'m',0,1772366400123456,16);
CREATE TABLE sessions (
	session_id TEXT NOT NULL, 
	secret_hash BLOB NOT NULL, 
	role TEXT NOT NULL, 
	subject TEXT, 
	invitation_id TEXT NOT NULL, 
	created_at BIGINT NOT NULL, 
	expires_at BIGINT NOT NULL, 
	revoked_at BIGINT, 
	CONSTRAINT pk_sessions PRIMARY KEY (session_id), 
	CONSTRAINT fk_sessions_invitation_id FOREIGN KEY(invitation_id) REFERENCES invitations (invitation_id)
);
INSERT INTO "sessions" VALUES('f9d630333780be4e',X'9F86D081884C7D659A2FEAA0C55AD015A3BF4F1B2B0B822CD15D6C15B0F00A08','auditor','é001a','65ab167047c0092d',1772366400123456,1774958400123456,NULL);
CREATE TABLE sources (
	source_key INTEGER NOT NULL, 
	kind TEXT NOT NULL, 
	name TEXT, 
	prefix TEXT NOT NULL, 
	fingerprint TEXT NOT NULL, 
	imported_at BIGINT NOT NULL, 
	counts TEXT NOT NULL, 
	warnings TEXT NOT NULL, 
	published_hash TEXT, 
	recorded_change INTEGER NOT NULL, 
	ended_change INTEGER, 
	CONSTRAINT pk_sources PRIMARY KEY (source_key), 
	CONSTRAINT fk_sources_ended_change FOREIGN KEY(ended_change) REFERENCES changes (sequence), 
	CONSTRAINT fk_sources_published_hash FOREIGN KEY(published_hash) REFERENCES payloads (payload_hash), 
	CONSTRAINT fk_sources_recorded_change FOREIGN KEY(recorded_change) REFERENCES changes (sequence)
);
INSERT INTO "sources" VALUES(1,'polis','https://pol.is/first','','1e03742445fda253f864a94f4f7afda5',1772366400123456,'{"guideline_ratings":{"rows_in":4,"rows_kept":3,"rows_passed":0,"rows_quarantined":1},"guidelines":{"rows_in":2,"rows_kept":2,"rows_passed":0,"rows_quarantined":0},"participants":{"rows_in":3,"rows_kept":3,"rows_passed":0,"rows_quarantined":0},"topics":{"rows_in":1,"rows_kept":1,"rows_passed":0,"rows_quarantined":0}}','{}',NULL,1,NULL);
INSERT INTO "sources" VALUES(2,'here',NULL,'','',1772366400123456,'{}','{}',NULL,27,NULL);
CREATE TABLE status_log (
	sequence INTEGER NOT NULL, 
	position INTEGER NOT NULL, 
	guideline_id TEXT NOT NULL, 
	text TEXT NOT NULL, 
	status_before TEXT, 
	status TEXT NOT NULL, 
	decided_by TEXT, 
	margin FLOAT, 
	sentence TEXT NOT NULL, 
	"before" TEXT, 
	"after" TEXT, 
	CONSTRAINT pk_status_log PRIMARY KEY (sequence), 
	CONSTRAINT ck_status_log_status CHECK (status IN ('accepted', 'undecided', 'rejected', 'too_few_ratings', 'removed')), 
	CONSTRAINT fk_status_log_position FOREIGN KEY(position) REFERENCES logged_constitutions (position)
);
CREATE TABLE submissions (
	sequence INTEGER NOT NULL, 
	user_key INTEGER NOT NULL, 
	target TEXT NOT NULL, 
	report_ids TEXT NOT NULL, 
	document TEXT NOT NULL, 
	succeeded BOOLEAN NOT NULL, 
	receipt TEXT, 
	submitted_at BIGINT NOT NULL, 
	recorded_change INTEGER NOT NULL, 
	CONSTRAINT pk_submissions PRIMARY KEY (sequence), 
	CONSTRAINT fk_submissions_recorded_change FOREIGN KEY(recorded_change) REFERENCES changes (sequence), 
	CONSTRAINT fk_submissions_user_key FOREIGN KEY(user_key) REFERENCES users (user_key)
);
INSERT INTO "submissions" VALUES(1,1,'https://avid.example','["8e0bc290cc8e3b52"]','{}',0,'{"status":503}',1772366400123456,17);
CREATE TABLE system_ratings (
	item_id BIGINT NOT NULL, 
	recorded_change INTEGER NOT NULL, 
	ended_change INTEGER, 
	system_rating FLOAT NOT NULL, 
	CONSTRAINT pk_system_ratings PRIMARY KEY (item_id, recorded_change)
)
 WITHOUT ROWID

;
INSERT INTO "system_ratings" VALUES(1,13,NULL,3.5);
CREATE TABLE tokens (
	token_id TEXT NOT NULL, 
	secret_hash BLOB NOT NULL, 
	role TEXT NOT NULL, 
	subject TEXT, 
	label TEXT, 
	created_at BIGINT NOT NULL, 
	expires_at BIGINT, 
	revoked_at BIGINT, 
	CONSTRAINT pk_tokens PRIMARY KEY (token_id)
);
INSERT INTO "tokens" VALUES('3b4a4e38a4c3a006',X'9F86D081884C7D659A2FEAA0C55AD015A3BF4F1B2B0B822CD15D6C15B0F00A08','operator',NULL,NULL,1772366400123456,NULL,NULL);
CREATE TABLE topics (
	source_key INTEGER NOT NULL, 
	topic_id TEXT NOT NULL, 
	recorded_change INTEGER NOT NULL, 
	ended_change INTEGER, 
	title TEXT NOT NULL, 
	parent_id TEXT, 
	CONSTRAINT pk_topics PRIMARY KEY (source_key, topic_id, recorded_change), 
	CONSTRAINT fk_topics_ended_change FOREIGN KEY(ended_change) REFERENCES changes (sequence), 
	CONSTRAINT fk_topics_recorded_change FOREIGN KEY(recorded_change) REFERENCES changes (sequence), 
	CONSTRAINT fk_topics_source_key FOREIGN KEY(source_key) REFERENCES sources (source_key)
);
INSERT INTO "topics" VALUES(1,'t',1,NULL,'Topic',NULL);
CREATE TABLE trainings (
	model_key INTEGER NOT NULL, 
	version INTEGER NOT NULL, 
	label_sequence INTEGER NOT NULL, 
	n_labels INTEGER NOT NULL, 
	label_hash TEXT NOT NULL, 
	trained_at BIGINT NOT NULL, 
	recorded_change INTEGER NOT NULL, 
	CONSTRAINT pk_trainings PRIMARY KEY (model_key, version), 
	CONSTRAINT fk_trainings_model_key FOREIGN KEY(model_key) REFERENCES models (model_key), 
	CONSTRAINT fk_trainings_recorded_change FOREIGN KEY(recorded_change) REFERENCES changes (sequence)
);
INSERT INTO "trainings" VALUES(1,0,2,1,'e53780522d1f363a7a452e65830266d8122b2af708e816fec5587f35ea2f0de2',1772366400123456,15);
CREATE TABLE users (
	user_key INTEGER NOT NULL, 
	user_id TEXT NOT NULL, 
	created_at BIGINT NOT NULL, 
	recorded_change INTEGER NOT NULL, 
	CONSTRAINT pk_users PRIMARY KEY (user_key), 
	CONSTRAINT fk_users_recorded_change FOREIGN KEY(recorded_change) REFERENCES changes (sequence), 
	CONSTRAINT uq_users_user_id UNIQUE (user_id)
);
INSERT INTO "users" VALUES(1,'é001a',1772366400123456,14);
CREATE INDEX ix_publications_target ON publications (target, sequence);
CREATE INDEX ix_received_demographics_study ON received_demographics (study_id, sequence);
CREATE UNIQUE INDEX uq_guidelines_source ON guidelines (guideline_id, source_key);
CREATE UNIQUE INDEX uq_participants_here ON participants (participant_id) WHERE source_key IS NULL;
CREATE UNIQUE INDEX uq_participants_source ON participants (participant_id, source_key);
CREATE UNIQUE INDEX uq_topics_current ON topics (source_key, topic_id) WHERE ended_change IS NULL;
CREATE UNIQUE INDEX uq_guideline_versions_current ON guideline_versions (guideline_key) WHERE ended_change IS NULL;
CREATE UNIQUE INDEX uq_participant_versions_current ON participant_versions (participant_key) WHERE ended_change IS NULL;
CREATE UNIQUE INDEX uq_ratings_current ON ratings (participant_key, guideline_key) WHERE ended_change IS NULL;
CREATE UNIQUE INDEX uq_comment_ratings_current ON comment_ratings (rater_key, item_id) WHERE ended_change IS NULL;
CREATE UNIQUE INDEX uq_system_ratings_current ON system_ratings (item_id) WHERE ended_change IS NULL;
CREATE INDEX ix_sessions_invitation ON sessions (invitation_id);
CREATE INDEX ix_comments_source ON comments (source_item_id) WHERE ended_change IS NULL;
CREATE INDEX ix_comments_text ON comments (text_hash, item_id) WHERE ended_change IS NULL;
CREATE UNIQUE INDEX uq_comments_current ON comments (item_id) WHERE ended_change IS NULL;
CREATE UNIQUE INDEX uq_models_user ON models (user_key, name);
CREATE UNIQUE INDEX uq_raters_corpus ON raters (rater_id, corpus_key);
CREATE INDEX ix_reports_user ON reports (user_key, model);
CREATE INDEX ix_submissions_user ON submissions (user_key, sequence);
CREATE INDEX ix_labels_model ON labels (model_key, corpus_key, item_id, sequence);
CREATE UNIQUE INDEX uq_rater_versions_current ON rater_versions (rater_key) WHERE ended_change IS NULL;
CREATE INDEX ix_proposals_proposer ON proposals (proposer_id, proposal_key);
CREATE UNIQUE INDEX uq_proposal_decisions_current ON proposal_decisions (proposal_key) WHERE ended_change IS NULL;
CREATE UNIQUE INDEX ix_consents_participant ON consents (participant_id, text_version);
CREATE UNIQUE INDEX uq_rating_tags_current ON rating_tags (participant_key, guideline_key) WHERE ended_change IS NULL;
CREATE UNIQUE INDEX uq_rating_withdrawals_current ON rating_withdrawals (participant_key, guideline_key) WHERE ended_change IS NULL;
CREATE INDEX ix_demographics_sendings_study ON demographics_sendings (study_id, sequence);
CREATE INDEX ix_status_log_guideline ON status_log (guideline_id, sequence);
CREATE INDEX ix_status_log_position ON status_log (position);
COMMIT;
