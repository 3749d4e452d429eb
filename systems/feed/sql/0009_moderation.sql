-- What moderators take out of sight stays as it is, so that it can come back; who and why is told by the moderation system.
ALTER TABLE feed_posts
  ADD COLUMN hidden_at timestamptz,
  ADD COLUMN hidden_by bigint,
  ADD CONSTRAINT feed_posts_hidden_check CHECK ((hidden_at IS NULL) = (hidden_by IS NULL));
ALTER TABLE feed_comments
  ADD COLUMN hidden_at timestamptz,
  ADD COLUMN hidden_by bigint,
  ADD CONSTRAINT feed_comments_hidden_check CHECK ((hidden_at IS NULL) = (hidden_by IS NULL));
