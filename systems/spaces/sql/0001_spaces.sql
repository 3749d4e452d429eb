CREATE TABLE spaces_spaces (
  id bigint PRIMARY KEY,
  slug text COLLATE "C" NOT NULL UNIQUE CHECK (slug ~ '^[a-z][a-z0-9]*(-[a-z0-9]+)*$' AND char_length(slug) BETWEEN 2 AND 40),
  name text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 60),
  description text NOT NULL DEFAULT '' CHECK (char_length(description) <= 1000),
  visibility text NOT NULL CHECK (visibility IN ('public', 'private')),
  join_policy text NOT NULL CHECK (join_policy IN ('open', 'invitation')),
  who_may_post text NOT NULL CHECK (who_may_post IN ('members', 'moderators')),
  owner_id bigint NOT NULL REFERENCES people_persons (id),
  tier text NOT NULL DEFAULT 'free' CHECK (tier IN ('free', 'pro', 'enterprise')),
  -- Counted in the row, not behind the log: joining is rare beside following, and a quota must be exact.
  members integer NOT NULL DEFAULT 0,
  members_max integer NOT NULL,
  storage_bytes_max bigint NOT NULL,
  created_at timestamptz NOT NULL,
  deleted_at timestamptz,
  deleted_by bigint REFERENCES people_persons (id),
  search_text text GENERATED ALWAYS AS (' ' || slug || ' ' || lower(name)) STORED,
  CHECK (members BETWEEN 0 AND members_max)
);
CREATE INDEX spaces_spaces_search ON spaces_spaces USING gin (search_text gin_trgm_ops) WHERE deleted_at IS NULL;
CREATE INDEX spaces_spaces_public ON spaces_spaces (id DESC) WHERE deleted_at IS NULL AND visibility = 'public';
CREATE INDEX spaces_spaces_owned ON spaces_spaces (owner_id) WHERE deleted_at IS NULL;

CREATE TABLE spaces_members (
  space_id bigint NOT NULL REFERENCES spaces_spaces (id),
  person_id bigint NOT NULL REFERENCES people_persons (id),
  role text NOT NULL CHECK (role IN ('owner', 'admin', 'moderator', 'member')),
  joined_at timestamptz NOT NULL,
  PRIMARY KEY (space_id, person_id)
);
CREATE UNIQUE INDEX spaces_members_one_owner ON spaces_members (space_id) WHERE role = 'owner';
CREATE INDEX spaces_members_by_joining ON spaces_members (space_id, joined_at DESC, person_id DESC);
CREATE INDEX spaces_members_of ON spaces_members (person_id, joined_at DESC, space_id DESC);

CREATE TABLE spaces_bans (
  space_id bigint NOT NULL REFERENCES spaces_spaces (id),
  person_id bigint NOT NULL REFERENCES people_persons (id),
  reason text NOT NULL DEFAULT '' CHECK (char_length(reason) <= 300),
  banned_by bigint NOT NULL REFERENCES people_persons (id),
  banned_at timestamptz NOT NULL,
  PRIMARY KEY (space_id, person_id)
);
CREATE INDEX spaces_bans_by_time ON spaces_bans (space_id, banned_at DESC, person_id DESC);

CREATE TABLE spaces_invitations (
  id bigint PRIMARY KEY,
  space_id bigint NOT NULL REFERENCES spaces_spaces (id),
  secret_hash bytea NOT NULL UNIQUE CHECK (octet_length(secret_hash) = 32),
  uses integer NOT NULL DEFAULT 0,
  uses_max integer NOT NULL CHECK (uses_max BETWEEN 1 AND 1000),
  created_by bigint NOT NULL REFERENCES people_persons (id),
  created_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  revoked_at timestamptz,
  revoked_by bigint REFERENCES people_persons (id),
  CHECK (uses BETWEEN 0 AND uses_max)
);
CREATE INDEX spaces_invitations_of ON spaces_invitations (space_id, id DESC);
