-- Programs outside hear of what is written here: then the channel tells of its messages on the log too, where they are waited for.
ALTER TABLE chat_channels ADD COLUMN watched_at timestamptz;

-- Under which name and sign a program said it; its own where nothing stands here.
ALTER TABLE chat_messages
  ADD COLUMN guise_name text CHECK (length(guise_name) BETWEEN 1 AND 80),
  ADD COLUMN guise_emoji text CHECK (length(guise_emoji) BETWEEN 1 AND 32);
