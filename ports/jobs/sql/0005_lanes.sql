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
