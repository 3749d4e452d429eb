-- A message that passes another one on. Its own words may be none.
ALTER TABLE chat_messages ADD COLUMN forward_of_id bigint;
DO $$
DECLARE
  name text;
BEGIN
  SELECT conname INTO STRICT name FROM pg_constraint
    WHERE conrelid = 'chat_messages'::regclass AND contype = 'c' AND pg_get_constraintdef(oid) LIKE '%body <> ''''%';
  EXECUTE format('ALTER TABLE chat_messages DROP CONSTRAINT %I', name);
END $$;
ALTER TABLE chat_messages
  ADD CONSTRAINT chat_messages_says_check CHECK (deleted_at IS NOT NULL OR body <> '' OR video_id IS NOT NULL OR cardinality(image_ids) > 0
    OR forward_of_id IS NOT NULL),
  ADD CONSTRAINT chat_messages_forward_check CHECK (forward_of_id IS NULL OR deleted_at IS NULL);

-- What was passed on, as it stood then. It goes with the message that it was, and with the one that passes it on.
CREATE TABLE chat_forwards (
  message_id bigint PRIMARY KEY,
  of_id bigint NOT NULL,
  author_id bigint NOT NULL,
  body text NOT NULL CHECK (length(body) <= 8000),
  images integer NOT NULL CHECK (images BETWEEN 0 AND 10),
  film boolean NOT NULL,
  at timestamptz NOT NULL
);
CREATE INDEX chat_forwards_of ON chat_forwards (of_id);
