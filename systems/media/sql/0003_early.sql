-- Its source is still being uploaded: it plays as far as that has come.
ALTER TABLE media_videos ADD COLUMN early boolean NOT NULL DEFAULT false;
