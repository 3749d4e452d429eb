-- What programs outside use to speak with the house. Each belongs to a space, or (bots and commands alone) to the whole house: null.

-- A bot is a person of the house; here stands where it belongs and who made it.
CREATE TABLE hooks_bots (
  bot_id bigint PRIMARY KEY,
  space_id bigint,
  about text NOT NULL DEFAULT '' CHECK (length(about) <= 500),
  -- Made for one incoming webhook, and gone with it.
  for_hook boolean NOT NULL DEFAULT false,
  made_by bigint NOT NULL,
  made_at timestamptz NOT NULL
);
CREATE INDEX hooks_bots_of ON hooks_bots (space_id, bot_id DESC);

-- A secret address: whoever knows it writes into one channel.
CREATE TABLE hooks_incoming (
  id bigint PRIMARY KEY,
  space_id bigint NOT NULL,
  channel_id bigint NOT NULL,
  bot_id bigint NOT NULL REFERENCES hooks_bots (bot_id),
  owner_id bigint NOT NULL,
  name text NOT NULL CHECK (length(name) BETWEEN 1 AND 60),
  secret_hash bytea NOT NULL UNIQUE CHECK (octet_length(secret_hash) = 32),
  made_at timestamptz NOT NULL,
  rotated_at timestamptz,
  disabled_at timestamptz,
  disabled_by bigint,
  used_at timestamptz,
  last_error text CHECK (length(last_error) <= 300),
  last_error_at timestamptz,
  CHECK ((last_error IS NULL) = (last_error_at IS NULL))
);
CREATE INDEX hooks_incoming_of ON hooks_incoming (space_id, id DESC);
CREATE INDEX hooks_incoming_in ON hooks_incoming (channel_id);

-- An address outside that is told of what happens. Its signing secret is made of its id and number and stands nowhere.
CREATE TABLE hooks_outgoing (
  id bigint PRIMARY KEY,
  space_id bigint NOT NULL,
  owner_id bigint NOT NULL,
  name text NOT NULL CHECK (length(name) BETWEEN 1 AND 60),
  url text NOT NULL CHECK (length(url) BETWEEN 9 AND 2048),
  events text[] NOT NULL CHECK (cardinality(events) BETWEEN 1 AND 20),
  with_bots boolean NOT NULL DEFAULT false,
  secret_no integer NOT NULL DEFAULT 1 CHECK (secret_no >= 1),
  rotated_at timestamptz,
  made_at timestamptz NOT NULL,
  disabled_at timestamptz,
  -- Null where the house did it.
  disabled_by bigint,
  disabled_because text CHECK (length(disabled_because) <= 300),
  -- Since when nothing has been taken; null while the last one was.
  failing_since timestamptz,
  taken_at timestamptz,
  -- Told of nothing, because too much waited already.
  dropped bigint NOT NULL DEFAULT 0
);
CREATE INDEX hooks_outgoing_of ON hooks_outgoing (space_id, id DESC);

-- Which channels it listens to.
CREATE TABLE hooks_listening (
  channel_id bigint NOT NULL,
  hook_id bigint NOT NULL REFERENCES hooks_outgoing (id) ON DELETE CASCADE,
  PRIMARY KEY (channel_id, hook_id)
);
CREATE INDEX hooks_listening_of ON hooks_listening (hook_id);

-- One event for one address. The words are looked up when it goes, by what its owner may read then.
CREATE TABLE hooks_deliveries (
  id bigint PRIMARY KEY,
  hook_id bigint NOT NULL REFERENCES hooks_outgoing (id) ON DELETE CASCADE,
  -- The same at every try and redelivery, so that who hears it twice knows.
  webhook_id text NOT NULL CHECK (length(webhook_id) BETWEEN 8 AND 64),
  event text NOT NULL CHECK (length(event) BETWEEN 1 AND 64),
  subject jsonb NOT NULL CHECK (octet_length(subject::text) <= 1024),
  happened_at timestamptz NOT NULL,
  state text NOT NULL CHECK (state IN ('waiting', 'taken', 'failed', 'skipped')),
  -- Of the run of tries that is on; a redelivery begins another.
  run integer NOT NULL DEFAULT 1 CHECK (run >= 1),
  tries integer NOT NULL DEFAULT 0 CHECK (tries >= 0),
  next_at timestamptz,
  tried_at timestamptz,
  status integer,
  ms integer,
  answer text CHECK (length(answer) <= 1024),
  because text CHECK (length(because) <= 300),
  at timestamptz NOT NULL,
  UNIQUE (hook_id, webhook_id),
  CHECK ((state = 'waiting') = (next_at IS NOT NULL))
);
CREATE INDEX hooks_deliveries_log ON hooks_deliveries (hook_id, id DESC);
CREATE INDEX hooks_deliveries_waiting ON hooks_deliveries (hook_id) WHERE state = 'waiting';
CREATE INDEX hooks_deliveries_ended ON hooks_deliveries (at) WHERE state <> 'waiting';

-- `/name` in a space, or in the whole house.
CREATE TABLE hooks_commands (
  id bigint PRIMARY KEY,
  space_id bigint,
  bot_id bigint NOT NULL REFERENCES hooks_bots (bot_id),
  owner_id bigint NOT NULL,
  name text COLLATE "C" NOT NULL CHECK (name ~ '^[a-z][a-z0-9_-]{0,31}$'),
  description text NOT NULL DEFAULT '' CHECK (length(description) <= 200),
  hint text NOT NULL DEFAULT '' CHECK (length(hint) <= 100),
  url text NOT NULL CHECK (length(url) BETWEEN 9 AND 2048),
  secret_no integer NOT NULL DEFAULT 1 CHECK (secret_no >= 1),
  rotated_at timestamptz,
  made_at timestamptz NOT NULL,
  last_error text CHECK (length(last_error) <= 300),
  last_error_at timestamptz
);
CREATE UNIQUE INDEX hooks_commands_by_name ON hooks_commands (coalesce(space_id, 0), name);

-- A program that needs longer may answer later, a few times within minutes.
CREATE TABLE hooks_answers (
  id bigint PRIMARY KEY,
  secret_hash bytea NOT NULL UNIQUE CHECK (octet_length(secret_hash) = 32),
  command_id bigint NOT NULL REFERENCES hooks_commands (id) ON DELETE CASCADE,
  channel_id bigint NOT NULL,
  root_id bigint,
  person_id bigint NOT NULL,
  uses_left integer NOT NULL CHECK (uses_left >= 0),
  expires_at timestamptz NOT NULL
);
CREATE INDEX hooks_answers_by_expiry ON hooks_answers (expires_at);
