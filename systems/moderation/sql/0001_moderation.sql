-- The house's rules, as everybody may read them; what was reported under a rule keeps it, so a rule is retired and never deleted.
CREATE TABLE moderation_rules (
  id bigint PRIMARY KEY,
  place smallint NOT NULL CHECK (place BETWEEN 0 AND 1000),
  title text NOT NULL CHECK (char_length(title) BETWEEN 1 AND 80),
  text text NOT NULL CHECK (char_length(text) <= 600),
  changed_at timestamptz NOT NULL,
  changed_by bigint,
  retired_at timestamptz
);
INSERT INTO moderation_rules (id, place, title, text, changed_at) VALUES
  (1, 10, 'No spam', 'Do not sell, lure or repeat yourself where nobody asked for it, and do not do so by many accounts.', now()),
  (2, 20, 'No harassment', 'Do not insult, threaten, follow about or gang up on anybody.', now()),
  (3, 30, 'No hatred', 'Do not attack people for what they are: origin, skin, faith, sex, whom they love, body or mind.', now()),
  (4, 40, 'No violence', 'Do not call for it, plan it or glory in it.', now()),
  (5, 50, 'Nudity and gore behind a warning', 'What others may not want to see at work or with children is marked as sensitive.', now()),
  (6, 60, 'Keep private things private', 'Do not tell where somebody lives, works or sleeps, and do not show pictures that were not yours to show.', now()),
  (7, 70, 'Nothing unlawful', 'What the law forbids where this house stands is not for here.', now()),
  (8, 80, 'Something else', 'Say in your own words what is wrong.', now());

-- One open case for each thing that was reported, or that a moderator looked into by themselves.
CREATE TABLE moderation_cases (
  id bigint PRIMARY KEY,
  subject_kind text NOT NULL CHECK (subject_kind IN ('post', 'comment', 'person', 'video')),
  subject_id bigint NOT NULL,
  -- Whose it is, and where it stands.
  person_id bigint NOT NULL,
  space_id bigint,
  opened_at timestamptz NOT NULL,
  -- A moderator who opened it without a report.
  opened_by bigint,
  reports integer NOT NULL DEFAULT 0 CHECK (reports >= 0),
  claimed_by bigint,
  claimed_at timestamptz,
  closed_at timestamptz,
  closed_by bigint,
  outcome text CHECK (outcome IN ('acted', 'no_breach')),
  -- What reporters are told.
  answer text NOT NULL DEFAULT '' CHECK (char_length(answer) <= 1000),
  CHECK ((claimed_by IS NULL) = (claimed_at IS NULL)),
  CHECK ((closed_at IS NULL) = (outcome IS NULL)),
  CHECK ((closed_at IS NULL) = (closed_by IS NULL))
);
CREATE UNIQUE INDEX moderation_cases_open ON moderation_cases (subject_kind, subject_id) WHERE closed_at IS NULL;
CREATE INDEX moderation_cases_queue ON moderation_cases (id) WHERE closed_at IS NULL;
CREATE INDEX moderation_cases_space_queue ON moderation_cases (space_id, id) WHERE space_id IS NOT NULL;
CREATE INDEX moderation_cases_closed ON moderation_cases (id DESC) WHERE closed_at IS NOT NULL;
CREATE INDEX moderation_cases_of_person ON moderation_cases (person_id, id DESC);

CREATE TABLE moderation_reports (
  id bigint PRIMARY KEY,
  case_id bigint NOT NULL REFERENCES moderation_cases (id),
  reporter_id bigint NOT NULL,
  rule_id bigint NOT NULL REFERENCES moderation_rules (id),
  words text NOT NULL CHECK (char_length(words) <= 1000),
  at timestamptz NOT NULL,
  UNIQUE (case_id, reporter_id)
);
CREATE INDEX moderation_reports_by_reporter ON moderation_reports (reporter_id, id DESC);
CREATE INDEX moderation_reports_by_time ON moderation_reports (at);

-- What stood there when it was reported; editing or deleting it takes nothing away here.
CREATE TABLE moderation_snapshots (
  id bigint PRIMARY KEY,
  case_id bigint NOT NULL REFERENCES moderation_cases (id),
  at timestamptz NOT NULL,
  hash bytea NOT NULL CHECK (octet_length(hash) = 32),
  content jsonb NOT NULL CHECK (octet_length(content::text) <= 65536),
  UNIQUE (case_id, hash)
);

CREATE TABLE moderation_notes (
  id bigint PRIMARY KEY,
  case_id bigint NOT NULL REFERENCES moderation_cases (id),
  by_id bigint NOT NULL,
  at timestamptz NOT NULL,
  words text NOT NULL CHECK (char_length(words) BETWEEN 1 AND 2000)
);
CREATE INDEX moderation_notes_of_case ON moderation_notes (case_id, id);

-- What was done, by whom, when and why. Taking it back is a row of its own.
CREATE TABLE moderation_acts (
  id bigint PRIMARY KEY,
  case_id bigint REFERENCES moderation_cases (id),
  kind text NOT NULL CHECK (kind IN ('hide', 'sensitive', 'warn', 'limit', 'suspend', 'remove_from_space')),
  subject_kind text NOT NULL CHECK (subject_kind IN ('post', 'comment', 'person', 'video')),
  subject_id bigint NOT NULL,
  person_id bigint NOT NULL,
  space_id bigint,
  -- By whose power: the house's officers, or those of the space.
  power text NOT NULL CHECK (power IN ('house', 'space')),
  -- Null where the house did it by itself.
  by_id bigint,
  at timestamptz NOT NULL,
  rule_id bigint REFERENCES moderation_rules (id),
  -- For the person whom it concerns.
  words text NOT NULL CHECK (char_length(words) <= 1000),
  snapshot_id bigint REFERENCES moderation_snapshots (id),
  ends_at timestamptz,
  -- What is needed to take it back: where a post stood, what it was marked as.
  before jsonb NOT NULL DEFAULT '{}' CHECK (octet_length(before::text) <= 4096),
  reverses bigint UNIQUE REFERENCES moderation_acts (id)
);
CREATE INDEX moderation_acts_of_person ON moderation_acts (person_id, id DESC);
CREATE INDEX moderation_acts_of_case ON moderation_acts (case_id, id);
CREATE INDEX moderation_acts_of_subject ON moderation_acts (subject_kind, subject_id, id DESC);
CREATE INDEX moderation_acts_by_time ON moderation_acts (at);

-- Acts that end by themselves, until they have.
CREATE TABLE moderation_ends (
  act_id bigint PRIMARY KEY REFERENCES moderation_acts (id),
  ends_at timestamptz NOT NULL
);
CREATE INDEX moderation_ends_in_order ON moderation_ends (ends_at);

CREATE TABLE moderation_acknowledgements (
  act_id bigint PRIMARY KEY REFERENCES moderation_acts (id),
  at timestamptz NOT NULL
);

CREATE TABLE moderation_appeals (
  id bigint PRIMARY KEY,
  act_id bigint NOT NULL UNIQUE REFERENCES moderation_acts (id),
  person_id bigint NOT NULL,
  words text NOT NULL CHECK (char_length(words) BETWEEN 1 AND 2000),
  at timestamptz NOT NULL,
  decided_at timestamptz,
  decided_by bigint,
  decision text CHECK (decision IN ('upheld', 'overturned')),
  answer text NOT NULL DEFAULT '' CHECK (char_length(answer) <= 1000),
  CHECK ((decided_at IS NULL) = (decision IS NULL)),
  CHECK ((decided_at IS NULL) = (decided_by IS NULL))
);
CREATE INDEX moderation_appeals_waiting ON moderation_appeals (id) WHERE decided_at IS NULL;

-- What was done in the house's name. Each row carries the hash of the one before, so that a row that was changed, taken
-- out or put in between shows, whoever has the database; the trigger keeps honest software from doing so by mistake.
CREATE TABLE moderation_audit (
  seq bigint PRIMARY KEY CHECK (seq > 0),
  at timestamptz NOT NULL,
  -- Null: the house itself.
  by_id bigint,
  what text NOT NULL CHECK (char_length(what) BETWEEN 1 AND 60),
  person_id bigint,
  space_id bigint,
  subject_kind text,
  subject_id bigint,
  -- Exactly the bytes that were hashed; the columns before are for looking things up.
  entry text NOT NULL CHECK (octet_length(entry) <= 16384),
  hash bytea NOT NULL CHECK (octet_length(hash) = 32)
);
CREATE INDEX moderation_audit_by ON moderation_audit (by_id, seq DESC);
CREATE INDEX moderation_audit_person ON moderation_audit (person_id, seq DESC) WHERE person_id IS NOT NULL;
CREATE INDEX moderation_audit_what ON moderation_audit (what, seq DESC);

CREATE TABLE moderation_audit_head (
  one boolean PRIMARY KEY DEFAULT true CHECK (one),
  seq bigint NOT NULL,
  hash bytea NOT NULL
);
INSERT INTO moderation_audit_head (seq, hash) VALUES (0, decode(repeat('00', 32), 'hex'));

CREATE FUNCTION moderation_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER moderation_audit_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON moderation_audit
  FOR EACH STATEMENT EXECUTE FUNCTION moderation_append_only();
CREATE TRIGGER moderation_acts_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON moderation_acts
  FOR EACH STATEMENT EXECUTE FUNCTION moderation_append_only();
CREATE TRIGGER moderation_snapshots_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON moderation_snapshots
  FOR EACH STATEMENT EXECUTE FUNCTION moderation_append_only();

-- A shield's step, for all nodes and over restarts. `held` is an admin's word.
CREATE TABLE moderation_shields (
  kind text PRIMARY KEY CHECK (kind IN ('sign_up', 'posting', 'uploading')),
  step smallint NOT NULL DEFAULT 0 CHECK (step BETWEEN 0 AND 3),
  since timestamptz NOT NULL,
  -- Events an hour that are usual here, learned slowly and only while nothing is wrong.
  normal_per_h double precision NOT NULL CHECK (normal_per_h >= 0),
  -- When it was last over what its step allows; it goes down only long after.
  hot_at timestamptz,
  learned_at timestamptz NOT NULL,
  held boolean NOT NULL DEFAULT false,
  held_by bigint,
  because text NOT NULL DEFAULT '' CHECK (char_length(because) <= 300)
);
INSERT INTO moderation_shields (kind, since, learned_at, normal_per_h)
  VALUES ('sign_up', now(), now(), 0), ('posting', now(), now(), 0), ('uploading', now(), now(), 0);

CREATE TABLE moderation_shield_minutes (
  kind text NOT NULL,
  minute timestamptz NOT NULL,
  events integer NOT NULL CHECK (events >= 0),
  PRIMARY KEY (kind, minute)
);
