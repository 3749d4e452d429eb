-- Programs of other makers that speak Mastodon's client API. They register themselves, so a row says nothing of who made it.
CREATE TABLE mastodon_apps (
  id bigint PRIMARY KEY,
  name text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 60),
  website text CHECK (char_length(website) <= 2000),
  redirect_uris text[] NOT NULL CHECK (cardinality(redirect_uris) BETWEEN 1 AND 10 AND octet_length(array_to_string(redirect_uris, ' ')) <= 80000),
  scopes text[] NOT NULL CHECK (cardinality(scopes) BETWEEN 1 AND 40),
  client_id text COLLATE "C" NOT NULL UNIQUE CHECK (char_length(client_id) BETWEEN 20 AND 80),
  secret_hash bytea NOT NULL CHECK (octet_length(secret_hash) = 32),
  created_at timestamptz NOT NULL,
  -- When somebody last let it in or it last took a token.
  used_at timestamptz
);
CREATE INDEX mastodon_apps_unused ON mastodon_apps (created_at) WHERE used_at IS NULL;
CREATE INDEX mastodon_apps_used ON mastodon_apps (used_at) WHERE used_at IS NOT NULL;

-- Somebody let a program in; the program has ten minutes to turn the code into a token. Only the code's hash is kept.
CREATE TABLE mastodon_codes (
  hash bytea PRIMARY KEY CHECK (octet_length(hash) = 32),
  app_id bigint NOT NULL REFERENCES mastodon_apps (id) ON DELETE CASCADE,
  person_id bigint NOT NULL,
  -- A code is worth as much as the session that gave it.
  session_id bigint NOT NULL,
  redirect_uri text NOT NULL CHECK (char_length(redirect_uri) <= 2000),
  scopes text[] NOT NULL CHECK (cardinality(scopes) BETWEEN 1 AND 40),
  challenge text CHECK (char_length(challenge) BETWEEN 43 AND 128),
  created_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  used_at timestamptz,
  -- What it was turned into: a second try ends that too.
  token_id bigint
);
CREATE INDEX mastodon_codes_by_expiry ON mastodon_codes (expires_at);
CREATE INDEX mastodon_codes_of_app ON mastodon_codes (app_id);

-- Which of people's tokens a program holds, and what it asked for in Mastodon's words. Without a row a token is one that its owner made by hand.
CREATE TABLE mastodon_grants (
  token_id bigint PRIMARY KEY,
  app_id bigint NOT NULL REFERENCES mastodon_apps (id),
  person_id bigint NOT NULL,
  scopes text[] NOT NULL CHECK (cardinality(scopes) BETWEEN 1 AND 40),
  created_at timestamptz NOT NULL
);
CREATE INDEX mastodon_grants_of ON mastodon_grants (person_id, app_id, token_id);
CREATE INDEX mastodon_grants_app ON mastodon_grants (app_id);

-- A program's own tokens: nobody's, good for what anybody may ask.
CREATE TABLE mastodon_app_tokens (
  hash bytea PRIMARY KEY CHECK (octet_length(hash) = 32),
  app_id bigint NOT NULL REFERENCES mastodon_apps (id) ON DELETE CASCADE,
  scopes text[] NOT NULL CHECK (cardinality(scopes) BETWEEN 1 AND 40),
  created_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL
);
CREATE INDEX mastodon_app_tokens_of ON mastodon_app_tokens (app_id, created_at);
CREATE INDEX mastodon_app_tokens_by_expiry ON mastodon_app_tokens (expires_at);

-- Where a picture's heart is, as its owner said; from -1 to 1 each.
CREATE TABLE mastodon_focus (
  media_id bigint PRIMARY KEY,
  person_id bigint NOT NULL,
  x real NOT NULL CHECK (x BETWEEN -1 AND 1),
  y real NOT NULL CHECK (y BETWEEN -1 AND 1)
);
CREATE INDEX mastodon_focus_of ON mastodon_focus (person_id);
