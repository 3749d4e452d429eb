-- Trigrams serve "begins with" over handles and every word of a name. Trusted since PostgreSQL 13: no superuser needed.
CREATE EXTENSION IF NOT EXISTS pg_trgm;

CREATE TABLE people_persons (
  id bigint PRIMARY KEY,
  handle text COLLATE "C" NOT NULL UNIQUE CHECK (handle ~ '^[a-z][a-z0-9_]{1,29}$'),
  display_name text NOT NULL CHECK (char_length(display_name) BETWEEN 1 AND 60),
  bio text NOT NULL DEFAULT '' CHECK (char_length(bio) <= 500),
  links jsonb NOT NULL DEFAULT '[]' CHECK (jsonb_typeof(links) = 'array' AND jsonb_array_length(links) <= 5 AND octet_length(links::text) <= 8192),
  avatar_image_id bigint,
  role text NOT NULL DEFAULT 'member' CHECK (role IN ('admin', 'moderator', 'member')),
  -- Null cannot sign in with a password: who is deleted.
  password_hash text CHECK (char_length(password_hash) <= 400),
  created_at timestamptz NOT NULL,
  suspended_at timestamptz,
  suspended_by bigint,
  suspended_reason text CHECK (char_length(suspended_reason) <= 300),
  deleted_at timestamptz,
  search_text text GENERATED ALWAYS AS (' ' || handle || ' ' || lower(display_name)) STORED,
  CHECK ((suspended_at IS NULL) = (suspended_reason IS NULL))
);
CREATE INDEX people_persons_search ON people_persons USING gin (search_text gin_trgm_ops) WHERE deleted_at IS NULL;
CREATE INDEX people_persons_suspended ON people_persons (id DESC) WHERE suspended_at IS NOT NULL AND deleted_at IS NULL;
CREATE INDEX people_persons_admins ON people_persons (id) WHERE role = 'admin' AND deleted_at IS NULL;

-- Apart from the person: a famous person's row is read far more often than it changes, and these change often.
CREATE TABLE people_counts (
  person_id bigint PRIMARY KEY REFERENCES people_persons (id),
  followers integer NOT NULL DEFAULT 0,
  following integer NOT NULL DEFAULT 0
);

-- A handle that somebody left is never given to somebody else, who would inherit every mention. Only its hash stays.
CREATE TABLE people_handles_retired (
  handle_hash bytea PRIMARY KEY CHECK (octet_length(handle_hash) = 32),
  at timestamptz NOT NULL
);

CREATE TABLE people_follows (
  follower_id bigint NOT NULL REFERENCES people_persons (id),
  followee_id bigint NOT NULL REFERENCES people_persons (id),
  at timestamptz NOT NULL,
  PRIMARY KEY (follower_id, followee_id),
  CHECK (follower_id <> followee_id)
);
CREATE INDEX people_follows_of ON people_follows (follower_id, at DESC, followee_id DESC);
CREATE INDEX people_follows_to ON people_follows (followee_id, at DESC, follower_id DESC);

CREATE TABLE people_blocks (
  blocker_id bigint NOT NULL REFERENCES people_persons (id),
  blocked_id bigint NOT NULL REFERENCES people_persons (id),
  at timestamptz NOT NULL,
  PRIMARY KEY (blocker_id, blocked_id),
  CHECK (blocker_id <> blocked_id)
);
CREATE INDEX people_blocks_to ON people_blocks (blocked_id, blocker_id);

CREATE TABLE people_mutes (
  muter_id bigint NOT NULL REFERENCES people_persons (id),
  muted_id bigint NOT NULL REFERENCES people_persons (id),
  at timestamptz NOT NULL,
  PRIMARY KEY (muter_id, muted_id),
  CHECK (muter_id <> muted_id)
);
CREATE INDEX people_mutes_to ON people_mutes (muted_id);

-- Secrets are 256 random bits, so a plain SHA-256 of one says nothing about it.
CREATE TABLE people_sessions (
  id bigint PRIMARY KEY,
  person_id bigint NOT NULL REFERENCES people_persons (id),
  secret_hash bytea NOT NULL UNIQUE CHECK (octet_length(secret_hash) = 32),
  user_agent text NOT NULL DEFAULT '' CHECK (char_length(user_agent) <= 256),
  address text NOT NULL DEFAULT '' CHECK (char_length(address) <= 64),
  created_at timestamptz NOT NULL,
  last_used_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL
);
CREATE INDEX people_sessions_of ON people_sessions (person_id, last_used_at DESC);
CREATE INDEX people_sessions_by_expiry ON people_sessions (expires_at);

CREATE TABLE people_tokens (
  id bigint PRIMARY KEY,
  person_id bigint NOT NULL REFERENCES people_persons (id),
  name text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 60),
  scopes text[] NOT NULL CHECK (cardinality(scopes) BETWEEN 1 AND 16),
  secret_hash bytea NOT NULL UNIQUE CHECK (octet_length(secret_hash) = 32),
  created_at timestamptz NOT NULL,
  last_used_at timestamptz,
  expires_at timestamptz
);
CREATE INDEX people_tokens_of ON people_tokens (person_id, id DESC);
CREATE INDEX people_tokens_by_expiry ON people_tokens (expires_at) WHERE expires_at IS NOT NULL;

CREATE TABLE people_invitations (
  id bigint PRIMARY KEY,
  secret_hash bytea NOT NULL UNIQUE CHECK (octet_length(secret_hash) = 32),
  note text NOT NULL DEFAULT '' CHECK (char_length(note) <= 120),
  role text NOT NULL CHECK (role IN ('admin', 'moderator', 'member')),
  uses integer NOT NULL DEFAULT 0,
  uses_max integer NOT NULL CHECK (uses_max BETWEEN 1 AND 1000),
  created_by bigint REFERENCES people_persons (id),
  created_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  revoked_at timestamptz,
  revoked_by bigint REFERENCES people_persons (id),
  CHECK (uses BETWEEN 0 AND uses_max)
);
CREATE INDEX people_invitations_of ON people_invitations (created_by, id DESC);

CREATE TABLE people_invitation_uses (
  invitation_id bigint NOT NULL REFERENCES people_invitations (id),
  person_id bigint NOT NULL REFERENCES people_persons (id),
  at timestamptz NOT NULL,
  PRIMARY KEY (invitation_id, person_id)
);

CREATE TABLE people_resets (
  id bigint PRIMARY KEY,
  person_id bigint NOT NULL REFERENCES people_persons (id),
  secret_hash bytea NOT NULL UNIQUE CHECK (octet_length(secret_hash) = 32),
  created_by bigint REFERENCES people_persons (id),
  created_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  used_at timestamptz
);
CREATE INDEX people_resets_of ON people_resets (person_id);

-- One row per start until the first admin exists; then none, and the one-time link is gone.
CREATE TABLE people_setup_links (
  secret_hash bytea PRIMARY KEY CHECK (octet_length(secret_hash) = 32),
  created_at timestamptz NOT NULL
);

-- One row or none. Null means: as the configuration says.
CREATE TABLE people_house (
  one boolean PRIMARY KEY DEFAULT true CHECK (one),
  name text CHECK (char_length(name) BETWEEN 1 AND 60),
  sign_up text CHECK (sign_up IN ('open', 'invitation', 'closed')),
  changed_at timestamptz NOT NULL,
  changed_by bigint REFERENCES people_persons (id)
);

CREATE TABLE people_passkeys (
  id bigint PRIMARY KEY,
  person_id bigint NOT NULL REFERENCES people_persons (id),
  name text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 60),
  credential_id text COLLATE "C" NOT NULL UNIQUE CHECK (char_length(credential_id) <= 1400),
  public_key bytea NOT NULL CHECK (octet_length(public_key) <= 4096),
  sign_count bigint NOT NULL DEFAULT 0,
  transports text[] NOT NULL DEFAULT '{}' CHECK (cardinality(transports) <= 10),
  created_at timestamptz NOT NULL,
  last_used_at timestamptz
);
CREATE INDEX people_passkeys_of ON people_passkeys (person_id, id DESC);

-- A challenge is answered once: the answer deletes it. Without a person it is one to sign in.
CREATE TABLE people_passkey_challenges (
  challenge_hash bytea PRIMARY KEY CHECK (octet_length(challenge_hash) = 32),
  person_id bigint REFERENCES people_persons (id),
  created_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL
);
CREATE INDEX people_passkey_challenges_by_expiry ON people_passkey_challenges (expires_at);
