-- Where somebody stopped reading: a place in the order of entries, so it stands also when the post that had it is gone.
CREATE TABLE feed_positions (
  person_id bigint NOT NULL,
  -- 0 is home.
  list_id bigint NOT NULL,
  entry_id bigint NOT NULL CHECK (entry_id > 0),
  -- When it was read; the newest wins, whichever device is first to say so.
  at timestamptz NOT NULL,
  device text NOT NULL CHECK (length(device) <= 60),
  PRIMARY KEY (person_id, list_id)
);

-- People that one chose, to read them together. Deleted lists can come back for ten minutes.
CREATE TABLE feed_lists (
  id bigint PRIMARY KEY,
  person_id bigint NOT NULL,
  name text NOT NULL CHECK (length(name) BETWEEN 1 AND 60),
  created_at timestamptz NOT NULL,
  -- Since when its people stay out of home; null where they stand in both.
  out_of_home_at timestamptz,
  deleted_at timestamptz
);
CREATE UNIQUE INDEX feed_lists_by_name ON feed_lists (person_id, lower(name)) WHERE deleted_at IS NULL;
CREATE INDEX feed_lists_by_person ON feed_lists (person_id);

CREATE TABLE feed_list_people (
  list_id bigint NOT NULL REFERENCES feed_lists (id) ON DELETE CASCADE,
  person_id bigint NOT NULL,
  -- Grows with time, so that the list has an order without ties.
  place_id bigint NOT NULL,
  at timestamptz NOT NULL,
  PRIMARY KEY (list_id, person_id)
);
CREATE INDEX feed_list_people_in_order ON feed_list_people (list_id, place_id DESC) INCLUDE (person_id);
CREATE INDEX feed_list_people_by_person ON feed_list_people (person_id);

-- Bookmarks in folders. A deleted folder's bookmarks count as unfiled, and go back into it should it come back.
CREATE TABLE feed_folders (
  id bigint PRIMARY KEY,
  person_id bigint NOT NULL,
  name text NOT NULL CHECK (length(name) BETWEEN 1 AND 60),
  created_at timestamptz NOT NULL,
  deleted_at timestamptz
);
CREATE UNIQUE INDEX feed_folders_by_name ON feed_folders (person_id, lower(name)) WHERE deleted_at IS NULL;
CREATE INDEX feed_folders_by_person ON feed_folders (person_id);

ALTER TABLE feed_bookmarks ADD COLUMN folder_id bigint REFERENCES feed_folders (id) ON DELETE SET NULL;
CREATE INDEX feed_bookmarks_in_folder ON feed_bookmarks (folder_id, entry_id DESC) INCLUDE (post_id) WHERE folder_id IS NOT NULL;

-- Words that somebody does not want to meet.
CREATE TABLE feed_muted_words (
  id bigint PRIMARY KEY,
  person_id bigint NOT NULL,
  phrase text NOT NULL CHECK (length(phrase) BETWEEN 1 AND 100),
  -- As it is compared: two spellings of one phrase are one. Some letters become several by it.
  folded text NOT NULL CHECK (length(folded) BETWEEN 1 AND 400),
  matches text NOT NULL CHECK (matches IN ('word', 'part')),
  kind text NOT NULL CHECK (kind IN ('hide', 'warn')),
  place text NOT NULL CHECK (place IN ('home', 'everywhere')),
  at timestamptz NOT NULL,
  expires_at timestamptz,
  UNIQUE (person_id, folded)
);

-- How somebody reads. Who never said has no row.
CREATE TABLE feed_preferences (
  person_id bigint PRIMARY KEY,
  sensitive_media text NOT NULL CHECK (sensitive_media IN ('show', 'warn', 'hide')),
  home_opens text NOT NULL CHECK (home_opens IN ('position', 'top')),
  home_reposts text NOT NULL CHECK (home_reposts IN ('show', 'hide')),
  at timestamptz NOT NULL
);
