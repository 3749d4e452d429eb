CREATE TABLE http_idempotency (
  owner text NOT NULL CHECK (length(owner) <= 200),
  key text NOT NULL CHECK (length(key) BETWEEN 1 AND 128),
  fingerprint text NOT NULL,
  run uuid NOT NULL,
  state text NOT NULL CHECK (state IN ('pending', 'done', 'failed')),
  status smallint,
  body text CHECK (length(body) <= 262144),
  at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (owner, key)
);
CREATE INDEX http_idempotency_by_age ON http_idempotency (at);
