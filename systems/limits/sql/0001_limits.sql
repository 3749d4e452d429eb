-- Rule sets. A draft changes until it is published; from then on it never does. Version 0 is the house's own and no row.
CREATE TABLE limits_sets (
  version bigint PRIMARY KEY CHECK (version > 0),
  body jsonb NOT NULL CHECK (octet_length(body::text) <= 262144),
  note text NOT NULL CHECK (char_length(note) <= 500),
  -- What it was begun from.
  based_on bigint NOT NULL,
  -- Goes up with each change, so that two who write at once do not overwrite each other.
  revision integer NOT NULL DEFAULT 1 CHECK (revision > 0),
  made_by bigint NOT NULL,
  made_at timestamptz NOT NULL,
  changed_by bigint NOT NULL,
  changed_at timestamptz NOT NULL,
  published_at timestamptz
);
CREATE INDEX limits_sets_drafts ON limits_sets (version) WHERE published_at IS NULL;

-- Which set came into force when, by whom and why. The last row holds; to roll back is to publish an old set again.
CREATE TABLE limits_publishings (
  seq bigint PRIMARY KEY CHECK (seq > 0),
  version bigint NOT NULL CHECK (version >= 0),
  by_id bigint NOT NULL,
  at timestamptz NOT NULL,
  note text NOT NULL CHECK (char_length(note) <= 500)
);

-- Who has another tier than free.
CREATE TABLE limits_tiers (
  kind text NOT NULL CHECK (kind IN ('person', 'space')),
  subject_id bigint NOT NULL,
  tier text NOT NULL CHECK (tier IN ('pro', 'enterprise', 'custom')),
  -- Of what free allows; of a custom tier.
  percent integer CHECK (percent BETWEEN 1 AND 100000),
  note text NOT NULL CHECK (char_length(note) <= 500),
  by_id bigint NOT NULL,
  at timestamptz NOT NULL,
  PRIMARY KEY (kind, subject_id),
  CHECK ((tier = 'custom') = (percent IS NOT NULL))
);
CREATE INDEX limits_tiers_by_time ON limits_tiers (at DESC, kind, subject_id);

-- What was given and taken, also back to free.
CREATE TABLE limits_tier_changes (
  seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  kind text NOT NULL CHECK (kind IN ('person', 'space')),
  subject_id bigint NOT NULL,
  tier text NOT NULL CHECK (tier IN ('free', 'pro', 'enterprise', 'custom')),
  percent integer CHECK (percent BETWEEN 1 AND 100000),
  note text NOT NULL CHECK (char_length(note) <= 500),
  by_id bigint NOT NULL,
  at timestamptz NOT NULL
);
CREATE INDEX limits_tier_changes_of ON limits_tier_changes (kind, subject_id, seq DESC);

-- What the rules decided, of all nodes together.
CREATE TABLE limits_minutes (
  minute timestamptz NOT NULL,
  rule_id text NOT NULL CHECK (char_length(rule_id) <= 40),
  allowed bigint NOT NULL CHECK (allowed >= 0),
  refused bigint NOT NULL CHECK (refused >= 0),
  -- Of rules that were only tried.
  would_allow bigint NOT NULL CHECK (would_allow >= 0),
  would_refuse bigint NOT NULL CHECK (would_refuse >= 0),
  PRIMARY KEY (minute, rule_id)
);

-- Whom they refused most. Addresses are in it as a hash only.
CREATE TABLE limits_refusals (
  hour timestamptz NOT NULL,
  rule_id text NOT NULL CHECK (char_length(rule_id) <= 40),
  subject text NOT NULL CHECK (char_length(subject) <= 160),
  refused bigint NOT NULL CHECK (refused >= 0),
  would_refuse bigint NOT NULL CHECK (would_refuse >= 0),
  PRIMARY KEY (hour, rule_id, subject)
);
