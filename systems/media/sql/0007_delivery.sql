-- Since when somebody is to see less than before: signed addresses that were given to them earlier hold no more. A person, or a
-- credential of theirs that was revoked. Rows go when every address of that time has expired.
CREATE TABLE media_narrowings (
  subject text PRIMARY KEY CHECK (subject ~ '^(person|session|token):[0-9A-Za-z_-]{1,64}$'),
  at timestamptz NOT NULL
);
CREATE INDEX media_narrowings_at ON media_narrowings (at);
