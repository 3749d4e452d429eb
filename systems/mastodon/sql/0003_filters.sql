-- Mastodon's filters have a name and several words; the house mutes words. So a filter is a name over some of somebody's muted words,
-- and what each of them does is the house's to know. Words that are in none are a filter each, by themselves.
CREATE TABLE mastodon_filters (
  id bigint PRIMARY KEY,
  person_id bigint NOT NULL,
  title text NOT NULL CHECK (char_length(title) BETWEEN 1 AND 200),
  word_ids bigint[] NOT NULL CHECK (cardinality(word_ids) <= 20),
  -- What its next words will be like.
  action text NOT NULL CHECK (action IN ('warn', 'hide')),
  place text NOT NULL CHECK (place IN ('home', 'everywhere')),
  expires_at timestamptz,
  created_at timestamptz NOT NULL
);
CREATE INDEX mastodon_filters_of ON mastodon_filters (person_id, id);
