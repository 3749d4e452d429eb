-- Films in an order that somebody gave them: a playlist, or the "Watch later" that everybody has one of.
CREATE TABLE media_collections (
  id bigint PRIMARY KEY,
  owner_id bigint NOT NULL,
  kind text NOT NULL CHECK (kind IN ('playlist', 'watch_later')),
  title text NOT NULL CHECK (length(title) BETWEEN 1 AND 240),
  description text NOT NULL DEFAULT '' CHECK (length(description) <= 4000),
  audience text NOT NULL CHECK (audience IN ('public', 'followers', 'space', 'private')),
  space_id bigint,
  -- Raised by every change, of words and of what is in it.
  version integer NOT NULL DEFAULT 1 CHECK (version > 0),
  -- Raised when all positions were given anew, so that a cursor of before is known for what it is.
  numbering integer NOT NULL DEFAULT 1 CHECK (numbering > 0),
  created_at timestamptz NOT NULL,
  changed_at timestamptz NOT NULL,
  CHECK ((audience = 'space') <= (space_id IS NOT NULL)),
  CHECK ((kind = 'watch_later') <= (audience = 'private' AND space_id IS NULL))
);
CREATE INDEX media_collections_by_owner ON media_collections (owner_id, id DESC);
CREATE INDEX media_collections_by_space ON media_collections (space_id) WHERE space_id IS NOT NULL;
CREATE UNIQUE INDEX media_collections_watch_later ON media_collections (owner_id) WHERE kind = 'watch_later';

CREATE TABLE media_collection_items (
  collection_id bigint NOT NULL REFERENCES media_collections (id) ON DELETE CASCADE,
  video_id bigint NOT NULL REFERENCES media_videos (id) ON DELETE CASCADE,
  -- Between its neighbours, so that moving one changes one row. Halving adds a digit; all are given anew before there are too many.
  position numeric NOT NULL CHECK (scale(position) <= 100 AND abs(position) < 1000000000),
  added_at timestamptz NOT NULL,
  PRIMARY KEY (collection_id, video_id),
  UNIQUE (collection_id, position) DEFERRABLE INITIALLY IMMEDIATE
);
CREATE INDEX media_collection_items_by_video ON media_collection_items (video_id);

-- From which playlist a film was being watched: what comes after it is offered when it has ended.
ALTER TABLE media_positions ADD COLUMN collection_id bigint REFERENCES media_collections (id) ON DELETE SET NULL;
CREATE INDEX media_positions_by_collection ON media_positions (collection_id) WHERE collection_id IS NOT NULL;
-- The history of a person, newest first.
CREATE INDEX media_positions_by_person ON media_positions (person_id, at DESC, video_id DESC);

-- Who asked that nothing of what they watch is kept, and since when.
CREATE TABLE media_history_pauses (
  person_id bigint PRIMARY KEY,
  at timestamptz NOT NULL
);

-- A film that is cut, or whose file is replaced: what was asked, how far it is, and what came of it.
CREATE TABLE media_edits (
  id bigint PRIMARY KEY,
  -- No key to the film: what is being prepared for one that was deleted has to be found, and to go.
  video_id bigint NOT NULL,
  owner_id bigint NOT NULL,
  kind text NOT NULL CHECK (kind IN ('trim', 'replace')),
  save_as text NOT NULL CHECK (save_as IN ('replace', 'new')),
  status text NOT NULL CHECK (status IN ('cutting', 'preparing', 'done', 'failed')),
  -- What was asked, and what came out: copying cannot cut everywhere.
  start_ms integer CHECK (start_ms >= 0),
  end_ms integer CHECK (end_ms > start_ms),
  cut_start_ms integer CHECK (cut_start_ms >= 0),
  cut_end_ms integer CHECK (cut_end_ms > cut_start_ms),
  title text CHECK (length(title) BETWEEN 1 AND 240),
  keep_texts boolean NOT NULL,
  -- The source that it is made of; of a trim its name is given before it is there, so that a second try writes the same.
  upload_id bigint NOT NULL,
  -- The film being prepared: a row of its own, held by this edit, until the two change places.
  shadow_id bigint UNIQUE,
  new_video_id bigint,
  failure_code text CHECK (length(failure_code) <= 64),
  failure_detail text CHECK (length(failure_detail) <= 500),
  created_at timestamptz NOT NULL,
  ended_at timestamptz,
  CHECK ((kind = 'trim') = (start_ms IS NOT NULL AND end_ms IS NOT NULL)),
  CHECK ((status IN ('done', 'failed')) = (ended_at IS NOT NULL)),
  CHECK ((status = 'failed') = (failure_code IS NOT NULL))
);
CREATE INDEX media_edits_by_video ON media_edits (video_id, id DESC);
-- One at a time: two files cannot both take the place of one.
CREATE UNIQUE INDEX media_edits_open ON media_edits (video_id) WHERE ended_at IS NULL;

-- When a film takes another's place, its rungs and segments go along.
ALTER TABLE media_segments DROP CONSTRAINT media_segments_video_id_rung_fkey;
ALTER TABLE media_segments ADD CONSTRAINT media_segments_video_id_rung_fkey
  FOREIGN KEY (video_id, rung) REFERENCES media_rungs (video_id, rung) ON DELETE CASCADE ON UPDATE CASCADE;
-- The place of a film that is being prepared carries the id of the one that it is for, so it is looked for by itself.
CREATE UNIQUE INDEX media_videos_by_place ON media_videos (place);
