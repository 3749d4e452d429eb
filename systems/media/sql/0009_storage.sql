-- A walk through the store, name by name. A crash goes on behind the last page that is in the sums.
CREATE TABLE media_stock_walks (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  began_at timestamptz NOT NULL,
  ended_at timestamptz,
  after_name text NOT NULL DEFAULT '' CHECK (length(after_name) <= 1024),
  -- What the rows said when it ended: [{kind, name, bytes}].
  rows_said jsonb CHECK (pg_column_size(rows_said) <= 65536)
);
CREATE UNIQUE INDEX media_stock_walks_open ON media_stock_walks ((true)) WHERE ended_at IS NULL;

-- What a walk found: whose, and of what kind. 0 for nobody and for no space.
CREATE TABLE media_stock (
  walk_id bigint NOT NULL REFERENCES media_stock_walks (id) ON DELETE CASCADE,
  owner_id bigint NOT NULL,
  space_id bigint NOT NULL,
  kind text NOT NULL CHECK (length(kind) <= 16),
  name text NOT NULL CHECK (length(name) <= 32),
  blobs bigint NOT NULL CHECK (blobs >= 0),
  bytes bigint NOT NULL CHECK (bytes >= 0),
  PRIMARY KEY (walk_id, owner_id, space_id, kind, name)
);

-- How much a video is watched, decided by a job: since when it is so, why, and by which run.
CREATE TABLE media_video_classes (
  video_id bigint PRIMARY KEY REFERENCES media_videos (id) ON DELETE CASCADE,
  class text NOT NULL CHECK (class IN ('hot', 'warm', 'cold')),
  since timestamptz NOT NULL,
  because text NOT NULL CHECK (length(because) BETWEEN 1 AND 200),
  decided_by text NOT NULL CHECK (length(decided_by) BETWEEN 1 AND 64),
  views_recent bigint NOT NULL CHECK (views_recent >= 0),
  last_watched_at timestamptz,
  -- Rungs that were let go, the last time that any was.
  evicted_at timestamptz,
  evicted_rungs text[] NOT NULL DEFAULT '{}' CHECK (cardinality(evicted_rungs) <= 16),
  evicted_bytes bigint NOT NULL DEFAULT 0 CHECK (evicted_bytes >= 0)
);
CREATE INDEX media_video_classes_idle ON media_video_classes (last_watched_at NULLS FIRST);
