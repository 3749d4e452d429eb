-- Where notifications reach people beside the page: live, by web push, by mail; and what each person wants of it.

-- What an act of another system is about ("chat:184"), and its place in there, so that what was read there is settled here.
ALTER TABLE notify_items
  ADD COLUMN thing text CHECK (char_length(thing) BETWEEN 1 AND 120),
  ADD COLUMN thing_seq bigint CHECK (thing_seq >= 0);
-- Up to here mail has told.
ALTER TABLE notify_inboxes ADD COLUMN mailed_seq bigint NOT NULL DEFAULT 0 CHECK (mailed_seq BETWEEN 0 AND last_seq);

-- Only what somebody chose otherwise than the house proposes.
CREATE TABLE notify_switches (
  person_id bigint NOT NULL,
  kind text NOT NULL CHECK (char_length(kind) BETWEEN 1 AND 40),
  channel text NOT NULL CHECK (channel IN ('inbox', 'push', 'email')),
  is_on boolean NOT NULL,
  at timestamptz NOT NULL,
  PRIMARY KEY (person_id, kind, channel)
);

CREATE TABLE notify_settings (
  person_id bigint PRIMARY KEY,
  time_zone text NOT NULL CHECK (char_length(time_zone) BETWEEN 1 AND 64),
  -- Minutes since midnight on the person's own clock; from after to goes over midnight.
  quiet_from_min smallint CHECK (quiet_from_min BETWEEN 0 AND 1439),
  quiet_to_min smallint CHECK (quiet_to_min BETWEEN 0 AND 1439),
  digest text NOT NULL CHECK (digest IN ('off', 'daily', 'weekly')),
  at timestamptz NOT NULL,
  CHECK ((quiet_from_min IS NULL) = (quiet_to_min IS NULL) AND quiet_from_min IS DISTINCT FROM quiet_to_min
    OR quiet_from_min IS NULL AND quiet_to_min IS NULL)
);

-- Where mail goes, once whoever reads there has said that it is theirs.
CREATE TABLE notify_addresses (
  person_id bigint PRIMARY KEY,
  address text NOT NULL CHECK (char_length(address) BETWEEN 3 AND 254),
  -- Of the link in the letter that asks.
  token_hash bytea NOT NULL CHECK (octet_length(token_hash) = 32),
  asked_at timestamptz NOT NULL,
  confirmed_at timestamptz
);
CREATE UNIQUE INDEX notify_addresses_by_token ON notify_addresses (token_hash);

-- A browser that takes web push. It belongs to the session that made it and goes with it.
CREATE TABLE notify_subscriptions (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  person_id bigint NOT NULL,
  session_id bigint NOT NULL,
  endpoint text NOT NULL CHECK (char_length(endpoint) BETWEEN 10 AND 1024),
  endpoint_hash bytea NOT NULL CHECK (octet_length(endpoint_hash) = 32),
  p256dh bytea NOT NULL CHECK (octet_length(p256dh) = 65),
  auth bytea NOT NULL CHECK (octet_length(auth) = 16),
  -- Which key of the house it was made with.
  key_id text NOT NULL CHECK (char_length(key_id) BETWEEN 1 AND 32),
  label text NOT NULL CHECK (char_length(label) <= 120),
  -- Whether this browser lets a page take a notification away without showing another.
  may_clear boolean NOT NULL,
  made_at timestamptz NOT NULL,
  -- The service answered that it took a message.
  taken_at timestamptz,
  failures smallint NOT NULL DEFAULT 0 CHECK (failures >= 0),
  -- Not before this, as the service wishes.
  rests_until timestamptz
);
CREATE UNIQUE INDEX notify_subscriptions_once ON notify_subscriptions (endpoint_hash);
CREATE INDEX notify_subscriptions_of_person ON notify_subscriptions (person_id);
CREATE INDEX notify_subscriptions_of_session ON notify_subscriptions (session_id);

-- A group of an inbox that is to be pushed, or was. One row a group: what comes to it meanwhile goes with it.
CREATE TABLE notify_pushes (
  person_id bigint NOT NULL,
  group_id bigint NOT NULL,
  -- The newest item that is to be told of.
  seq bigint NOT NULL,
  -- `due`: it waits; `sent`: it lies on devices; `clear`: it is to be taken away from them.
  state text NOT NULL CHECK (state IN ('due', 'sent', 'clear')),
  due_at timestamptz NOT NULL,
  -- Of the first item that waits: what is looked at again and again ends some day.
  since timestamptz NOT NULL,
  tries smallint NOT NULL DEFAULT 0 CHECK (tries >= 0),
  -- Subscriptions that are still to be told, after others were; null for all.
  left_ids bigint[] CHECK (cardinality(left_ids) <= 100),
  claim uuid,
  claimed_until timestamptz,
  PRIMARY KEY (person_id, group_id)
);
CREATE INDEX notify_pushes_due ON notify_pushes (due_at) WHERE state <> 'sent';
CREATE INDEX notify_pushes_sent ON notify_pushes (due_at) WHERE state = 'sent';

-- One letter a person, kind of letter and window of time; `id` names it to the mail engine, so that one is one.
CREATE TABLE notify_digests (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  person_id bigint NOT NULL,
  key text NOT NULL CHECK (key IN ('daily', 'weekly')),
  window_ends_at timestamptz NOT NULL,
  -- `waiting` → `sending` → `sent`, `empty` (all was read), `dropped` (no address, not wanted) or `failed`.
  state text NOT NULL CHECK (state IN ('waiting', 'sending', 'sent', 'empty', 'dropped', 'failed')),
  due_at timestamptz NOT NULL,
  -- Of the inbox: it tells of what is above the first and not above the second. Fixed before anything is sent.
  from_seq bigint,
  up_to_seq bigint,
  tries smallint NOT NULL DEFAULT 0 CHECK (tries >= 0),
  claim uuid,
  claimed_until timestamptz,
  at timestamptz NOT NULL,
  ended_at timestamptz,
  CHECK ((from_seq IS NULL) = (up_to_seq IS NULL) AND (from_seq <= up_to_seq OR from_seq IS NULL)),
  CHECK (state = 'waiting' OR state = 'dropped' OR from_seq IS NOT NULL)
);
CREATE UNIQUE INDEX notify_digests_once ON notify_digests (person_id, key, window_ends_at);
CREATE INDEX notify_digests_due ON notify_digests (due_at) WHERE state IN ('waiting', 'sending');
CREATE INDEX notify_digests_ended ON notify_digests (ended_at) WHERE ended_at IS NOT NULL;

-- One act that very many are told of; the job that tells them goes on from `after_id`.
CREATE TABLE notify_fan_outs (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 80),
  act jsonb NOT NULL CHECK (octet_length(act::text) <= 2000),
  audience text NOT NULL CHECK (char_length(audience) BETWEEN 1 AND 40),
  audience_key text NOT NULL CHECK (char_length(audience_key) <= 64),
  after_id bigint NOT NULL DEFAULT 0,
  told integer NOT NULL DEFAULT 0 CHECK (told >= 0),
  at timestamptz NOT NULL,
  ended_at timestamptz
);
CREATE UNIQUE INDEX notify_fan_outs_once ON notify_fan_outs (name);
