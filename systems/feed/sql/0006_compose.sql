-- What a post may carry beside its words: a warning before them, another post, a poll, a card for its first link.

-- What is behind an address, by its normalised form, for every post that names it.
CREATE TABLE feed_links (
  id bigint PRIMARY KEY,
  url text NOT NULL UNIQUE CHECK (octet_length(url) BETWEEN 1 AND 2048),
  -- `waiting` until the first look; `none` where there is nothing to show, and `reason` says why.
  state text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'ready', 'none')),
  reason text CHECK (length(reason) <= 100),
  title text CHECK (length(title) BETWEEN 1 AND 200),
  description text CHECK (length(description) BETWEEN 1 AND 500),
  site text CHECK (length(site) BETWEEN 1 AND 100),
  -- Our own copy of its picture.
  image_name text CHECK (length(image_name) <= 200),
  image_width integer CHECK (image_width BETWEEN 1 AND 4096),
  image_height integer CHECK (image_height BETWEEN 1 AND 16384),
  looked_at timestamptz,
  -- Who names the address after this moment has it looked at again.
  fresh_until timestamptz NOT NULL,
  created_at timestamptz NOT NULL,
  CHECK ((state = 'ready') = (title IS NOT NULL AND site IS NOT NULL)),
  CHECK ((state = 'none') = (reason IS NOT NULL)),
  CHECK ((image_name IS NULL) = (image_width IS NULL) AND (image_name IS NULL) = (image_height IS NULL)),
  CHECK (image_name IS NULL OR state = 'ready')
);
CREATE INDEX feed_links_by_age ON feed_links (fresh_until);

ALTER TABLE feed_posts
  ADD COLUMN content_warning text CHECK (length(content_warning) BETWEEN 1 AND 200),
  ADD COLUMN sensitive boolean NOT NULL DEFAULT false,
  ADD COLUMN quote_id bigint REFERENCES feed_posts (id) CHECK (quote_id <> id),
  -- The author of the quoted post said no.
  ADD COLUMN quote_detached_at timestamptz,
  ADD COLUMN quote_detached_by bigint,
  ADD COLUMN link_id bigint REFERENCES feed_links (id),
  -- The author of this post wants no card.
  ADD COLUMN link_hidden_at timestamptz,
  ADD CONSTRAINT feed_posts_detached_check CHECK ((quote_detached_at IS NULL) = (quote_detached_by IS NULL)
    AND (quote_detached_at IS NULL OR quote_id IS NOT NULL));
CREATE INDEX feed_posts_quoting ON feed_posts (quote_id, id DESC)
  WHERE quote_id IS NOT NULL AND quote_detached_at IS NULL AND deleted_at IS NULL;
CREATE INDEX feed_posts_by_link ON feed_posts (link_id, id DESC) WHERE link_id IS NOT NULL;

ALTER TABLE feed_post_edits
  ADD COLUMN content_warning text CHECK (length(content_warning) BETWEEN 1 AND 200),
  ADD COLUMN poll_options text[] CHECK (cardinality(poll_options) BETWEEN 2 AND 8);

-- Changing a poll begins a new edition, and what was voted in the one before it does not count any more.
CREATE TABLE feed_polls (
  post_id bigint PRIMARY KEY REFERENCES feed_posts (id),
  edition integer NOT NULL DEFAULT 1 CHECK (edition BETWEEN 1 AND 1000),
  options text[] NOT NULL CHECK (cardinality(options) BETWEEN 2 AND 8 AND length(array_to_string(options, '')) BETWEEN 2 AND 800),
  multiple boolean NOT NULL,
  hides_results boolean NOT NULL,
  ends_at timestamptz NOT NULL,
  -- Its end was told.
  closed_at timestamptz,
  voters bigint NOT NULL DEFAULT 0 CHECK (voters >= 0),
  votes bigint[] NOT NULL CHECK (cardinality(votes) = cardinality(options) AND 0 <= ALL (votes)),
  -- Taken away by its author; the number of its last edition stays, so that none comes twice.
  removed_at timestamptz
);

CREATE TABLE feed_ballots (
  post_id bigint NOT NULL REFERENCES feed_polls (post_id),
  edition integer NOT NULL,
  person_id bigint NOT NULL,
  -- Places among the options, from 0.
  choices smallint[] NOT NULL CHECK (cardinality(choices) BETWEEN 1 AND 8 AND 0 <= ALL (choices) AND 7 >= ALL (choices)),
  at timestamptz NOT NULL,
  PRIMARY KEY (post_id, edition, person_id)
);
CREATE INDEX feed_ballots_by_person ON feed_ballots (person_id, post_id);

-- What is not summed yet, written with the ballot, so that a thousand voters never wait for one another.
CREATE TABLE feed_ballot_steps (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  post_id bigint NOT NULL,
  edition integer NOT NULL,
  choices smallint[] NOT NULL,
  step smallint NOT NULL CHECK (step IN (-1, 1))
);
CREATE INDEX feed_ballot_steps_by_poll ON feed_ballot_steps (post_id, edition);

-- What somebody is writing, on all their devices. What it shows is held for it under its own id, as for a post.
CREATE TABLE feed_drafts (
  id bigint PRIMARY KEY,
  person_id bigint NOT NULL,
  version integer NOT NULL DEFAULT 1 CHECK (version >= 1),
  content jsonb NOT NULL CHECK (octet_length(content::text) <= 65536),
  -- It was to be published, and why it could not be.
  failed_code text CHECK (length(failed_code) <= 100),
  failed_detail text CHECK (length(failed_detail) <= 500),
  idempotency_key text CHECK (length(idempotency_key) <= 128),
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL
);
CREATE INDEX feed_drafts_of ON feed_drafts (person_id, updated_at DESC, id DESC);
CREATE UNIQUE INDEX feed_drafts_once ON feed_drafts (person_id, idempotency_key) WHERE idempotency_key IS NOT NULL;

-- Posts that will be published by themselves. The row goes in the transaction that publishes it: so it happens once.
CREATE TABLE feed_scheduled (
  id bigint PRIMARY KEY,
  person_id bigint NOT NULL,
  version integer NOT NULL DEFAULT 1 CHECK (version >= 1),
  content jsonb NOT NULL CHECK (octet_length(content::text) <= 65536),
  publish_at timestamptz NOT NULL,
  idempotency_key text CHECK (length(idempotency_key) <= 128),
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL
);
CREATE INDEX feed_scheduled_of ON feed_scheduled (person_id, publish_at, id);
CREATE INDEX feed_scheduled_due ON feed_scheduled (publish_at);
CREATE UNIQUE INDEX feed_scheduled_once ON feed_scheduled (person_id, idempotency_key) WHERE idempotency_key IS NOT NULL;
