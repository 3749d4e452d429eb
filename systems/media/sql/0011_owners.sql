-- Why nothing of somebody lies in the open: they are suspended, or they are private. What they add later is kept the same way.
CREATE TABLE media_owners (
  owner_id bigint PRIMARY KEY,
  suspended boolean NOT NULL DEFAULT false,
  private boolean NOT NULL DEFAULT false,
  changed_at timestamptz
);
INSERT INTO media_owners (owner_id, suspended, changed_at)
  SELECT owner_id, true, max(hidden_at) FROM (
    SELECT owner_id, hidden_at FROM media_videos WHERE hidden_at IS NOT NULL
    UNION ALL SELECT owner_id, hidden_at FROM media_images WHERE hidden_at IS NOT NULL
  ) hidden GROUP BY owner_id;
