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
INSERT INTO "changes" VALUES(4,1772366400123456,'demographics_received','bca35ec15814d2815d1a38cff9d50ad098853d01bb2bb1d535dd1bf776d24129',0,0,0);
INSERT INTO "changes" VALUES(5,1772366400123456,'publication_begun','1',0,0,0);
INSERT INTO "changes" VALUES(6,1772366400123456,'publication_finished','1',0,0,0);
INSERT INTO "changes" VALUES(7,1772366400123456,'publication_held','2',0,0,0);
INSERT INTO "changes" VALUES(8,1772366400123456,'token_created','df9272287c9cb429',0,0,0);
CREATE TABLE demographics_keys (
	idempotency_key TEXT NOT NULL, 
	content_hash TEXT NOT NULL, 
	received_at BIGINT NOT NULL, 
	recorded_change INTEGER NOT NULL, 
	CONSTRAINT pk_demographics_keys PRIMARY KEY (idempotency_key), 
	CONSTRAINT fk_demographics_keys_recorded_change FOREIGN KEY(recorded_change) REFERENCES changes (sequence)
);
INSERT INTO "demographics_keys" VALUES('key','bca35ec15814d2815d1a38cff9d50ad098853d01bb2bb1d535dd1bf776d24129',1772366400123456,4);
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
CREATE TABLE guidelines (
	guideline_key INTEGER NOT NULL, 
	source_key INTEGER NOT NULL, 
	guideline_id TEXT NOT NULL, 
	CONSTRAINT pk_guidelines PRIMARY KEY (guideline_key), 
	CONSTRAINT fk_guidelines_source_key FOREIGN KEY(source_key) REFERENCES sources (source_key)
);
INSERT INTO "guidelines" VALUES(1,1,'g1');
INSERT INTO "guidelines" VALUES(2,1,'g2');
CREATE TABLE installation (
	database_id TEXT NOT NULL, 
	created_at BIGINT NOT NULL, 
	CONSTRAINT pk_installation PRIMARY KEY (database_id)
);
INSERT INTO "installation" VALUES('2297a0c45bfe43af8141f7db75f242e2',1795380222005881);
CREATE TABLE labelaudit_schema (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT labelaudit_schema_pkc PRIMARY KEY (version_num)
);
INSERT INTO "labelaudit_schema" VALUES('0001');
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
	receipt TEXT, 
	CONSTRAINT pk_publications PRIMARY KEY (sequence), 
	CONSTRAINT ck_publications_state CHECK (state IN ('held', 'begun', 'sent', 'withdrawn')), 
	CONSTRAINT fk_publications_payload_hash FOREIGN KEY(payload_hash) REFERENCES payloads (payload_hash), 
	CONSTRAINT uq_publications_idempotency_key UNIQUE (idempotency_key)
);
INSERT INTO "publications" VALUES(1,'embedded','f4a90ae3ee27de31b714976d8bcc912f4683d22bf3f876df1178c28329afb375','1-f4a90ae3ee27de31b714976d8bcc912f4683d22bf3f876df1178c28329afb375-2297a0c45bfe','sent',1772366400123456,NULL,NULL,NULL,NULL,1772366400123456,1772366400123456,'{"success":true}');
INSERT INTO "publications" VALUES(2,'embedded','118227cfc3fafabda18bf20a53ca30add5064e5cac43bb25d2cf8b41b06e8ac1','2-118227cfc3fafabda18bf20a53ca30add5064e5cac43bb25d2cf8b41b06e8ac1-2297a0c45bfe','held',1772366400123456,'["too many changes"]',NULL,NULL,NULL,NULL,NULL,NULL);
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
INSERT INTO "received_demographics" VALUES(2,'study','3f8b837c2e2a0394ee3f35a653361a707a52a027b6d0d0f1efd230e242deb3b5',1,'[{"Age":"44","Participant id":"a","Sex":null}]',1772366400123456,4);
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
INSERT INTO "tokens" VALUES('df9272287c9cb429',X'9F86D081884C7D659A2FEAA0C55AD015A3BF4F1B2B0B822CD15D6C15B0F00A08','operator',NULL,NULL,1772366400123456,NULL,NULL);
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
CREATE INDEX ix_publications_target ON publications (target, sequence);
CREATE INDEX ix_received_demographics_study ON received_demographics (study_id, sequence);
CREATE UNIQUE INDEX uq_guidelines_source ON guidelines (guideline_id, source_key);
CREATE UNIQUE INDEX uq_participants_here ON participants (participant_id) WHERE source_key IS NULL;
CREATE UNIQUE INDEX uq_participants_source ON participants (participant_id, source_key);
CREATE UNIQUE INDEX uq_topics_current ON topics (source_key, topic_id) WHERE ended_change IS NULL;
CREATE UNIQUE INDEX uq_guideline_versions_current ON guideline_versions (guideline_key) WHERE ended_change IS NULL;
CREATE UNIQUE INDEX uq_participant_versions_current ON participant_versions (participant_key) WHERE ended_change IS NULL;
CREATE UNIQUE INDEX uq_ratings_current ON ratings (participant_key, guideline_key) WHERE ended_change IS NULL;
COMMIT;
