-- A bot is a person of a program: it is named, blocked and put out like anybody, and cannot sign in. Whose it is answers for it.
ALTER TABLE people_persons
  ADD COLUMN bot_owner_id bigint REFERENCES people_persons (id),
  ADD CONSTRAINT people_persons_bot_check CHECK (bot_owner_id IS NULL OR (password_hash IS NULL AND role = 'member'));
CREATE INDEX people_persons_bots ON people_persons (bot_owner_id) WHERE bot_owner_id IS NOT NULL AND deleted_at IS NULL;
