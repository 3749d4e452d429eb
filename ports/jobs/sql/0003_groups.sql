-- Claiming and ending in groups: one statement, one commit and one round trip for as many jobs as are at hand.
--
-- The planner takes an unknown LIMIT for a tenth of the table and would rather sort a backlog of 100,000 than walk the first
-- few of an index that is in order already. These functions read the heads of long lists and nothing else.
ALTER FUNCTION jobs_claim(text, text[], timestamptz[], integer[], integer[], integer[], integer) SET enable_bitmapscan = off;
ALTER FUNCTION jobs_claim(text, text[], timestamptz[], integer[], integer[], integer[], integer) SET enable_seqscan = off;
ALTER FUNCTION jobs_promote(text, text, integer) SET enable_bitmapscan = off;
ALTER FUNCTION jobs_promote(text, text, integer) SET enable_seqscan = off;
ALTER FUNCTION jobs_promote(text, text, integer) SET enable_sort = off;
ALTER FUNCTION jobs_queue_up(bigint, text, text, integer, text, float8, integer) SET enable_bitmapscan = off;
ALTER FUNCTION jobs_queue_up(bigint, text, text, integer, text, float8, integer) SET enable_seqscan = off;

-- Jobs that were done in a group: one row for all of them in place of a new version of each record. A record that says 'live'
-- and has no row in the queue is done. Kept for the time of the end, and to forget them by.
CREATE TABLE jobs_done (
  id bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
  ended_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  newest_id bigint NOT NULL,
  ids bigint[] NOT NULL CHECK (cardinality(ids) BETWEEN 1 AND 10000)
);
CREATE INDEX jobs_done_newest ON jobs_done (newest_id);

CREATE FUNCTION jobs_state(state text, queue_state text) RETURNS text IMMUTABLE LANGUAGE sql
RETURN CASE WHEN state <> 'live' THEN state WHEN queue_state IS NULL THEN 'done' WHEN queue_state = 'running' THEN 'running' ELSE 'queued' END;

-- Takes up to `wanted` jobs of one class, in their order. A last row without an id tells that there is work which this call
-- could not have for the moment. `tenant_max` of 0 is no bound.
CREATE FUNCTION jobs_take(of_class text, kinds text[], floors timestamptz[], kind_max integer[], lease_ms integer[], tenant_max integer[], wanted integer)
RETURNS TABLE (id bigint, slot smallint, kind text, token bigint, attempt integer, payload jsonb, cursor jsonb, expired boolean, told boolean, sort_at text)
LANGUAGE plpgsql SET plan_cache_mode = force_generic_plan SET enable_bitmapscan = off SET enable_seqscan = off AS $$
#variable_conflict use_column
DECLARE
  slots smallint[];
  ids bigint[];
  leases integer[];
  of_kinds text[];
  tenants text[];
  bounds integer[];
  bounded boolean;
  kept_slots smallint[] := '{}';
  kept_ids bigint[] := '{}';
  kept_leases integer[] := '{}';
  skipped boolean := false;
  running integer;
  taken integer;
BEGIN
  SELECT array_agg(h.slot), array_agg(h.job_id), array_agg(h.lease_ms), array_agg(h.kind), array_agg(h.tenant), array_agg(h.tenant_max),
    bool_or(h.tenant_max > 0 AND h.tenant IS NOT NULL)
  INTO slots, ids, leases, of_kinds, tenants, bounds, bounded
  FROM (
    SELECT k.kind, k.lease_ms, k.tenant_max, h.slot, h.job_id, h.tenant
    FROM unnest(kinds, floors, kind_max, lease_ms, tenant_max) AS k (kind, floor, n, lease_ms, tenant_max)
    CROSS JOIN LATERAL (
      SELECT q.slot, q.job_id, q.tenant, q.sort_at FROM jobs_queue q
      WHERE q.kind = k.kind AND q.class = of_class AND q.state = 'ready' AND q.sort_at >= k.floor
      ORDER BY q.sort_at LIMIT least(k.n, wanted) FOR UPDATE SKIP LOCKED) h
    ORDER BY h.sort_at LIMIT wanted) h;
  IF bounded THEN
    FOR i IN 1 .. cardinality(ids) LOOP
      IF bounds[i] > 0 AND tenants[i] IS NOT NULL THEN
        -- Two nodes that count at the same time would both find room.
        IF NOT pg_try_advisory_xact_lock(hashtextextended(of_kinds[i] || chr(31) || tenants[i], 5203)) THEN
          skipped := true;
          CONTINUE;
        END IF;
        SELECT count(*) INTO running FROM jobs_queue q WHERE q.kind = of_kinds[i] AND q.tenant = tenants[i] AND q.state = 'running';
        FOR j IN 1 .. i - 1 LOOP
          IF tenants[j] = tenants[i] AND of_kinds[j] = of_kinds[i] AND ids[j] = ANY (kept_ids) THEN running := running + 1; END IF;
        END LOOP;
        IF running >= bounds[i] THEN
          UPDATE jobs_queue q SET state = 'lane' WHERE q.slot = slots[i] AND q.job_id = ids[i];
          skipped := true;
          CONTINUE;
        END IF;
      END IF;
      kept_slots := kept_slots || slots[i];
      kept_ids := kept_ids || ids[i];
      kept_leases := kept_leases || leases[i];
    END LOOP;
    slots := kept_slots;
    ids := kept_ids;
    leases := kept_leases;
  END IF;
  taken := coalesce(cardinality(ids), 0);
  IF taken > 0 THEN
    RETURN QUERY
      WITH claimed AS (
        UPDATE jobs_queue q SET state = 'running', token = nextval('jobs_tokens'), attempt = q.attempt + 1,
          wakes_at = clock_timestamp() + make_interval(secs => c.lease_ms / 1000.0)
        FROM unnest(slots, ids, leases) AS c (slot, job_id, lease_ms)
        WHERE q.slot = c.slot AND q.job_id = c.job_id RETURNING q.job_id, q.slot, q.kind, q.token, q.attempt, q.sort_at)
      SELECT claimed.job_id, claimed.slot, claimed.kind, claimed.token, claimed.attempt, j.payload, j.cursor,
        coalesce(j.deadline_at < clock_timestamp(), false),
        claimed.attempt > 1 OR j.unique_key IS NOT NULL, claimed.sort_at::text
      FROM claimed JOIN jobs_jobs j ON j.id = claimed.job_id ORDER BY claimed.sort_at;
  END IF;
  -- Found less than wanted: is the class empty, or does another node hold its head for a moment?
  IF taken < wanted AND (skipped OR EXISTS (
    SELECT FROM unnest(kinds, floors) k (kind, floor) CROSS JOIN LATERAL (
      SELECT FROM jobs_queue q WHERE q.kind = k.kind AND q.class = of_class AND q.state = 'ready' AND q.sort_at >= k.floor
      ORDER BY q.sort_at LIMIT 1) h)) THEN
    RETURN QUERY SELECT NULL::bigint, NULL::smallint, NULL::text, NULL::bigint, NULL::integer, NULL::jsonb, NULL::jsonb, NULL::boolean, NULL::boolean, NULL::text;
  END IF;
END $$;

-- Ends claims as done. `ended` are the tokens that were still the caller's: a zombie's is not among them, and nothing of it
-- is changed. A few at once, and those of whom more is to be told (`told`: a unique key to be set free, more than one try),
-- are written down one by one; the others share a row.
CREATE FUNCTION jobs_finish(ids bigint[], slots smallint[], tokens bigint[], told boolean[], few integer, step_s integer,
  OUT ended bigint[], OUT classes text[])
LANGUAGE plpgsql SET plan_cache_mode = force_generic_plan SET enable_bitmapscan = off SET enable_seqscan = off AS $$
DECLARE
  plain bigint[];
  told_ids bigint[];
  told_attempts integer[];
  lanes jsonb;
  found_ended bigint[];
  found_plain bigint[];
  found_told_ids bigint[];
  found_told_attempts integer[];
  found_lanes jsonb;
BEGIN
  WITH gone AS (
    DELETE FROM jobs_queue q USING unnest(ids, slots, tokens, told) AS m (id, slot, token, told)
    WHERE q.slot = m.slot AND q.job_id = m.id AND q.token = m.token
    RETURNING q.job_id, q.token, q.kind, q.tenant, q.attempt, m.told OR cardinality(ids) <= few AS told)
  SELECT coalesce(array_agg(token), '{}'), array_agg(job_id) FILTER (WHERE NOT gone.told), array_agg(job_id) FILTER (WHERE gone.told),
    array_agg(attempt) FILTER (WHERE gone.told), jsonb_agg(jsonb_build_array(kind, tenant)) FILTER (WHERE tenant IS NOT NULL)
  INTO ended, plain, told_ids, told_attempts, lanes FROM gone;
  IF cardinality(ended) < cardinality(ids) THEN
    -- Moved to another slot meanwhile, or a zombie's.
    WITH gone AS (
      DELETE FROM jobs_queue q USING unnest(ids, tokens, told) AS m (id, token, told)
      WHERE q.job_id = m.id AND q.token = m.token AND NOT m.token = ANY (ended)
      RETURNING q.job_id, q.token, q.kind, q.tenant, q.attempt, m.told OR cardinality(ids) <= few AS told)
    SELECT array_agg(token), array_agg(job_id) FILTER (WHERE NOT gone.told), array_agg(job_id) FILTER (WHERE gone.told),
      array_agg(attempt) FILTER (WHERE gone.told), jsonb_agg(jsonb_build_array(kind, tenant)) FILTER (WHERE tenant IS NOT NULL)
    INTO found_ended, found_plain, found_told_ids, found_told_attempts, found_lanes FROM gone;
    ended := ended || found_ended;
    plain := plain || found_plain;
    told_ids := told_ids || found_told_ids;
    told_attempts := told_attempts || found_told_attempts;
    lanes := coalesce(lanes || found_lanes, lanes, found_lanes);
  END IF;
  IF told_ids IS NOT NULL THEN
    UPDATE jobs_jobs j SET state = 'done', reason = NULL, attempt = g.attempt, ended_at = clock_timestamp(), progress = 1
    FROM unnest(told_ids, told_attempts) g (id, attempt) WHERE j.id = g.id;
  END IF;
  IF plain IS NOT NULL THEN
    INSERT INTO jobs_done (newest_id, ids) VALUES ((SELECT max(i) FROM unnest(plain) i), plain);
  END IF;
  classes := '{}';
  IF lanes IS NOT NULL THEN
    classes := ARRAY(SELECT DISTINCT p FROM (SELECT DISTINCT w ->> 0 AS kind, w ->> 1 AS tenant FROM jsonb_array_elements(lanes) w) l
      CROSS JOIN LATERAL jobs_promote(l.kind, l.tenant, step_s) p);
  END IF;
END $$;

-- Gives claims back as if they had not been tried.
CREATE FUNCTION jobs_hand_back(ids bigint[], tokens bigint[]) RETURNS bigint LANGUAGE sql AS $$
  WITH back AS (
    UPDATE jobs_queue q SET token = NULL, state = 'ready', wakes_at = NULL, attempt = q.attempt - 1
    FROM unnest(ids, tokens) AS m (id, token) WHERE q.job_id = m.id AND q.token = m.token RETURNING 1)
  SELECT count(*) FROM back
$$;
