-- Whether a job lies down in its tenant's lane is decided by rows that others are about to change: one transaction counts a
-- running job and lies down, another ends that job and sees nobody in the lane, both commit, and the job lies there beside
-- free room. No lock between the two: either may be a writer's own transaction, which lasts as long as it likes. So each looks
-- again after its commit, and the later of the two sees what both did.
CREATE FUNCTION jobs_look_in_lanes(kinds text[], tenants text[], step_s integer) RETURNS text[]
LANGUAGE plpgsql SET plan_cache_mode = force_generic_plan SET enable_bitmapscan = off SET enable_seqscan = off AS $$
BEGIN
  RETURN ARRAY(SELECT DISTINCT p FROM unnest(kinds, tenants) l (kind, tenant)
    CROSS JOIN LATERAL (
      SELECT FROM jobs_queue q WHERE q.kind = l.kind AND q.tenant = l.tenant AND q.state = 'lane' ORDER BY q.sort_at LIMIT 1) h
    CROSS JOIN LATERAL jobs_promote(l.kind, l.tenant, step_s) p);
END $$;

-- With a LIMIT that it does not know the planner would walk the whole queue to join a few rows to it, and so it planned anew for
-- each call, which took 1 to 3 ms, some twenty times what the call itself does.
ALTER FUNCTION jobs_promote(text, text, integer) SET plan_cache_mode = force_generic_plan;
ALTER FUNCTION jobs_promote(text, text, integer) SET enable_hashjoin = off;
ALTER FUNCTION jobs_promote(text, text, integer) SET enable_mergejoin = off;
ALTER FUNCTION jobs_queue_up(bigint, text, text, integer, text, float8, integer) SET plan_cache_mode = force_generic_plan;

-- As before, save that it tells each job's tenant, and whom it sent to a lane: rows without an id, with a kind and a tenant.
-- A node from before takes these for work that it could not have for the moment.
DROP FUNCTION jobs_take(text, text[], timestamptz[], integer[], integer[], integer[], integer);
CREATE FUNCTION jobs_take(of_class text, kinds text[], floors timestamptz[], kind_max integer[], lease_ms integer[], tenant_max integer[], wanted integer)
RETURNS TABLE (id bigint, slot smallint, kind text, token bigint, attempt integer, payload jsonb, cursor jsonb, expired boolean, told boolean, sort_at text, tenant text)
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
  lane_kinds text[] := '{}';
  lane_tenants text[] := '{}';
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
          lane_kinds := lane_kinds || of_kinds[i];
          lane_tenants := lane_tenants || tenants[i];
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
        WHERE q.slot = c.slot AND q.job_id = c.job_id RETURNING q.job_id, q.slot, q.kind, q.token, q.attempt, q.sort_at, q.tenant)
      SELECT claimed.job_id, claimed.slot, claimed.kind, claimed.token, claimed.attempt, j.payload, j.cursor,
        coalesce(j.deadline_at < clock_timestamp(), false),
        claimed.attempt > 1 OR j.unique_key IS NOT NULL, claimed.sort_at::text, claimed.tenant
      FROM claimed JOIN jobs_jobs j ON j.id = claimed.job_id ORDER BY claimed.sort_at;
  END IF;
  IF cardinality(lane_kinds) > 0 THEN
    RETURN QUERY SELECT DISTINCT NULL::bigint, NULL::smallint, l.kind, NULL::bigint, NULL::integer, NULL::jsonb, NULL::jsonb, NULL::boolean, NULL::boolean,
      NULL::text, l.tenant FROM unnest(lane_kinds, lane_tenants) l (kind, tenant);
    RETURN;
  END IF;
  -- Found less than wanted: is the class empty, or does another node hold its head for a moment?
  IF taken < wanted AND (skipped OR EXISTS (
    SELECT FROM unnest(kinds, floors) k (kind, floor) CROSS JOIN LATERAL (
      SELECT FROM jobs_queue q WHERE q.kind = k.kind AND q.class = of_class AND q.state = 'ready' AND q.sort_at >= k.floor
      ORDER BY q.sort_at LIMIT 1) h)) THEN
    RETURN QUERY SELECT NULL::bigint, NULL::smallint, NULL::text, NULL::bigint, NULL::integer, NULL::jsonb, NULL::jsonb, NULL::boolean, NULL::boolean, NULL::text, NULL::text;
  END IF;
END $$;
