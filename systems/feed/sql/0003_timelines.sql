-- How homes are made, where an admin chose. One row or none; none means: as the configuration says.
CREATE TABLE feed_timeline_choice (
  one boolean PRIMARY KEY DEFAULT true CHECK (one),
  strategy text NOT NULL CHECK (strategy IN ('pull', 'push', 'hybrid', 'plain')),
  push_followers_max integer NOT NULL CHECK (push_followers_max BETWEEN 0 AND 100000000),
  changed_at timestamptz NOT NULL,
  changed_by bigint
);
