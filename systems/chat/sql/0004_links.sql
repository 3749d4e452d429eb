-- The card of a message's first link, as the feed's book of links names it. Its author may take it away.
ALTER TABLE chat_messages
  ADD COLUMN link_id bigint,
  ADD COLUMN link_hidden_at timestamptz,
  ADD CONSTRAINT chat_messages_link_check CHECK ((link_hidden_at IS NULL OR link_id IS NOT NULL) AND (link_id IS NULL OR deleted_at IS NULL));
