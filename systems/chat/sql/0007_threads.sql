-- Who follows a thread, and how far they read in it. Writing in it, being named in it and having begun it make one follow; leaving it
-- by hand holds until one writes in it again.
CREATE TABLE chat_thread_follows (
  root_id bigint NOT NULL,
  person_id bigint NOT NULL,
  since timestamptz NOT NULL,
  left_at timestamptz,
  -- Read up to here. It never goes back.
  read_seq bigint NOT NULL DEFAULT 0 CHECK (read_seq >= 0),
  PRIMARY KEY (root_id, person_id)
);
CREATE INDEX chat_thread_follows_of_person ON chat_thread_follows (person_id, root_id) WHERE left_at IS NULL;

-- Threads from before: who wrote in them follows them, and has read them.
INSERT INTO chat_thread_follows (root_id, person_id, since, read_seq)
SELECT t.root_id, w.author_id, t.last_at, t.last_seq
FROM (SELECT root_id, max(seq) AS last_seq, max(created_at) AS last_at FROM chat_messages WHERE root_id IS NOT NULL GROUP BY root_id) t
CROSS JOIN LATERAL (
  SELECT author_id FROM chat_messages WHERE root_id = t.root_id AND deleted_at IS NULL
  UNION SELECT author_id FROM chat_messages WHERE id = t.root_id AND deleted_at IS NULL
) w;
