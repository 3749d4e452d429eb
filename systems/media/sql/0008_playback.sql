-- What players tell, until it is folded into the rows below: a queue that is empty most of the time.
-- No key to the video here and in media_sessions: they are short-lived, and a key would lock its row once per call.
CREATE TABLE media_beacons (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  video_id bigint NOT NULL,
  session text NOT NULL CHECK (length(session) BETWEEN 8 AND 64),
  -- Null for a call of `views`, which says a sum and not a difference.
  seq integer CHECK (seq BETWEEN 0 AND 9999),
  viewer text NOT NULL CHECK (length(viewer) <= 64),
  -- A keyed hash that is another one every hour.
  address text NOT NULL CHECK (length(address) <= 32),
  at timestamptz NOT NULL,
  body jsonb NOT NULL CHECK (pg_column_size(body) <= 8192)
);

-- One playing of one video by one player; kept for two days, so that what comes late or twice is known.
CREATE TABLE media_sessions (
  video_id bigint NOT NULL,
  session text NOT NULL CHECK (length(session) BETWEEN 8 AND 64),
  viewer text NOT NULL CHECK (length(viewer) <= 64),
  address text NOT NULL CHECK (length(address) <= 32),
  day date NOT NULL,
  first_at timestamptz NOT NULL,
  last_at timestamptz NOT NULL CHECK (last_at >= first_at),
  -- Bit n: the beacon of number n is folded.
  seqs bytea NOT NULL CHECK (octet_length(seqs) <= 1250),
  -- Bit n: bucket n of a hundred was watched.
  seen bytea NOT NULL CHECK (octet_length(seen) = 13),
  played_ms bigint NOT NULL CHECK (played_ms >= 0),
  told_ms bigint NOT NULL CHECK (told_ms >= 0),
  credited_ms bigint NOT NULL CHECK (credited_ms BETWEEN 0 AND greatest(played_ms, told_ms)),
  started boolean NOT NULL,
  viewed_at timestamptz,
  PRIMARY KEY (video_id, session)
);
CREATE INDEX media_sessions_by_age ON media_sessions (last_at);
CREATE INDEX media_sessions_by_address ON media_sessions (video_id, address);

-- Who watched on which day, as hashes that say nothing on another day; after a week only their number is left.
CREATE TABLE media_day_viewers (
  day date NOT NULL,
  video_id bigint NOT NULL,
  viewer text NOT NULL CHECK (length(viewer) <= 32),
  PRIMARY KEY (day, video_id, viewer)
);

CREATE TABLE media_video_days (
  video_id bigint NOT NULL REFERENCES media_videos (id) ON DELETE CASCADE,
  day date NOT NULL,
  views bigint NOT NULL DEFAULT 0 CHECK (views >= 0),
  viewers bigint NOT NULL DEFAULT 0 CHECK (viewers >= 0),
  sessions bigint NOT NULL DEFAULT 0 CHECK (sessions >= 0),
  watched_ms bigint NOT NULL DEFAULT 0 CHECK (watched_ms >= 0),
  rebuffers bigint NOT NULL DEFAULT 0 CHECK (rebuffers >= 0),
  rebuffer_ms bigint NOT NULL DEFAULT 0 CHECK (rebuffer_ms >= 0),
  switches bigint NOT NULL DEFAULT 0 CHECK (switches >= 0),
  autoplays bigint NOT NULL DEFAULT 0 CHECK (autoplays >= 0),
  -- How many sessions took how long to start, in 64 steps of a fourth of an octave from 10 ms on.
  startups jsonb NOT NULL DEFAULT '[]' CHECK (jsonb_array_length(startups) <= 64),
  -- Counts by name.
  errors jsonb NOT NULL DEFAULT '{}' CHECK (pg_column_size(errors) <= 8192),
  rungs jsonb NOT NULL DEFAULT '{}' CHECK (pg_column_size(rungs) <= 8192),
  referrers jsonb NOT NULL DEFAULT '{}' CHECK (pg_column_size(referrers) <= 2048),
  devices jsonb NOT NULL DEFAULT '{}' CHECK (pg_column_size(devices) <= 2048),
  browsers jsonb NOT NULL DEFAULT '{}' CHECK (pg_column_size(browsers) <= 2048),
  PRIMARY KEY (video_id, day)
);
CREATE INDEX media_video_days_by_day ON media_video_days (day);

-- The same over all videos; what was watched stays counted when a video goes.
CREATE TABLE media_house_days (LIKE media_video_days INCLUDING DEFAULTS INCLUDING CONSTRAINTS);
ALTER TABLE media_house_days DROP COLUMN video_id, DROP COLUMN views, DROP COLUMN viewers, ADD PRIMARY KEY (day);

-- Of how many sessions which hundredth was watched, and how often it was watched again.
CREATE TABLE media_retention (
  video_id bigint PRIMARY KEY REFERENCES media_videos (id) ON DELETE CASCADE,
  sessions bigint NOT NULL CHECK (sessions >= 0),
  watched jsonb NOT NULL CHECK (jsonb_array_length(watched) = 100),
  again jsonb NOT NULL CHECK (jsonb_array_length(again) = 100)
);

-- The day that a view was counted on; null while it is not, and for those of before there were days.
ALTER TABLE media_views ADD COLUMN day date;
CREATE INDEX media_views_by_day ON media_views (day, video_id) WHERE day IS NOT NULL;

-- Views that no day has: of before there were days, and of days that are gone. view_count is this and the days' sum.
ALTER TABLE media_videos ADD COLUMN views_before bigint NOT NULL DEFAULT 0 CHECK (views_before >= 0);
UPDATE media_videos SET views_before = view_count;
