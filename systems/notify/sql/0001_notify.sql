-- What happened to whom. One inbox a person, over all systems; each act stands in it once.

-- `last_seq` is gapless: it is given in the transaction that adds, under this row's lock. Whatever is at or below
-- `read_seq` was read, on whichever device.
CREATE TABLE notify_inboxes (
  person_id bigint PRIMARY KEY,
  last_seq bigint NOT NULL DEFAULT 0,
  read_seq bigint NOT NULL DEFAULT 0,
  CHECK (read_seq BETWEEN 0 AND last_seq)
);

-- "Ann and 12 others liked your post": what is alike and not read yet stands together. A group is named by its first
-- item and stands where its newest one is; what comes after it was read begins another.
CREATE TABLE notify_groups (
  person_id bigint NOT NULL,
  group_id bigint NOT NULL,
  group_key text NOT NULL CHECK (char_length(group_key) BETWEEN 1 AND 80),
  kind text NOT NULL CHECK (char_length(kind) BETWEEN 1 AND 40),
  latest_seq bigint NOT NULL,
  -- Of its items, those that still hold. A group of none is not shown and may come back.
  items integer NOT NULL CHECK (items >= 0),
  PRIMARY KEY (person_id, group_id),
  CHECK (latest_seq >= group_id)
);
CREATE UNIQUE INDEX notify_groups_in_order ON notify_groups (person_id, latest_seq DESC);
CREATE INDEX notify_groups_by_key ON notify_groups (person_id, group_key, latest_seq DESC);

CREATE TABLE notify_items (
  person_id bigint NOT NULL,
  seq bigint NOT NULL,
  group_id bigint NOT NULL,
  kind text NOT NULL CHECK (char_length(kind) BETWEEN 1 AND 40),
  -- Who did it; null where the house itself tells.
  actor_id bigint,
  post_id bigint,
  comment_id bigint,
  -- What makes it this act and no other.
  act_key text NOT NULL CHECK (char_length(act_key) BETWEEN 1 AND 120),
  at timestamptz NOT NULL,
  -- It was taken back. Doing it again brings this row back where it stood, and tells nobody a second time.
  gone_at timestamptz,
  PRIMARY KEY (person_id, seq)
);
CREATE UNIQUE INDEX notify_items_once ON notify_items (person_id, act_key);
CREATE INDEX notify_items_of_group ON notify_items (person_id, group_id, seq DESC);
CREATE INDEX notify_items_by_actor ON notify_items (actor_id) WHERE actor_id IS NOT NULL;
CREATE INDEX notify_items_by_post ON notify_items (post_id) WHERE post_id IS NOT NULL;
