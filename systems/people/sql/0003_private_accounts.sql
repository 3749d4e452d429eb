-- Whoever is private shows what they post to those whom they let follow them; a follow of them is asked for.
ALTER TABLE people_persons ADD COLUMN private_at timestamptz;

CREATE TABLE people_follow_requests (
  requester_id bigint NOT NULL REFERENCES people_persons (id),
  followee_id bigint NOT NULL REFERENCES people_persons (id),
  at timestamptz NOT NULL,
  PRIMARY KEY (followee_id, requester_id),
  CHECK (requester_id <> followee_id)
);
CREATE INDEX people_follow_requests_in_order ON people_follow_requests (followee_id, at DESC, requester_id DESC);
CREATE INDEX people_follow_requests_by ON people_follow_requests (requester_id);
