-- A file on its way in. The row goes when its bytes are freed; a video keeps its source for as long as it lives.
CREATE TABLE media_uploads (
  id bigint PRIMARY KEY,
  owner_id bigint NOT NULL,
  kind text NOT NULL CHECK (kind IN ('video', 'image')),
  filename text NOT NULL CHECK (length(filename) BETWEEN 1 AND 255),
  media_type text NOT NULL CHECK (length(media_type) BETWEEN 3 AND 127),
  size_bytes bigint NOT NULL CHECK (size_bytes > 0),
  part_size_bytes integer NOT NULL CHECK (part_size_bytes BETWEEN 1 AND 67108864),
  part_count integer NOT NULL CHECK (part_count BETWEEN 1 AND 10000),
  multipart_id text NOT NULL CHECK (length(multipart_id) BETWEEN 1 AND 1024),
  state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'complete', 'freeing')),
  created_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  completed_at timestamptz,
  -- Set once, in the transaction that makes the video or the picture: an upload becomes at most one thing.
  used_at timestamptz,
  CHECK ((part_count - 1)::bigint * part_size_bytes < size_bytes AND part_count::bigint * part_size_bytes >= size_bytes)
);
CREATE INDEX media_uploads_by_owner ON media_uploads (owner_id, id DESC);
CREATE INDEX media_uploads_expiring ON media_uploads (expires_at) WHERE used_at IS NULL;

CREATE TABLE media_videos (
  id bigint PRIMARY KEY,
  owner_id bigint NOT NULL,
  -- Null once the source is freed.
  upload_id bigint UNIQUE REFERENCES media_uploads (id),
  title text NOT NULL CHECK (length(title) BETWEEN 1 AND 240),
  description text NOT NULL DEFAULT '' CHECK (length(description) <= 10000),
  -- What shows it: `post:12`. Its audience is then that of the post.
  holder text CHECK (length(holder) <= 64),
  audience text NOT NULL CHECK (audience IN ('public', 'followers', 'space', 'private')),
  space_id bigint,
  -- Its owner is suspended: nothing of it lies in the open.
  hidden_at timestamptz,
  status text NOT NULL CHECK (status IN ('processing', 'ready', 'failed')),
  failure_code text CHECK (length(failure_code) <= 64),
  failure_detail text CHECK (length(failure_detail) <= 500),
  failure_can_retry boolean NOT NULL DEFAULT false,
  duration_ms integer CHECK (duration_ms BETWEEN 0 AND 86400000),
  width integer CHECK (width BETWEEN 1 AND 16384),
  height integer CHECK (height BETWEEN 1 AND 16384),
  placeholder text CHECK (length(placeholder) <= 4096),
  -- What the probe found and the ladder that was planned from it; the same plan whoever goes on with it.
  -- `json`, not `jsonb`: names are hashes of the ladder's text, so its order must stay.
  source json CHECK (pg_column_size(source) <= 16384),
  ladder json CHECK (pg_column_size(ladder) <= 32768),
  -- The folder of its blobs: unguessable, and below public/ or not. The audience is the rule; the place follows it.
  place text NOT NULL CHECK (length(place) BETWEEN 1 AND 200),
  poster_bytes bigint CHECK (poster_bytes > 0),
  -- The job that works on it, so that a deletion can end it.
  job_id text CHECK (length(job_id) <= 64),
  -- First moment at which a player could begin.
  playable_at timestamptz,
  view_count bigint NOT NULL DEFAULT 0 CHECK (view_count >= 0),
  created_at timestamptz NOT NULL,
  ready_at timestamptz,
  failed_at timestamptz,
  deleted_at timestamptz,
  CHECK ((audience = 'space') <= (space_id IS NOT NULL)),
  CHECK ((status = 'failed') = (failure_code IS NOT NULL)),
  CHECK ((status = 'ready') <= (ready_at IS NOT NULL AND playable_at IS NOT NULL))
);
CREATE INDEX media_videos_by_owner ON media_videos (owner_id, id DESC) WHERE deleted_at IS NULL;
CREATE INDEX media_videos_by_holder ON media_videos (holder) WHERE holder IS NOT NULL;
CREATE INDEX media_videos_shorts ON media_videos (id DESC)
  WHERE status = 'ready' AND deleted_at IS NULL AND duration_ms <= 90000 AND height > width;
CREATE INDEX media_videos_failed ON media_videos (failed_at) WHERE status = 'failed' AND upload_id IS NOT NULL;

-- One row per rung, the sound included: it is made once and shared by all.
CREATE TABLE media_rungs (
  video_id bigint NOT NULL REFERENCES media_videos (id) ON DELETE CASCADE,
  rung text NOT NULL CHECK (length(rung) BETWEEN 1 AND 32),
  kind text NOT NULL CHECK (kind IN ('video', 'audio')),
  -- Order of making and of listing: the lowest first.
  position smallint NOT NULL,
  width integer,
  height integer,
  bitrate_bps integer NOT NULL CHECK (bitrate_bps >= 0),
  codecs text NOT NULL CHECK (length(codecs) <= 100),
  segment_count integer NOT NULL CHECK (segment_count BETWEEN 1 AND 100000),
  segments_done integer NOT NULL DEFAULT 0 CHECK (segments_done BETWEEN 0 AND segment_count),
  bytes bigint NOT NULL DEFAULT 0 CHECK (bytes >= 0),
  init_bytes bigint,
  complete_at timestamptz,
  PRIMARY KEY (video_id, rung)
);

-- A row here means that the blob of segment k is stored whole. The resume point of a transcode, and what playlists list.
CREATE TABLE media_segments (
  video_id bigint NOT NULL,
  rung text NOT NULL,
  k integer NOT NULL CHECK (k >= 0),
  bytes bigint NOT NULL CHECK (bytes > 0),
  duration_ms integer NOT NULL CHECK (duration_ms > 0),
  PRIMARY KEY (video_id, rung, k),
  FOREIGN KEY (video_id, rung) REFERENCES media_rungs (video_id, rung) ON DELETE CASCADE
);

CREATE TABLE media_images (
  id bigint PRIMARY KEY,
  owner_id bigint NOT NULL,
  upload_id bigint UNIQUE REFERENCES media_uploads (id),
  alt text NOT NULL DEFAULT '' CHECK (length(alt) <= 2000),
  status text NOT NULL CHECK (status IN ('processing', 'ready', 'failed')),
  failure_code text CHECK (length(failure_code) <= 64),
  failure_detail text CHECK (length(failure_detail) <= 500),
  width integer CHECK (width BETWEEN 1 AND 16384),
  height integer CHECK (height BETWEEN 1 AND 16384),
  placeholder text CHECK (length(placeholder) <= 4096),
  -- [{file, width, height, bytes}], smallest first.
  variants jsonb NOT NULL DEFAULT '[]' CHECK (jsonb_array_length(variants) <= 8),
  bytes bigint NOT NULL DEFAULT 0 CHECK (bytes >= 0),
  place text NOT NULL CHECK (length(place) BETWEEN 1 AND 200),
  -- What shows it: `post:12`, `person:3`. Until then it is its owner's alone, and goes after a day.
  holder text CHECK (length(holder) <= 64),
  audience text NOT NULL DEFAULT 'private' CHECK (audience IN ('public', 'followers', 'space', 'private')),
  space_id bigint,
  -- Its owner is suspended: nothing of it lies in the open.
  hidden_at timestamptz,
  created_at timestamptz NOT NULL,
  released_at timestamptz,
  ready_at timestamptz,
  deleted_at timestamptz,
  CHECK ((status = 'failed') = (failure_code IS NOT NULL))
);
CREATE INDEX media_images_by_owner ON media_images (owner_id, id DESC) WHERE deleted_at IS NULL;
CREATE INDEX media_images_by_holder ON media_images (holder) WHERE holder IS NOT NULL;
CREATE INDEX media_images_unused ON media_images (created_at) WHERE holder IS NULL AND deleted_at IS NULL;

-- Where somebody stopped watching.
CREATE TABLE media_positions (
  person_id bigint NOT NULL,
  video_id bigint NOT NULL REFERENCES media_videos (id) ON DELETE CASCADE,
  position_ms integer NOT NULL CHECK (position_ms BETWEEN 0 AND 86400000),
  at timestamptz NOT NULL,
  PRIMARY KEY (person_id, video_id)
);
CREATE INDEX media_positions_by_video ON media_positions (video_id);

-- Views that came in, one row per viewer and session; summed into view_count in batches, in one transaction with counted_at.
CREATE TABLE media_views (
  video_id bigint NOT NULL REFERENCES media_videos (id) ON DELETE CASCADE,
  viewer text NOT NULL CHECK (length(viewer) <= 64),
  session text NOT NULL CHECK (length(session) <= 64),
  at timestamptz NOT NULL,
  counted_at timestamptz,
  PRIMARY KEY (video_id, viewer, session)
);
CREATE INDEX media_views_uncounted ON media_views (video_id) WHERE counted_at IS NULL;
CREATE INDEX media_views_by_age ON media_views (at);
