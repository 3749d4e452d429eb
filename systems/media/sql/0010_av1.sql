-- Rungs in AV1 beside the others, for what is watched much.
ALTER TABLE media_rungs
  -- Since when it was whole for the first time: from then on lists may have named it, and what vanishes of it is made on demand.
  ADD COLUMN listed_at timestamptz;
UPDATE media_rungs SET listed_at = complete_at WHERE complete_at IS NOT NULL;

-- To which films they were given, and what came of it. Another source is another offer.
CREATE TABLE media_av1 (
  video_id bigint PRIMARY KEY REFERENCES media_videos (id) ON DELETE CASCADE,
  source text NOT NULL CHECK (length(source) BETWEEN 1 AND 200),
  offered_at timestamptz NOT NULL,
  -- In the week before the offer: why it was made.
  views_recent bigint NOT NULL CHECK (views_recent >= 0),
  -- What makes them, while it lives.
  job_id text CHECK (length(job_id) <= 64),
  given_up_at timestamptz,
  given_up_because text CHECK (length(given_up_because) <= 500),
  CHECK ((given_up_at IS NULL) = (given_up_because IS NULL))
);
