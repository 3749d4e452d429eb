-- Whoever deletes their account takes their words along. A comment's place may have to stay for its replies, so its words
-- go as a post's do: `purged_at` says when, and only then may there be none.
ALTER TABLE feed_comments
  ADD COLUMN purged_at timestamptz,
  DROP CONSTRAINT feed_comments_text_check,
  ADD CONSTRAINT feed_comments_text_check CHECK (length(text) <= 2000),
  ADD CONSTRAINT feed_comments_words_check CHECK ((text = '') = (purged_at IS NOT NULL)),
  ADD CONSTRAINT feed_comments_purged_check CHECK (purged_at IS NULL OR deleted_at IS NOT NULL);

-- What one person left, found without reading what everybody left.
CREATE INDEX feed_posts_living_by_author ON feed_posts (author_id, id) WHERE deleted_at IS NULL;
CREATE INDEX feed_comments_unpurged_by_author ON feed_comments (author_id, id) WHERE purged_at IS NULL;
CREATE INDEX feed_comment_likes_by_person ON feed_comment_likes (person_id, comment_id);
