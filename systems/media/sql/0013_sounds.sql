-- Sound without a picture: a voice note. It lies nowhere in the open, so it has no audience: who may hear it is told by what holds it.
ALTER TABLE media_uploads DROP CONSTRAINT media_uploads_kind_check;
ALTER TABLE media_uploads ADD CONSTRAINT media_uploads_kind_check CHECK (kind IN ('video', 'image', 'sound'));

CREATE TABLE media_sounds (
  id bigint PRIMARY KEY,
  owner_id bigint NOT NULL,
  -- Null once the source is freed: when it is made, or cannot be.
  upload_id bigint UNIQUE REFERENCES media_uploads (id),
  status text NOT NULL CHECK (status IN ('processing', 'ready', 'failed')),
  failure_code text CHECK (length(failure_code) <= 64),
  failure_detail text CHECK (length(failure_detail) <= 500),
  -- Of what was decoded, whatever the file says of itself.
  duration_ms integer CHECK (duration_ms BETWEEN 1 AND 900000),
  -- The loudest moment of each of so many equal parts, 0 to 255.
  waveform jsonb NOT NULL DEFAULT '[]' CHECK (jsonb_array_length(waveform) <= 100),
  bytes bigint NOT NULL DEFAULT 0 CHECK (bytes >= 0),
  place text NOT NULL CHECK (length(place) BETWEEN 1 AND 200),
  -- What shows it: `message:12`. Until then it is its owner's alone, and goes after a day.
  holder text CHECK (length(holder) <= 64),
  created_at timestamptz NOT NULL,
  ready_at timestamptz,
  deleted_at timestamptz,
  CHECK ((status = 'failed') = (failure_code IS NOT NULL)),
  CHECK ((status = 'ready') = (ready_at IS NOT NULL AND duration_ms IS NOT NULL))
);
CREATE INDEX media_sounds_by_owner ON media_sounds (owner_id, id DESC) WHERE deleted_at IS NULL;
CREATE INDEX media_sounds_by_holder ON media_sounds (holder) WHERE holder IS NOT NULL;
CREATE INDEX media_sounds_unused ON media_sounds (created_at) WHERE holder IS NULL AND deleted_at IS NULL;
