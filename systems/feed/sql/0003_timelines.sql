-- How homes are made, where an admin chose. One row or none; none means: as the configuration says.
CREATE TABLE feed_timeline_choice (
  one boolean PRIMARY KEY DEFAULT true CHECK (one),
  strategy text NOT NULL CHECK (strategy IN ('pull', 'push', 'hybrid', 'plain')),
  push_followers_max integer NOT NULL CHECK (push_followers_max BETWEEN 0 AND 100000000),
  changed_at timestamptz NOT NULL,
  changed_by bigint
);

-- Who passed a post on last: a list shows a post by its newest entry alone.
CREATE INDEX feed_reposts_newest ON feed_reposts (post_id, entry_id DESC) INCLUDE (person_id);

-- How often homes are read, by the hour, of all nodes together; what a timeline costs is reckoned with it.
CREATE TABLE feed_home_reads (
  hour timestamptz PRIMARY KEY,
  reads bigint NOT NULL CHECK (reads > 0)
);
