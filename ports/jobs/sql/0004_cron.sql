-- Kinds that run by the calendar. `next_at` is their next time, null when it has to be found out anew.
ALTER TABLE jobs_kinds
  ADD COLUMN cron text CHECK (length(cron) BETWEEN 1 AND 100),
  ADD COLUMN time_zone text CHECK (length(time_zone) BETWEEN 1 AND 100),
  ADD CONSTRAINT jobs_kinds_cron CHECK ((cron IS NULL) = (time_zone IS NULL) AND (cron IS NULL OR every_ms IS NULL));

-- Takes the time `was` for the caller, and says when the next is. One of several nodes wins. Returns the class that got a job.
CREATE FUNCTION jobs_on_time(of_kind text, expression text, zone text, was timestamptz, next timestamptz, step_s integer) RETURNS text LANGUAGE plpgsql AS $$
DECLARE of_class text;
BEGIN
  UPDATE jobs_kinds k SET next_at = next
  WHERE k.name = of_kind AND k.cron = expression AND k.time_zone = zone AND k.next_at IS NOT DISTINCT FROM was RETURNING k.class INTO of_class;
  IF NOT FOUND OR was IS NULL THEN RETURN NULL; END IF;
  PERFORM jobs_enqueue(of_kind, '{}', of_class, 0, 0, NULL, 'every', NULL, step_s);
  RETURN of_class;
END $$;

-- As before, save that it never walks over a backlog to see whether there is one, and knows of the calendar. What time alone brings about, for the kinds of one node: delays that are over, lanes with room, kinds that run by
-- themselves. Returns the classes with something to claim, and the ms until the next of these.
CREATE OR REPLACE FUNCTION jobs_sweep(kinds text[], step_s integer, OUT classes text[], OUT next_ms float8, OUT lapsed boolean)
LANGUAGE plpgsql SET plan_cache_mode = force_generic_plan SET enable_bitmapscan = off SET enable_seqscan = off AS $$
DECLARE k record;
BEGIN
  UPDATE jobs_queue q SET state = 'ready', wakes_at = NULL FROM (
    SELECT d.slot, d.job_id FROM jobs_queue d WHERE d.state IN ('waiting', 'running') AND d.state = 'waiting'
      AND d.wakes_at <= clock_timestamp() AND d.kind = ANY (kinds) ORDER BY d.wakes_at LIMIT 1000 FOR UPDATE SKIP LOCKED) due
  WHERE q.slot = due.slot AND q.job_id = due.job_id;
  FOR k IN
    -- Intervals that passed while nobody looked are not made up.
    UPDATE jobs_kinds SET next_at = CASE WHEN next_at + make_interval(secs => every_ms / 1000.0) > clock_timestamp()
      THEN next_at ELSE clock_timestamp() END + make_interval(secs => every_ms / 1000.0)
    WHERE name IN (SELECT name FROM jobs_kinds WHERE name = ANY (kinds) AND every_ms IS NOT NULL AND next_at <= clock_timestamp() FOR UPDATE SKIP LOCKED)
    RETURNING name, class
  LOOP
    PERFORM jobs_enqueue(k.name, '{}', k.class, 0, 0, NULL, 'every', NULL, step_s);
  END LOOP;
  FOR k IN
    WITH RECURSIVE lanes AS (
      (SELECT q.kind, q.tenant FROM jobs_queue q WHERE q.state = 'lane' ORDER BY q.kind, q.tenant LIMIT 1)
      UNION ALL
      SELECT n.* FROM lanes l CROSS JOIN LATERAL (
        SELECT q.kind, q.tenant FROM jobs_queue q WHERE q.state = 'lane' AND (q.kind, q.tenant) > (l.kind, l.tenant)
        ORDER BY q.kind, q.tenant LIMIT 1) n
    ) SELECT kind, tenant FROM lanes WHERE kind = ANY (kinds)
  LOOP
    PERFORM jobs_promote(k.kind, k.tenant, step_s);
  END LOOP;
  SELECT coalesce(array_agg(DISTINCT c.class), '{}') INTO classes FROM unnest(ARRAY['interactive', 'batch', 'maintenance']) c (class)
  CROSS JOIN unnest(kinds) n (kind)
  CROSS JOIN LATERAL (SELECT FROM jobs_queue q WHERE q.kind = n.kind AND q.class = c.class AND q.state = 'ready' ORDER BY q.sort_at LIMIT 1) h;
  SELECT extract(epoch FROM least(
    (SELECT q.wakes_at FROM jobs_queue q WHERE q.state IN ('waiting', 'running') AND q.kind = ANY (kinds) ORDER BY q.wakes_at LIMIT 1),
    (SELECT min(next_at) FROM jobs_kinds WHERE name = ANY (kinds) AND (every_ms IS NOT NULL OR cron IS NOT NULL))) - clock_timestamp()) * 1000 INTO next_ms;
  SELECT EXISTS (SELECT FROM jobs_queue q WHERE q.state IN ('waiting', 'running') AND q.state = 'running'
    AND q.wakes_at <= clock_timestamp() AND q.kind = ANY (kinds)) INTO lapsed;
END $$;
