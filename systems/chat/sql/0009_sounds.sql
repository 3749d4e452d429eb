-- A message may carry one sound: a voice note.
ALTER TABLE chat_messages ADD COLUMN sound_id bigint;
ALTER TABLE chat_messages DROP CONSTRAINT chat_messages_says_check;
ALTER TABLE chat_messages
  ADD CONSTRAINT chat_messages_says_check CHECK (deleted_at IS NOT NULL OR body <> '' OR video_id IS NOT NULL OR cardinality(image_ids) > 0
    OR forward_of_id IS NOT NULL OR sound_id IS NOT NULL),
  ADD CONSTRAINT chat_messages_sound_check CHECK (sound_id IS NULL
    OR (deleted_at IS NULL AND video_id IS NULL AND cardinality(image_ids) = 0));
ALTER TABLE chat_forwards ADD COLUMN voice boolean NOT NULL DEFAULT false;
