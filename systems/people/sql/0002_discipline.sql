-- A suspension may end by itself. Who is limited is seen by those who follow them, and by nobody who did not look for them.
ALTER TABLE people_persons
  ADD COLUMN suspended_until timestamptz,
  ADD COLUMN limited_at timestamptz,
  ADD COLUMN limited_by bigint,
  ADD CONSTRAINT people_persons_until_check CHECK (suspended_until IS NULL OR suspended_at IS NOT NULL);
CREATE INDEX people_persons_officers ON people_persons (id) WHERE role <> 'member' AND deleted_at IS NULL;
