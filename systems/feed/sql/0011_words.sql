-- A comment may be warned of and marked, as a post may.
ALTER TABLE feed_comments
  ADD COLUMN content_warning text CHECK (length(content_warning) BETWEEN 1 AND 200),
  ADD COLUMN sensitive boolean NOT NULL DEFAULT false;
ALTER TABLE feed_comment_edits
  ADD COLUMN content_warning text CHECK (length(content_warning) BETWEEN 1 AND 200);

-- How many posts quote a post: living ones, still attached, for more people than their author.
ALTER TABLE feed_counts ADD COLUMN quotes bigint NOT NULL DEFAULT 0;
ALTER TABLE feed_count_deltas ADD COLUMN quotes smallint NOT NULL DEFAULT 0 CHECK (quotes BETWEEN -1 AND 1);
INSERT INTO feed_counts AS c (subject_id, quotes)
  SELECT quote_id, count(*) FROM feed_posts
  WHERE quote_id IS NOT NULL AND quote_detached_at IS NULL AND deleted_at IS NULL AND audience <> 'private' GROUP BY quote_id
  ON CONFLICT (subject_id) DO UPDATE SET quotes = excluded.quotes;

-- What was taken out of a post by its author stays out of it, whatever is edited there.
CREATE TABLE feed_quotes_detached (
  post_id bigint NOT NULL REFERENCES feed_posts (id),
  quoted_id bigint NOT NULL,
  by_id bigint NOT NULL,
  at timestamptz NOT NULL,
  PRIMARY KEY (post_id, quoted_id)
);
INSERT INTO feed_quotes_detached (post_id, quoted_id, by_id, at)
  SELECT id, quote_id, quote_detached_by, quote_detached_at FROM feed_posts WHERE quote_detached_at IS NOT NULL;

-- When somebody's memory of what they saw was emptied last: what is older may have been counted of them already.
ALTER TABLE feed_seen_people ADD COLUMN forgot_at timestamptz;

-- What somebody spoke for and took back: should they speak for it again, nothing is learned from it a second time.
CREATE TABLE feed_for_you_taken_back (
  person_id bigint NOT NULL,
  post_id bigint NOT NULL,
  at timestamptz NOT NULL,
  PRIMARY KEY (person_id, post_id)
);
CREATE INDEX feed_for_you_taken_back_by_age ON feed_for_you_taken_back (at);
CREATE INDEX feed_for_you_taken_back_by_post ON feed_for_you_taken_back (post_id);

-- What somebody wrote that is not for everybody who reads them: few, and left out where it is told how much they write.
CREATE INDEX feed_posts_for_few ON feed_posts (author_id, id DESC)
  WHERE deleted_at IS NULL AND (audience IN ('private', 'space') OR hidden_at IS NOT NULL);
