-- What people are asked in a message; its words are the question. Whoever votes takes this row and no other, so sums are exact at once.
CREATE TABLE chat_polls (
  message_id bigint PRIMARY KEY,
  options text[] NOT NULL CHECK (cardinality(options) BETWEEN 2 AND 8 AND length(array_to_string(options, '')) BETWEEN 2 AND 800),
  multiple boolean NOT NULL,
  hides_results boolean NOT NULL,
  ends_at timestamptz NOT NULL,
  -- Its end was told; by whom where it was ended by hand.
  ended_at timestamptz,
  ended_by bigint,
  voters integer NOT NULL DEFAULT 0 CHECK (voters >= 0),
  votes integer[] NOT NULL CHECK (cardinality(votes) = cardinality(options) AND 0 <= ALL (votes)),
  CHECK (ended_by IS NULL OR ended_at IS NOT NULL)
);

CREATE TABLE chat_ballots (
  message_id bigint NOT NULL REFERENCES chat_polls (message_id) ON DELETE CASCADE,
  person_id bigint NOT NULL,
  -- Places among the options, from 0.
  choices smallint[] NOT NULL CHECK (cardinality(choices) BETWEEN 1 AND 8 AND 0 <= ALL (choices) AND 7 >= ALL (choices)),
  at timestamptz NOT NULL,
  PRIMARY KEY (message_id, person_id)
);
CREATE INDEX chat_ballots_by_person ON chat_ballots (person_id, message_id);
