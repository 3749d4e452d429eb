-- What goes with a video.
ALTER TABLE media_videos
  -- The poster's name below the place; a name never gets other bytes. Videos from before this have `poster.jpg`.
  ADD COLUMN poster_file text CHECK (length(poster_file) BETWEEN 1 AND 64),
  -- Set once its owner has chosen: then it is not made anew.
  ADD COLUMN poster_chosen_at timestamptz,
  -- Who may fetch the file that was sent, besides its owner.
  ADD COLUMN downloads text NOT NULL DEFAULT 'nobody' CHECK (downloads IN ('nobody', 'viewers')),
  -- Whether other sites may show it; only what everyone may see is ever shown there.
  ADD COLUMN embedding text NOT NULL DEFAULT 'anywhere' CHECK (embedding IN ('nobody', 'anywhere'));

-- What is said, by language. The text is ours: read, cleaned and written anew.
CREATE TABLE media_captions (
  video_id bigint NOT NULL REFERENCES media_videos (id) ON DELETE CASCADE,
  language text NOT NULL CHECK (length(language) BETWEEN 2 AND 35),
  kind text NOT NULL CHECK (kind IN ('captions', 'subtitles')),
  label text NOT NULL CHECK (length(label) BETWEEN 1 AND 160),
  is_default boolean NOT NULL,
  -- Who said it: its owner, or the file that was sent.
  origin text NOT NULL CHECK (origin IN ('owner', 'file')),
  content text NOT NULL CHECK (octet_length(content) <= 1048576),
  cue_count integer NOT NULL CHECK (cue_count BETWEEN 1 AND 10000),
  -- Its name below the place: `captions/sv-1f0c….vtt`.
  file text NOT NULL CHECK (length(file) BETWEEN 1 AND 100),
  -- The name under which it is there now; null until it is, an older one until the newer is.
  published_file text CHECK (length(published_file) BETWEEN 1 AND 100),
  changed_at timestamptz NOT NULL,
  PRIMARY KEY (video_id, language)
);
CREATE UNIQUE INDEX media_captions_default ON media_captions (video_id) WHERE is_default;

CREATE TABLE media_chapters (
  video_id bigint PRIMARY KEY REFERENCES media_videos (id) ON DELETE CASCADE,
  origin text NOT NULL CHECK (origin IN ('owner', 'file')),
  -- [{at_ms, title}], the first at 0, in order. Empty: its owner wants none.
  items jsonb NOT NULL CHECK (jsonb_array_length(items) <= 100),
  file text NOT NULL CHECK (length(file) BETWEEN 1 AND 100),
  published_file text CHECK (length(published_file) BETWEEN 1 AND 100),
  changed_at timestamptz NOT NULL
);

-- Small pictures of the whole length, for whoever looks for a moment.
CREATE TABLE media_storyboards (
  video_id bigint PRIMARY KEY REFERENCES media_videos (id) ON DELETE CASCADE,
  -- The source that they are of: a replaced file gets new ones.
  upload_id bigint NOT NULL,
  -- Their folder below the place.
  folder text NOT NULL CHECK (length(folder) BETWEEN 1 AND 64),
  grid_columns smallint NOT NULL CHECK (grid_columns BETWEEN 1 AND 10),
  grid_rows smallint NOT NULL CHECK (grid_rows BETWEEN 1 AND 10),
  tile_width smallint NOT NULL CHECK (tile_width BETWEEN 2 AND 320),
  tile_height smallint NOT NULL CHECK (tile_height BETWEEN 2 AND 320),
  interval_ms integer NOT NULL CHECK (interval_ms >= 1),
  tiles integer NOT NULL CHECK (tiles BETWEEN 1 AND 400),
  bytes bigint NOT NULL CHECK (bytes > 0),
  made_at timestamptz NOT NULL
);

-- The texts and chapters in a source were read, so they are not read again when its owner has thrown them out.
CREATE TABLE media_sources_read (
  video_id bigint PRIMARY KEY REFERENCES media_videos (id) ON DELETE CASCADE,
  upload_id bigint NOT NULL,
  at timestamptz NOT NULL
);
