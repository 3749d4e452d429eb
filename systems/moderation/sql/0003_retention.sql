-- What was kept of a case goes when the case has long been closed; its hash, and that there was something, stay.
ALTER TABLE moderation_snapshots
  ALTER COLUMN content DROP NOT NULL,
  ADD COLUMN erased_at timestamptz,
  ADD CONSTRAINT moderation_snapshots_erased_check CHECK ((content IS NULL) = (erased_at IS NOT NULL));
CREATE INDEX moderation_snapshots_kept ON moderation_snapshots (case_id) WHERE content IS NOT NULL;

-- A row is written once, and its content leaves it once, after its case was closed. Nothing else happens to it.
CREATE FUNCTION moderation_erase_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.content IS NOT NULL AND NEW.content IS NULL
    AND (NEW.id, NEW.case_id, NEW.at, NEW.hash) = (OLD.id, OLD.case_id, OLD.at, OLD.hash)
    AND EXISTS (SELECT 1 FROM moderation_cases c WHERE c.id = OLD.case_id AND c.closed_at IS NOT NULL)
  THEN RETURN NEW; END IF;
  RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END $$;
DROP TRIGGER moderation_snapshots_append_only ON moderation_snapshots;
CREATE TRIGGER moderation_snapshots_append_only BEFORE DELETE OR TRUNCATE ON moderation_snapshots
  FOR EACH STATEMENT EXECUTE FUNCTION moderation_append_only();
CREATE TRIGGER moderation_snapshots_erase_only BEFORE UPDATE ON moderation_snapshots
  FOR EACH ROW EXECUTE FUNCTION moderation_erase_only();
