-- On a node no tenant has the last of the hands that a class has: where one's jobs are many or long, another's would wait for one of
-- them to end, however fair the order of the queue is. So a claim is told how many more of whom its node may have, and leaves the
-- others where they are, ready, for another node or for later. There are few of these at the head of a list: the rest of a tenant's
-- jobs is in its lane.
DROP FUNCTION jobs_take(text, text[], timestamptz[], integer[], integer[], integer[], integer);

-- Claims, and of a tenant no more than `tenant_rooms` (in the order of `tenant_names`; `other_room` of whom is not there) and what may be
-- had ahead of its kind. What was claimed by itself is read from its record from then on. It tells each job's tenant, and with rows
-- without an id: with a kind and a tenant, whom it sent to a lane; with a kind and a place, where the first lies that was left, and
-- so where to begin the next time; with nothing, that there may be more.
CREATE FUNCTION jobs_take(of_class text, kinds text[], floors timestamptz[], kind_max integer[], lease_ms integer[], tenant_max integer[],
  tenant_ahead integer[], tenant_names text[], tenant_rooms integer[], other_room integer, wanted integer)
RETURNS TABLE (id bigint, slot smallint, kind text, token bigint, attempt integer, payload jsonb, cursor jsonb, expired boolean, told boolean, sort_at text, tenant text)
LANGUAGE plpgsql SET plan_cache_mode = force_generic_plan SET enable_bitmapscan = off SET enable_seqscan = off AS $$
#variable_conflict use_column
DECLARE
  slots smallint[] := '{}';
  ids bigint[] := '{}';
  leases integer[] := '{}';
  of_kinds text[] := '{}';
  tenants text[] := '{}';
  bounds integer[] := '{}';
  bounded boolean := false;
  kept_slots smallint[] := '{}';
  kept_ids bigint[] := '{}';
  kept_leases integer[] := '{}';
  skipped boolean := false;
  passed boolean := other_room <= 0;
  lane_kinds text[] := '{}';
  lane_tenants text[] := '{}';
  running integer;
  taken integer;
  had record;
  found record;
BEGIN
  FOR i IN 1 .. cardinality(tenant_rooms) LOOP passed := passed OR tenant_rooms[i] <= 0; END LOOP;
  LOOP
    taken := cardinality(ids);
    SELECT array_agg(h.slot) FILTER (WHERE h.fits) AS slots, array_agg(h.job_id) FILTER (WHERE h.fits) AS ids,
      array_agg(h.lease_ms) FILTER (WHERE h.fits) AS leases, array_agg(h.kind) FILTER (WHERE h.fits) AS kinds,
      array_agg(h.tenant) FILTER (WHERE h.fits) AS tenants, array_agg(h.tenant_max) FILTER (WHERE h.fits) AS bounds,
      bool_or(h.tenant_max > 0 AND h.tenant IS NOT NULL) AS bounded, bool_or(NOT h.fits) AS passed
    INTO found
    FROM (
      SELECT h.*, h.tenant IS NULL OR row_number() OVER (PARTITION BY h.tenant ORDER BY h.sort_at)
        <= coalesce(tenant_rooms[array_position(tenant_names, h.tenant)], other_room) + h.ahead AS fits
      FROM (
        SELECT k.kind, k.lease_ms, k.tenant_max, k.ahead, h.slot, h.job_id, h.tenant, h.sort_at
        FROM unnest(kinds, floors, kind_max, lease_ms, tenant_max, tenant_ahead) AS k (kind, floor, n, lease_ms, tenant_max, ahead)
        CROSS JOIN LATERAL (
          SELECT q.slot, q.job_id, q.tenant, q.sort_at FROM jobs_queue q
          WHERE q.kind = k.kind AND q.class = of_class AND q.state = 'ready' AND q.sort_at >= k.floor
            AND (q.tenant IS NULL OR coalesce(tenant_rooms[array_position(tenant_names, q.tenant)], other_room) + k.ahead > 0)
            AND (taken = 0 OR NOT q.job_id = ANY (ids))
          ORDER BY q.sort_at LIMIT least(k.n - coalesce(cardinality(array_positions(of_kinds, k.kind)), 0), wanted - taken) FOR UPDATE SKIP LOCKED) h
        ORDER BY h.sort_at LIMIT wanted - taken) h
      ORDER BY h.sort_at) h;
    slots := slots || found.slots;
    ids := ids || found.ids;
    leases := leases || found.leases;
    of_kinds := of_kinds || found.kinds;
    tenants := tenants || found.tenants;
    bounds := bounds || found.bounds;
    bounded := bounded OR coalesce(found.bounded, false);
    EXIT WHEN NOT coalesce(found.passed, false);
    passed := true;
    -- Those behind them may be somebody else's.
    FOR had IN SELECT t.tenant, count(*)::integer AS n FROM unnest(found.tenants) t (tenant) WHERE t.tenant IS NOT NULL GROUP BY t.tenant LOOP
      IF array_position(tenant_names, had.tenant) IS NULL THEN
        tenant_names := tenant_names || had.tenant;
        tenant_rooms := tenant_rooms || other_room;
      END IF;
      tenant_rooms[array_position(tenant_names, had.tenant)] := tenant_rooms[array_position(tenant_names, had.tenant)] - had.n;
    END LOOP;
    EXIT WHEN cardinality(ids) >= wanted OR found.ids IS NULL;
  END LOOP;
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
  taken := cardinality(ids);
  IF taken > 0 THEN
    RETURN QUERY
      WITH claimed AS (
        UPDATE jobs_queue q SET state = 'running', token = nextval('jobs_tokens'), attempt = q.attempt + 1, payload = NULL,
          wakes_at = clock_timestamp() + make_interval(secs => c.lease_ms / 1000.0)
        FROM unnest(slots, ids, leases) AS c (slot, job_id, lease_ms)
        WHERE q.slot = c.slot AND q.job_id = c.job_id RETURNING q.job_id, q.slot, q.kind, q.token, q.attempt, q.sort_at, q.tenant)
      SELECT claimed.job_id, claimed.slot, claimed.kind, claimed.token, claimed.attempt, j.payload, j.cursor,
        coalesce(j.deadline_at < clock_timestamp(), false),
        claimed.attempt > 1 OR j.unique_key IS NOT NULL, claimed.sort_at::text, claimed.tenant
      FROM claimed JOIN jobs_jobs j ON j.id = claimed.job_id ORDER BY claimed.sort_at;
  END IF;
  IF passed THEN
    RETURN QUERY SELECT NULL::bigint, NULL::smallint, k.kind, NULL::bigint, NULL::integer, NULL::jsonb, NULL::jsonb, NULL::boolean, NULL::boolean,
      h.sort_at::text, NULL::text
    FROM unnest(kinds, floors) k (kind, floor) CROSS JOIN LATERAL (
      SELECT q.sort_at FROM jobs_queue q WHERE q.kind = k.kind AND q.class = of_class AND q.state = 'ready' AND q.sort_at >= k.floor
      ORDER BY q.sort_at LIMIT 1) h;
  END IF;
  IF cardinality(lane_kinds) > 0 THEN
    RETURN QUERY SELECT DISTINCT NULL::bigint, NULL::smallint, l.kind, NULL::bigint, NULL::integer, NULL::jsonb, NULL::jsonb, NULL::boolean, NULL::boolean,
      NULL::text, l.tenant FROM unnest(lane_kinds, lane_tenants) l (kind, tenant);
    RETURN;
  END IF;
  -- Found less than wanted: is the class empty, or does another node hold its head for a moment?
  IF taken < wanted AND (skipped OR EXISTS (
    SELECT FROM unnest(kinds, floors, tenant_ahead) k (kind, floor, ahead) CROSS JOIN LATERAL (
      SELECT FROM jobs_queue q WHERE q.kind = k.kind AND q.class = of_class AND q.state = 'ready' AND q.sort_at >= k.floor
        AND (q.tenant IS NULL OR coalesce(tenant_rooms[array_position(tenant_names, q.tenant)], other_room) + k.ahead > 0)
      ORDER BY q.sort_at LIMIT 1) h)) THEN
    RETURN QUERY SELECT NULL::bigint, NULL::smallint, NULL::text, NULL::bigint, NULL::integer, NULL::jsonb, NULL::jsonb, NULL::boolean, NULL::boolean, NULL::text, NULL::text;
  END IF;
END $$;

-- For nodes from before, which bound no tenant. What it says of lanes they take for work that they could not have for the moment.
CREATE FUNCTION jobs_take(of_class text, kinds text[], floors timestamptz[], kind_max integer[], lease_ms integer[], tenant_max integer[], wanted integer)
RETURNS TABLE (id bigint, slot smallint, kind text, token bigint, attempt integer, payload jsonb, cursor jsonb, expired boolean, told boolean, sort_at text, tenant text)
LANGUAGE sql AS $$
  SELECT * FROM jobs_take(of_class, kinds, floors, kind_max, lease_ms, tenant_max, array_fill(0, ARRAY[cardinality(kinds)]), '{}', '{}', wanted, wanted)
$$;

-- A claim as a group of those at the head that may be, `few` at least; of those of `jobs_take` otherwise. A group is one row: `token`
-- is the lease, `ids` and `payloads` are lists; it has nobody's jobs, so what is told of tenants is for `jobs_take`. A last row with
-- neither id nor token tells that there may be more.
CREATE FUNCTION jobs_take_many(of_class text, kinds text[], floors timestamptz[], kind_max integer[], lease_ms integer[], tenant_max integer[],
  tenant_ahead integer[], tenant_names text[], tenant_rooms integer[], other_room integer, grouped boolean[], few integer, wanted integer)
RETURNS TABLE (id bigint, slot smallint, kind text, token bigint, attempt integer, payload jsonb, cursor jsonb, expired boolean, told boolean,
  sort_at text, tenant text, ids text, payloads text)
LANGUAGE plpgsql SET plan_cache_mode = force_generic_plan SET enable_bitmapscan = off SET enable_seqscan = off AS $$
#variable_conflict use_column
DECLARE
  slots smallint[];
  places tid[];
  gone integer := 0;
  of_ids bigint[];
  of_kinds text[];
  sorts timestamptz[];
  carried boolean[];
  first_other integer;
  taken integer;
  g record;
BEGIN
  SELECT array_agg(h.slot), array_agg(h.place), array_agg(h.job_id), array_agg(h.sort_at), string_agg(h.payload::text, ','), array_agg(h.kind), array_agg(h.payload IS NOT NULL)
  INTO slots, places, of_ids, sorts, payloads, of_kinds, carried
  FROM (
    SELECT k.kind, h.slot, h.place, h.job_id, h.sort_at, CASE WHEN k.grouped THEN h.payload END AS payload
    FROM unnest(kinds, floors, kind_max, grouped) AS k (kind, floor, n, grouped)
    CROSS JOIN LATERAL (
      SELECT q.slot, q.ctid AS place, q.job_id, q.sort_at, q.payload FROM jobs_queue q
      WHERE q.kind = k.kind AND q.class = of_class AND q.state = 'ready' AND q.sort_at >= k.floor
      ORDER BY q.sort_at LIMIT least(k.n, wanted) FOR UPDATE SKIP LOCKED) h
    ORDER BY h.sort_at LIMIT wanted) h;
  first_other := array_position(carried, false);
  taken := coalesce(first_other - 1, cardinality(of_ids), 0);
  IF taken < few THEN
    -- The locks are this transaction's own: they are found again.
    RETURN QUERY SELECT t.*, NULL::text, NULL::text FROM jobs_take(of_class, kinds, floors, kind_max, lease_ms, tenant_max,
      tenant_ahead, tenant_names, tenant_rooms, other_room, wanted) t;
    RETURN;
  END IF;
  IF first_other IS NULL AND of_kinds[1] = ALL (of_kinds) THEN
    kind := of_kinds[1];
    sort_at := sorts[taken]::text;
    ids := array_to_string(of_ids, ',');
    payloads := '[' || payloads || ']';
    INSERT INTO jobs_leases AS l (kind, class, wakes_at, left_jobs, ids, sort_ats)
    VALUES (of_kinds[1], of_class, clock_timestamp() + make_interval(secs => lease_ms[array_position(kinds, of_kinds[1])] / 1000.0), taken, of_ids, sorts)
    RETURNING l.lease INTO token;
    RETURN NEXT;
  ELSE
    slots := slots[1:taken];
    places := places[1:taken];
    of_ids := of_ids[1:taken];
    FOR g IN
      SELECT c.kind, array_agg(c.id ORDER BY c.at) AS ids, array_agg(c.sort_at ORDER BY c.at) AS sorts, string_agg(q.payload::text, ',' ORDER BY c.at) AS payloads,
        max(c.sort_at) AS last, max(k.lease_ms) AS lease_ms
      FROM unnest(slots, of_ids, of_kinds[1:taken], sorts[1:taken]) WITH ORDINALITY AS c (slot, id, kind, sort_at, at)
      JOIN jobs_queue q ON q.slot = c.slot AND q.job_id = c.id JOIN unnest(kinds, lease_ms) AS k (kind, lease_ms) ON k.kind = c.kind
      GROUP BY c.kind
    LOOP
      INSERT INTO jobs_leases AS l (kind, class, wakes_at, left_jobs, ids, sort_ats)
      VALUES (g.kind, of_class, clock_timestamp() + make_interval(secs => g.lease_ms / 1000.0), cardinality(g.ids), g.ids, g.sorts)
      RETURNING l.lease INTO token;
      kind := g.kind;
      sort_at := g.last::text;
      ids := array_to_string(g.ids, ',');
      payloads := '[' || g.payloads || ']';
      RETURN NEXT;
    END LOOP;
  END IF;
  -- By their place in the table, for a walk down an index for each took more than all else here together. What was changed just before
  -- it was locked may have another place than was read.
  IF slots[1] = ALL (slots) THEN
    DELETE FROM jobs_queue q WHERE q.slot = slots[1] AND q.ctid = ANY (places);
    GET DIAGNOSTICS gone = ROW_COUNT;
  END IF;
  IF gone < taken THEN
    DELETE FROM jobs_queue q USING unnest(slots, of_ids) AS c (slot, job_id) WHERE q.slot = c.slot AND q.job_id = c.job_id;
  END IF;
  IF taken < wanted AND EXISTS (
    SELECT FROM unnest(kinds, floors, tenant_ahead) k (kind, floor, ahead) CROSS JOIN LATERAL (
      SELECT FROM jobs_queue q WHERE q.kind = k.kind AND q.class = of_class AND q.state = 'ready' AND q.sort_at >= k.floor
        AND (q.tenant IS NULL OR coalesce(tenant_rooms[array_position(tenant_names, q.tenant)], other_room) + k.ahead > 0)
      ORDER BY q.sort_at LIMIT 1) h) THEN
    RETURN QUERY SELECT NULL::bigint, NULL::smallint, NULL::text, NULL::bigint, NULL::integer, NULL::jsonb, NULL::jsonb, NULL::boolean, NULL::boolean,
      NULL::text, NULL::text, NULL::text, NULL::text;
  END IF;
END $$;

-- As `jobs_replay_all`, and tells of each where it has come to lie.
CREATE FUNCTION jobs_replay_many(of_kind text, rows_max integer, step_s integer)
RETURNS TABLE (class text, kind text, tenant text, state text) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
  d record;
  again jobs_jobs;
BEGIN
  FOR d IN
    SELECT j.id FROM jobs_jobs j WHERE j.kind = of_kind AND j.state = 'dead' AND NOT EXISTS (
      SELECT FROM jobs_jobs o WHERE o.kind = j.kind AND o.unique_key = j.unique_key AND o.state = 'live')
    ORDER BY j.ended_at LIMIT rows_max FOR UPDATE SKIP LOCKED
  LOOP
    BEGIN
      UPDATE jobs_jobs j SET state = 'live', ended_at = NULL, attempt = 0, reason = NULL, deadline_at = NULL
      WHERE j.id = d.id RETURNING j.* INTO again;
    EXCEPTION WHEN unique_violation THEN CONTINUE;
    END;
    RETURN QUERY SELECT again.class, again.kind, again.tenant,
      jobs_queue_up(again.id, again.kind, again.class, again.priority, again.tenant, 0, step_s);
  END LOOP;
END $$;
