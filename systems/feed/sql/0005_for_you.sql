-- For you: what the house would show to one person first. Everything here can be thrown away but the switches and the wishes.

-- Whether somebody wants it, and when they last looked; no row is "on, and never looked". Off, nothing else is kept of them.
CREATE TABLE feed_for_you_people (
  person_id bigint PRIMARY KEY,
  is_on boolean NOT NULL DEFAULT true,
  switched_at timestamptz,
  asked_at timestamptz,
  -- What they watched is learned from up to here.
  watched_until timestamptz,
  CHECK (is_on OR (asked_at IS NULL AND watched_until IS NULL))
);
CREATE INDEX feed_for_you_people_lately ON feed_for_you_people (asked_at) WHERE asked_at IS NOT NULL;

-- One row at most: the admin's switch for the whole house.
CREATE TABLE feed_for_you_house (
  one boolean PRIMARY KEY DEFAULT true CHECK (one),
  is_on boolean NOT NULL,
  switched_by bigint NOT NULL,
  switched_at timestamptz NOT NULL
);

-- "Less like this": of one post, or of all by one author.
CREATE TABLE feed_for_you_less (
  person_id bigint NOT NULL,
  kind text NOT NULL CHECK (kind IN ('post', 'author')),
  subject_id bigint NOT NULL,
  -- Whose post it is; the subject itself for an author.
  author_id bigint NOT NULL,
  at timestamptz NOT NULL,
  PRIMARY KEY (person_id, kind, subject_id)
);
CREATE INDEX feed_for_you_less_in_order ON feed_for_you_less (person_id, at DESC, subject_id DESC);
CREATE INDEX feed_for_you_less_by_subject ON feed_for_you_less (subject_id);

-- Lists made ahead, the newest few of each person. Side by side: post, author, what it is (see rank.ts), and its features in
-- thousandths, `features_per_post` of them each, so that its score can be told exactly as long as the list is read.
CREATE TABLE feed_for_you_queues (
  person_id bigint NOT NULL,
  generation bigint NOT NULL,
  made_at timestamptz NOT NULL,
  model_version integer NOT NULL CHECK (model_version >= 0),
  seed bigint NOT NULL CHECK (seed BETWEEN 0 AND 4294967295),
  features_per_post smallint NOT NULL CHECK (features_per_post BETWEEN 1 AND 64),
  post_ids bigint[] NOT NULL CHECK (cardinality(post_ids) <= 200),
  author_ids bigint[] NOT NULL,
  marks integer[] NOT NULL,
  features smallint[] NOT NULL,
  PRIMARY KEY (person_id, generation),
  CHECK (cardinality(author_ids) = cardinality(post_ids)),
  CHECK (cardinality(marks) = cardinality(post_ids)),
  CHECK (cardinality(features) = cardinality(post_ids) * features_per_post)
);
CREATE INDEX feed_for_you_queues_by_age ON feed_for_you_queues (made_at);

-- Posts that the same people liked: a count that halves with time, bounded neighbours each. Nobody's name is in it.
CREATE TABLE feed_for_you_pairs (
  post_id bigint NOT NULL,
  other_id bigint NOT NULL,
  weight real NOT NULL CHECK (weight > 0),
  at timestamptz NOT NULL,
  PRIMARY KEY (post_id, other_id),
  CHECK (post_id <> other_id)
);
CREATE INDEX feed_for_you_pairs_by_age ON feed_for_you_pairs (at);
CREATE INDEX feed_for_you_pairs_by_other ON feed_for_you_pairs (other_id);

-- Weights by version; version 0 stands in the code. At most one is in place.
CREATE TABLE feed_for_you_models (
  version integer PRIMARY KEY CHECK (version >= 1),
  weights jsonb NOT NULL CHECK (length(weights::text) <= 65536),
  report jsonb NOT NULL CHECK (length(report::text) <= 65536),
  made_at timestamptz NOT NULL,
  in_place boolean NOT NULL
);
CREATE UNIQUE INDEX feed_for_you_models_one ON feed_for_you_models (in_place) WHERE in_place;

-- What one person did lately, found without reading all they ever did.
CREATE INDEX feed_likes_by_person ON feed_likes (person_id, at DESC, post_id DESC);
CREATE INDEX feed_reposts_by_person ON feed_reposts (person_id, at DESC, post_id DESC);
