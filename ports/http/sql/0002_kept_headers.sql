-- Of a kept answer, the headers that say where it is and in which version: a JSON object.
ALTER TABLE http_idempotency ADD COLUMN headers text CHECK (length(headers) <= 4096);
