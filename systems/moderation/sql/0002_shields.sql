-- What is usual is learned from the house's own last weeks: one sum for each hour, and whether it was a calm one.
CREATE TABLE moderation_shield_hours (
  kind text NOT NULL CHECK (kind IN ('sign_up', 'posting', 'uploading')),
  hour timestamptz NOT NULL,
  events integer NOT NULL CHECK (events >= 0),
  calm boolean NOT NULL,
  PRIMARY KEY (kind, hour)
);
-- How much of a rate is one person's doing: who is counted, and how often, within ten minutes.
CREATE TABLE moderation_shield_shares (
  kind text NOT NULL,
  person_id bigint NOT NULL,
  since timestamptz NOT NULL,
  events integer NOT NULL CHECK (events > 0),
  PRIMARY KEY (kind, person_id, since)
);
CREATE INDEX moderation_shield_shares_by_time ON moderation_shield_shares (since);
-- From which networks people came in by the open door, for as long as that is asked: two hours.
CREATE TABLE moderation_shield_networks (
  network text NOT NULL CHECK (char_length(network) <= 64),
  minute timestamptz NOT NULL,
  came integer NOT NULL CHECK (came > 0),
  PRIMARY KEY (network, minute)
);
CREATE INDEX moderation_shield_networks_by_time ON moderation_shield_networks (minute);
-- Who came in with somebody's word for them. A row goes when its person is new no more.
CREATE TABLE moderation_vouched (
  person_id bigint PRIMARY KEY
);
