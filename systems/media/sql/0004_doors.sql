-- Files also come by tus, by S3's own protocol, and from an address elsewhere; all of them are uploads.
ALTER TABLE media_uploads
  DROP CONSTRAINT media_uploads_check,
  DROP CONSTRAINT media_uploads_size_bytes_check,
  DROP CONSTRAINT media_uploads_part_size_bytes_check,
  DROP CONSTRAINT media_uploads_part_count_check,
  DROP CONSTRAINT media_uploads_state_check;
ALTER TABLE media_uploads
  ADD COLUMN door text NOT NULL DEFAULT 'parts' CHECK (door IN ('parts', 'tus', 's3', 'import')),
  -- False while nobody knows the length: what stands in size_bytes is then what came or is promised so far.
  ADD COLUMN sized boolean NOT NULL DEFAULT true,
  -- Of what comes in order: every byte below is durable and acknowledged.
  ADD COLUMN offset_bytes bigint NOT NULL DEFAULT 0 CHECK (offset_bytes >= 0),
  -- The space that it is for, and against whose room it counts.
  ADD COLUMN space_id bigint,
  -- What it becomes by itself once it is whole: {title, description, audience, space_id}.
  ADD COLUMN becomes json CHECK (pg_column_size(becomes) <= 65536 AND json_typeof(becomes) = 'object'),
  -- What its client said of it, given back as it was.
  ADD COLUMN told json CHECK (pg_column_size(told) <= 32768 AND json_typeof(told) = 'object'),
  ADD COLUMN object_key text CHECK (length(object_key) BETWEEN 1 AND 1024),
  -- Who writes to it now, and until when they hold it without saying so again.
  ADD COLUMN writer text CHECK (length(writer) <= 64),
  ADD COLUMN written_until timestamptz,
  -- Where it is fetched from, and the ETag of what is fetched.
  ADD COLUMN source_url text CHECK (length(source_url) BETWEEN 1 AND 2048),
  ADD COLUMN source_etag text CHECK (length(source_etag) <= 256),
  ADD COLUMN job_id text CHECK (length(job_id) <= 64),
  ADD COLUMN failure_code text CHECK (length(failure_code) <= 64),
  ADD COLUMN failure_detail text CHECK (length(failure_detail) <= 500),
  ADD CONSTRAINT media_uploads_state CHECK (state IN ('open', 'importing', 'complete', 'failed', 'freeing')),
  ADD CONSTRAINT media_uploads_cut CHECK (
    CASE WHEN sized THEN size_bytes > 0 AND part_count BETWEEN 1 AND 10000
        AND (part_count - 1)::bigint * part_size_bytes < size_bytes AND part_count::bigint * part_size_bytes >= size_bytes
      ELSE size_bytes >= 0 AND part_count = 0 END),
  -- The house's own cut. An S3 client cuts as it likes, and nothing is written here of that.
  ADD CONSTRAINT media_uploads_part_size CHECK (part_size_bytes BETWEEN CASE WHEN sized THEN 1 ELSE 0 END AND 67108864),
  ADD CONSTRAINT media_uploads_offset CHECK (offset_bytes <= size_bytes),
  ADD CONSTRAINT media_uploads_failed CHECK ((state = 'failed') <= (failure_code IS NOT NULL)),
  ADD CONSTRAINT media_uploads_import CHECK ((state = 'importing') <= (source_url IS NOT NULL));
CREATE INDEX media_uploads_by_key ON media_uploads (owner_id, object_key, id DESC) WHERE object_key IS NOT NULL;
CREATE INDEX media_uploads_by_space ON media_uploads (space_id) WHERE space_id IS NOT NULL;
CREATE INDEX media_videos_by_space ON media_videos (space_id) WHERE space_id IS NOT NULL AND deleted_at IS NULL;
CREATE INDEX media_images_by_space ON media_images (space_id) WHERE space_id IS NOT NULL AND deleted_at IS NULL;

-- What an S3 client promised of each part, so that a part sent again does not count twice.
CREATE TABLE media_upload_parts (
  upload_id bigint NOT NULL REFERENCES media_uploads (id) ON DELETE CASCADE,
  part_number integer NOT NULL CHECK (part_number BETWEEN 1 AND 10000),
  size_bytes bigint NOT NULL CHECK (size_bytes BETWEEN 1 AND 5368709120),
  PRIMARY KEY (upload_id, part_number)
);
