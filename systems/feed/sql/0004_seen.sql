-- What each person has seen, so that it is counted once and need not be shown again. Bounded: the newest 5,000 of 60 days.
-- `last_at` has no index on purpose: seeing again then changes the row in its page and no index.
CREATE TABLE feed_seen (
  person_id bigint NOT NULL,
  -- No foreign key: a post's row stays for ever, and a thousand who see it at once would all lock it.
  post_id bigint NOT NULL,
  first_at timestamptz NOT NULL,
  last_at timestamptz NOT NULL,
  times integer NOT NULL CHECK (times BETWEEN 1 AND 1000000),
  -- On screen, all times together.
  ms bigint NOT NULL CHECK (ms BETWEEN 0 AND 31536000000),
  -- What a program reported by a token is remembered and counts for nothing.
  counted boolean NOT NULL,
  PRIMARY KEY (person_id, post_id)
) WITH (fillfactor = 85);
CREATE INDEX feed_seen_by_post ON feed_seen (post_id) WHERE counted;

-- Of whom something is kept, and who wants nothing kept. Held by whoever writes that person's rows, so that they are in step.
CREATE TABLE feed_seen_people (
  person_id bigint PRIMARY KEY,
  keeps boolean NOT NULL DEFAULT true,
  changed_at timestamptz NOT NULL,
  posts integer NOT NULL DEFAULT 0 CHECK (posts BETWEEN 0 AND 6100),
  CHECK (keeps OR posts = 0)
);

-- Views whose rows have gone: rows that count + these = `views`, so that a recount finds the same.
CREATE TABLE feed_views_kept (
  post_id bigint PRIMARY KEY,
  views bigint NOT NULL CHECK (views >= 0)
);

ALTER TABLE feed_counts ADD COLUMN views bigint NOT NULL DEFAULT 0;
-- A step may be that of many who acted in one transaction.
ALTER TABLE feed_count_deltas
  ADD COLUMN views smallint NOT NULL DEFAULT 0 CHECK (views BETWEEN 0 AND 10000),
  DROP CONSTRAINT feed_count_deltas_likes_check,
  ADD CONSTRAINT feed_count_deltas_likes_check CHECK (likes BETWEEN -10000 AND 10000);
