-- Ladders have another form from here on: names by track, several sounds. What was ready plays on from the lists that it has;
-- what was being made begins again when its owner asks for it.
DELETE FROM media_rungs USING media_videos v
  WHERE v.id = media_rungs.video_id AND v.ladder IS NOT NULL AND v.status <> 'ready';
UPDATE media_videos SET status = 'failed', failure_code = 'media.gave_up', failure_can_retry = true, failed_at = now(), job_id = NULL,
    failure_detail = 'The house was renewed while this video was being made. Try again.'
  WHERE status = 'processing' AND ladder IS NOT NULL;
UPDATE media_videos SET ladder = NULL, source = NULL, playable_at = CASE WHEN status = 'ready' THEN playable_at END
  WHERE ladder IS NOT NULL;

-- Who is making a segment right now, on whatever node. Gone when the segment is stored; after failures it keeps their count.
CREATE TABLE media_making_leases (
  video_id bigint NOT NULL REFERENCES media_videos (id) ON DELETE CASCADE,
  rung text NOT NULL CHECK (length(rung) BETWEEN 1 AND 32),
  k integer NOT NULL CHECK (k >= 0),
  -- Of one run; "" when nobody has it.
  token text NOT NULL CHECK (length(token) <= 64),
  -- Somebody waits for it. What is made ahead of time gives way to that.
  for_viewer boolean NOT NULL,
  -- Its bytes are on their way to the store: nobody takes it over before its end.
  storing boolean NOT NULL DEFAULT false,
  until timestamptz NOT NULL,
  failed_tries smallint NOT NULL DEFAULT 0 CHECK (failed_tries BETWEEN 0 AND 100),
  failed_because text CHECK (length(failed_because) <= 500),
  PRIMARY KEY (video_id, rung, k)
);

ALTER TABLE media_videos
  -- Counts up with every change that somebody who waits wants to know of.
  ADD COLUMN version bigint NOT NULL DEFAULT 1,
  -- Counts up when its lists have to be written again.
  ADD COLUMN lists_version bigint NOT NULL DEFAULT 0,
  -- It is watched: its upper rungs are made ahead of time too.
  ADD COLUMN wanted_at timestamptz;
ALTER TABLE media_rungs
  -- The bytes of its init were decided by whoever made the first one.
  ADD COLUMN init_etag text CHECK (length(init_etag) <= 64),
  -- Made for every video; the others when somebody asks for them, or when it is watched.
  ADD COLUMN eager boolean NOT NULL DEFAULT true;

CREATE FUNCTION media_count_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.version := OLD.version + 1;
  RETURN NEW;
END $$;
-- Views are counted all the time, and nobody waits for that.
CREATE TRIGGER media_videos_version BEFORE UPDATE ON media_videos FOR EACH ROW
  WHEN (OLD.view_count = NEW.view_count) EXECUTE FUNCTION media_count_version();
