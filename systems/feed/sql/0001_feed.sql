-- Posts. Deleting marks the row; the text and its history go when the time to undo is over (`purged_at`).
CREATE TABLE feed_posts (
  id bigint PRIMARY KEY,
  author_id bigint NOT NULL,
  text text NOT NULL CHECK (length(text) <= 5000),
  audience text NOT NULL CHECK (audience IN ('public', 'followers', 'space', 'private')),
  space_id bigint,
  video_id bigint,
  image_ids bigint[] NOT NULL DEFAULT '{}' CHECK (cardinality(image_ids) <= 10),
  hashtags text[] NOT NULL DEFAULT '{}' CHECK (cardinality(hashtags) <= 20),
  -- Who is meant, and how the text spells them; side by side.
  mention_ids bigint[] NOT NULL DEFAULT '{}' CHECK (cardinality(mention_ids) <= 20),
  mention_handles text[] NOT NULL DEFAULT '{}',
  version integer NOT NULL DEFAULT 1 CHECK (version BETWEEN 1 AND 101),
  created_at timestamptz NOT NULL,
  edited_at timestamptz,
  deleted_at timestamptz,
  deleted_by bigint,
  purged_at timestamptz,
  -- A retry after a crash finds the first post by it.
  idempotency_key text CHECK (length(idempotency_key) <= 128),
  CHECK (cardinality(mention_ids) = cardinality(mention_handles)),
  CHECK (video_id IS NULL OR cardinality(image_ids) = 0),
  CHECK (text <> '' OR video_id IS NOT NULL OR cardinality(image_ids) > 0 OR purged_at IS NOT NULL),
  CHECK (CASE audience WHEN 'space' THEN space_id IS NOT NULL WHEN 'public' THEN true ELSE space_id IS NULL END),
  CHECK ((deleted_at IS NULL) = (deleted_by IS NULL)),
  CHECK (purged_at IS NULL OR deleted_at IS NOT NULL)
);
CREATE UNIQUE INDEX feed_posts_once ON feed_posts (author_id, idempotency_key) WHERE idempotency_key IS NOT NULL;
CREATE INDEX feed_posts_discover ON feed_posts (id DESC) WHERE audience = 'public' AND deleted_at IS NULL;
CREATE INDEX feed_posts_by_space ON feed_posts (space_id, id DESC) WHERE space_id IS NOT NULL AND deleted_at IS NULL;
CREATE INDEX feed_posts_media_by_author ON feed_posts (author_id, id DESC)
  WHERE deleted_at IS NULL AND (video_id IS NOT NULL OR image_ids <> '{}');
CREATE INDEX feed_posts_by_video ON feed_posts (video_id) WHERE video_id IS NOT NULL;
CREATE INDEX feed_posts_unpurged ON feed_posts (deleted_at) WHERE deleted_at IS NOT NULL AND purged_at IS NULL;

-- What stood there before each edit; the post itself holds the newest version.
CREATE TABLE feed_post_edits (
  post_id bigint NOT NULL REFERENCES feed_posts (id),
  version integer NOT NULL CHECK (version >= 1),
  text text NOT NULL CHECK (length(text) <= 5000),
  audience text NOT NULL,
  -- When this version was written, and when the next one took its place.
  at timestamptz NOT NULL,
  replaced_at timestamptz NOT NULL,
  replaced_by bigint NOT NULL,
  PRIMARY KEY (post_id, version)
);

CREATE TABLE feed_hashtags (
  tag text NOT NULL CHECK (length(tag) BETWEEN 1 AND 64),
  post_id bigint NOT NULL REFERENCES feed_posts (id),
  PRIMARY KEY (tag, post_id)
);
CREATE INDEX feed_hashtags_by_post ON feed_hashtags (post_id);

-- What a person put before their followers: their posts (id = post_id) and what they passed on (an id of its own).
-- Derived from feed_posts and feed_reposts in the same transaction; timelines are read from here.
CREATE TABLE feed_entries (
  actor_id bigint NOT NULL,
  id bigint NOT NULL,
  post_id bigint NOT NULL,
  PRIMARY KEY (actor_id, id) INCLUDE (post_id)
);
CREATE INDEX feed_entries_by_post ON feed_entries (post_id);
-- A repost is found by its id alone when only the id is in memory.
CREATE INDEX feed_entries_reposts ON feed_entries (id) INCLUDE (post_id) WHERE id <> post_id;

CREATE TABLE feed_likes (
  person_id bigint NOT NULL,
  post_id bigint NOT NULL REFERENCES feed_posts (id),
  at timestamptz NOT NULL,
  PRIMARY KEY (person_id, post_id)
);
CREATE INDEX feed_likes_by_post ON feed_likes (post_id, at DESC, person_id DESC);

CREATE TABLE feed_reposts (
  person_id bigint NOT NULL,
  post_id bigint NOT NULL REFERENCES feed_posts (id),
  entry_id bigint NOT NULL UNIQUE,
  at timestamptz NOT NULL,
  PRIMARY KEY (person_id, post_id)
);
CREATE INDEX feed_reposts_by_post ON feed_reposts (post_id, at DESC, person_id DESC);

CREATE TABLE feed_bookmarks (
  person_id bigint NOT NULL,
  post_id bigint NOT NULL REFERENCES feed_posts (id),
  -- Grows with time, so that the list has an order without ties.
  entry_id bigint NOT NULL,
  at timestamptz NOT NULL,
  PRIMARY KEY (person_id, post_id)
);
CREATE INDEX feed_bookmarks_in_order ON feed_bookmarks (person_id, entry_id DESC) INCLUDE (post_id);

CREATE TABLE feed_comments (
  id bigint PRIMARY KEY,
  post_id bigint NOT NULL REFERENCES feed_posts (id),
  parent_id bigint REFERENCES feed_comments (id),
  depth smallint NOT NULL CHECK (depth BETWEEN 0 AND 8),
  author_id bigint NOT NULL,
  text text NOT NULL CHECK (length(text) BETWEEN 1 AND 2000),
  mention_ids bigint[] NOT NULL DEFAULT '{}' CHECK (cardinality(mention_ids) <= 20),
  mention_handles text[] NOT NULL DEFAULT '{}',
  created_at timestamptz NOT NULL,
  edited_at timestamptz,
  deleted_at timestamptz,
  deleted_by bigint,
  idempotency_key text CHECK (length(idempotency_key) <= 128),
  CHECK ((parent_id IS NULL) = (depth = 0)),
  CHECK (cardinality(mention_ids) = cardinality(mention_handles)),
  CHECK ((deleted_at IS NULL) = (deleted_by IS NULL))
);
CREATE INDEX feed_comments_in_thread ON feed_comments (post_id, parent_id, id);
CREATE INDEX feed_comments_replies ON feed_comments (parent_id) WHERE parent_id IS NOT NULL;
CREATE UNIQUE INDEX feed_comments_once ON feed_comments (author_id, idempotency_key) WHERE idempotency_key IS NOT NULL;

CREATE TABLE feed_comment_edits (
  comment_id bigint NOT NULL REFERENCES feed_comments (id),
  text text NOT NULL CHECK (length(text) BETWEEN 1 AND 2000),
  replaced_at timestamptz NOT NULL
);
CREATE INDEX feed_comment_edits_by_comment ON feed_comment_edits (comment_id, replaced_at);

CREATE TABLE feed_comment_likes (
  person_id bigint NOT NULL,
  comment_id bigint NOT NULL REFERENCES feed_comments (id),
  at timestamptz NOT NULL,
  PRIMARY KEY (comment_id, person_id)
);

-- Sums for a post or a comment (ids never clash). A comment's `comments` are its replies.
CREATE TABLE feed_counts (
  subject_id bigint PRIMARY KEY,
  likes bigint NOT NULL DEFAULT 0,
  reposts bigint NOT NULL DEFAULT 0,
  comments bigint NOT NULL DEFAULT 0
);

-- What is not summed yet: one row per like, written with the like itself, so that a thousand people who like one post
-- never wait for one another. sum(deltas) + counts = the rows of truth, in every snapshot.
CREATE TABLE feed_count_deltas (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  subject_id bigint NOT NULL,
  likes smallint NOT NULL DEFAULT 0 CHECK (likes BETWEEN -1 AND 1),
  reposts smallint NOT NULL DEFAULT 0 CHECK (reposts BETWEEN -1 AND 1),
  comments smallint NOT NULL DEFAULT 0 CHECK (comments BETWEEN -1 AND 1)
);
CREATE INDEX feed_count_deltas_by_subject ON feed_count_deltas (subject_id);

-- Posts whose video is short and ready. `rank_ms` is the post's time, moved back for each other short that its author
-- gave in the day before: authors take turns, the order is fixed when the row is made, and a cursor stays true.
CREATE TABLE feed_shorts (
  post_id bigint PRIMARY KEY REFERENCES feed_posts (id),
  author_id bigint NOT NULL,
  duration_ms integer NOT NULL CHECK (duration_ms BETWEEN 1 AND 90000),
  rank_ms bigint NOT NULL CHECK (rank_ms >= 0),
  at timestamptz NOT NULL
);
CREATE INDEX feed_shorts_in_order ON feed_shorts (rank_ms DESC, post_id DESC);
CREATE INDEX feed_shorts_by_author ON feed_shorts (author_id, post_id DESC);
