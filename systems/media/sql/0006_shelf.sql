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
