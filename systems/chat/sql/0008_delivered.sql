-- Up to where messages have arrived at somebody, in direct channels and groups. Not logged: it is worth less than what it would cost to
-- keep it over a crash of the database, for the next message that arrives says it anew, and what was read has arrived.
CREATE UNLOGGED TABLE chat_delivered (
  channel_id bigint NOT NULL,
  person_id bigint NOT NULL,
  -- It never goes back.
  seq bigint NOT NULL CHECK (seq > 0),
  PRIMARY KEY (channel_id, person_id),
  FOREIGN KEY (channel_id, person_id) REFERENCES chat_members (channel_id, person_id) ON DELETE CASCADE
);
