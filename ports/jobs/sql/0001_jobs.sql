-- Jobs. `jobs_jobs` is the record: one row from the enqueueing to long after the end. `jobs_queue` is what is alive, and
-- hot: each job changes its row there a few times and leaves. PostgreSQL cannot remove those dead versions while an old
-- transaction is open anywhere, and every claim would walk over them. So the queue is made of four slots: when the current
-- one has grown, writers take an empty one, and a slot without living rows is truncated, which no old snapshot prevents.
CREATE SEQUENCE jobs_ids AS bigint;
-- A claim's token. Whoever holds an older one has lost the job.
CREATE SEQUENCE jobs_tokens AS bigint;

CREATE TABLE jobs_house (
  one boolean PRIMARY KEY DEFAULT true CHECK (one),
  slot smallint NOT NULL DEFAULT 0 CHECK (slot BETWEEN 0 AND 3)
);
INSERT INTO jobs_house DEFAULT VALUES;

-- What the nodes have declared, for those that enqueue without running, and for what runs by itself.
CREATE TABLE jobs_kinds (
  name text PRIMARY KEY CHECK (length(name) BETWEEN 1 AND 64),
  class text NOT NULL CHECK (class IN ('interactive', 'batch', 'maintenance')),
  -- Jobs of one tenant that are ready or running at once; the others of that tenant wait in its lane.
  lane_max integer NOT NULL CHECK (lane_max BETWEEN 1 AND 10000),
  every_ms bigint CHECK (every_ms >= 1),
  next_at timestamptz
);

CREATE TABLE jobs_jobs (
  id bigint PRIMARY KEY DEFAULT nextval('jobs_ids'),
  kind text NOT NULL CHECK (length(kind) BETWEEN 1 AND 64),
  class text NOT NULL CHECK (class IN ('interactive', 'batch', 'maintenance')),
  priority smallint NOT NULL CHECK (priority BETWEEN -100 AND 100),
  tenant text CHECK (length(tenant) BETWEEN 1 AND 64),
  unique_key text CHECK (length(unique_key) BETWEEN 1 AND 200),
  payload jsonb NOT NULL CHECK (pg_column_size(payload) <= 32768),
  cursor jsonb CHECK (pg_column_size(cursor) <= 32768),
  progress real NOT NULL DEFAULT 0 CHECK (progress BETWEEN 0 AND 1),
  state text NOT NULL DEFAULT 'live' CHECK (state IN ('live', 'done', 'dead', 'cancelled')),
  attempt integer NOT NULL DEFAULT 0,
  reason text CHECK (length(reason) <= 2000),
  deadline_at timestamptz,
  enqueued_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  ended_at timestamptz,
  CHECK ((state = 'live') = (ended_at IS NULL))
) WITH (fillfactor = 85);
CREATE UNIQUE INDEX jobs_jobs_unique ON jobs_jobs (kind, unique_key) WHERE state = 'live' AND unique_key IS NOT NULL;
CREATE INDEX jobs_jobs_ended ON jobs_jobs (ended_at) WHERE state IN ('done', 'cancelled');
CREATE INDEX jobs_jobs_dead ON jobs_jobs (kind, ended_at) WHERE state = 'dead';

CREATE TABLE jobs_queue (
  slot smallint NOT NULL,
  job_id bigint NOT NULL,
  kind text NOT NULL,
  class text NOT NULL,
  priority smallint NOT NULL,
  tenant text,
  -- waiting: until wakes_at. lane: until the tenant has room. ready: may be claimed. running: until wakes_at, the lease.
  state text NOT NULL CHECK (state IN ('waiting', 'lane', 'ready', 'running')),
  -- When it became due, earlier by the priority's worth: the one key by which jobs are taken, fixed, so an index serves it.
  sort_at timestamptz NOT NULL,
  wakes_at timestamptz,
  attempt integer NOT NULL DEFAULT 0,
  token bigint,
  stop boolean NOT NULL DEFAULT false,
  CHECK ((state = 'running') = (token IS NOT NULL)),
  PRIMARY KEY (job_id, slot)
) PARTITION BY LIST (slot);
CREATE TABLE jobs_queue_0 PARTITION OF jobs_queue FOR VALUES IN (0);
CREATE TABLE jobs_queue_1 PARTITION OF jobs_queue FOR VALUES IN (1);
CREATE TABLE jobs_queue_2 PARTITION OF jobs_queue FOR VALUES IN (2);
CREATE TABLE jobs_queue_3 PARTITION OF jobs_queue FOR VALUES IN (3);
-- Kind first: a node takes what it has room for, and never walks over a backlog of kinds that it may not run.
CREATE INDEX jobs_queue_ready ON jobs_queue (kind, class, sort_at) WHERE state = 'ready';
CREATE INDEX jobs_queue_wakes ON jobs_queue (wakes_at) WHERE state IN ('waiting', 'running');
CREATE INDEX jobs_queue_busy ON jobs_queue (kind, tenant) WHERE state IN ('ready', 'running') AND tenant IS NOT NULL;
CREATE INDEX jobs_queue_lane ON jobs_queue (kind, tenant, sort_at) WHERE state = 'lane';

CREATE FUNCTION jobs_lane_max(of_kind text) RETURNS integer STABLE LANGUAGE sql
RETURN coalesce((SELECT lane_max FROM jobs_kinds WHERE name = of_kind), 16);

CREATE FUNCTION jobs_sort_at(due timestamptz, priority integer, step_s integer) RETURNS timestamptz IMMUTABLE LANGUAGE sql
RETURN due - make_interval(secs => priority * step_s);

-- New in the queue: waiting, ready, or in the tenant's lane.
CREATE FUNCTION jobs_queue_up(new_id bigint, new_kind text, new_class text, new_priority integer, new_tenant text, delay_ms float8, step_s integer)
RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  due timestamptz := clock_timestamp() + make_interval(secs => delay_ms / 1000);
  busy integer := 0;
  room integer := 1;
  new_state text := 'ready';
BEGIN
  IF delay_ms > 0 THEN
    new_state := 'waiting';
  ELSIF new_tenant IS NOT NULL THEN
    room := jobs_lane_max(new_kind);
    SELECT count(*) INTO busy FROM (SELECT FROM jobs_queue
      WHERE kind = new_kind AND tenant = new_tenant AND state IN ('ready', 'running') LIMIT room) b;
    IF busy >= room THEN new_state := 'lane'; END IF;
  END IF;
  INSERT INTO jobs_queue (slot, job_id, kind, class, priority, tenant, state, sort_at, wakes_at)
  SELECT slot, new_id, new_kind, new_class, new_priority, new_tenant, new_state, jobs_sort_at(due, new_priority, step_s),
    CASE WHEN new_state = 'waiting' THEN due END
  FROM jobs_house;
  RETURN new_state;
END $$;

CREATE FUNCTION jobs_enqueue(new_kind text, new_payload jsonb, wanted_class text, new_priority integer, delay_ms float8,
  new_deadline timestamptz, new_key text, new_tenant text, step_s integer, OUT id bigint, OUT class text, OUT state text)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
BEGIN
  class := coalesce(wanted_class, (SELECT k.class FROM jobs_kinds k WHERE k.name = new_kind), 'batch');
  LOOP
    INSERT INTO jobs_jobs AS j (kind, class, priority, tenant, unique_key, payload, deadline_at)
    VALUES (new_kind, jobs_enqueue.class, new_priority, new_tenant, new_key, new_payload, new_deadline)
    ON CONFLICT (kind, unique_key) WHERE state = 'live' AND unique_key IS NOT NULL DO NOTHING
    RETURNING j.id INTO jobs_enqueue.id;
    EXIT WHEN FOUND;
    SELECT j.id INTO jobs_enqueue.id FROM jobs_jobs j WHERE j.kind = new_kind AND j.unique_key = new_key AND j.state = 'live';
    IF FOUND THEN
      state := 'there';
      RETURN;
    END IF;
  END LOOP;
  state := jobs_queue_up(id, new_kind, class, new_priority, new_tenant, delay_ms, step_s);
END $$;

-- Lets a tenant's next ones out of its lane. They age from here on: with their old time they would all go before the job
-- of somebody who came later, and one tenant's 100,000 would hold up everybody.
CREATE FUNCTION jobs_promote(of_kind text, of_tenant text, step_s integer) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
  room integer := jobs_lane_max(of_kind);
  busy integer;
BEGIN
  SELECT count(*) INTO busy FROM (SELECT FROM jobs_queue
    WHERE kind = of_kind AND tenant = of_tenant AND state IN ('ready', 'running') LIMIT room) b;
  IF busy >= room THEN RETURN; END IF;
  RETURN QUERY UPDATE jobs_queue q SET state = 'ready', sort_at = jobs_sort_at(clock_timestamp(), q.priority, step_s)
    FROM (SELECT slot, job_id FROM jobs_queue WHERE kind = of_kind AND tenant = of_tenant AND state = 'lane'
      ORDER BY sort_at LIMIT room - busy FOR UPDATE SKIP LOCKED) n
    WHERE q.slot = n.slot AND q.job_id = n.job_id RETURNING q.class;
END $$;

-- Takes up to `wanted` jobs of one class. A last row without an id tells that there is work which this call could not have
-- for the moment. Each kind is looked at from a place in its order on: see `floors` in claims.ts.
CREATE FUNCTION jobs_claim(of_class text, kinds text[], floors timestamptz[], kind_max integer[], lease_ms integer[], tenant_max integer[], wanted integer)
RETURNS TABLE (id bigint, kind text, token bigint, attempt integer, payload jsonb, cursor jsonb, expired boolean, sort_at text) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
  c record;
  taken integer := 0;
  skipped boolean := false;
  running integer;
BEGIN
  FOR c IN
    SELECT k.kind, k.lease_ms, k.tenant_max, h.*
    FROM unnest(kinds, floors, kind_max, lease_ms, tenant_max) AS k (kind, floor, n, lease_ms, tenant_max)
    CROSS JOIN LATERAL (
      SELECT q.slot, q.job_id, q.tenant, q.sort_at FROM jobs_queue q
      WHERE q.kind = k.kind AND q.class = of_class AND q.state = 'ready' AND q.sort_at >= k.floor
      ORDER BY q.sort_at LIMIT least(k.n, wanted) FOR UPDATE SKIP LOCKED) h
    ORDER BY h.sort_at LIMIT wanted
  LOOP
    IF c.tenant_max > 0 AND c.tenant IS NOT NULL THEN
      -- Two nodes that count at the same time would both find room.
      IF NOT pg_try_advisory_xact_lock(hashtextextended(c.kind || chr(31) || c.tenant, 5203)) THEN
        skipped := true;
        CONTINUE;
      END IF;
      SELECT count(*) INTO running FROM jobs_queue q WHERE q.kind = c.kind AND q.tenant = c.tenant AND q.state = 'running';
      IF running >= c.tenant_max THEN
        UPDATE jobs_queue q SET state = 'lane' WHERE q.slot = c.slot AND q.job_id = c.job_id;
        skipped := true;
        CONTINUE;
      END IF;
    END IF;
    taken := taken + 1;
    RETURN QUERY
      WITH claimed AS (
        UPDATE jobs_queue q SET state = 'running', token = nextval('jobs_tokens'), attempt = q.attempt + 1,
          wakes_at = clock_timestamp() + make_interval(secs => c.lease_ms / 1000.0)
        WHERE q.slot = c.slot AND q.job_id = c.job_id RETURNING q.job_id, q.kind, q.token, q.attempt)
      SELECT claimed.job_id, claimed.kind, claimed.token, claimed.attempt, j.payload, j.cursor,
        coalesce(j.deadline_at < clock_timestamp(), false), c.sort_at::text
      FROM claimed JOIN jobs_jobs j ON j.id = claimed.job_id;
  END LOOP;
  -- Found less than wanted: is the class empty, or does another node hold its head for a moment?
  IF taken < wanted AND (skipped OR EXISTS (
    SELECT FROM unnest(kinds, floors) k (kind, floor) WHERE EXISTS (
      SELECT FROM jobs_queue q WHERE q.kind = k.kind AND q.class = of_class AND q.state = 'ready' AND q.sort_at >= k.floor))) THEN
    RETURN QUERY SELECT NULL::bigint, NULL::text, NULL::bigint, NULL::integer, NULL::jsonb, NULL::jsonb, NULL::boolean, NULL::text;
  END IF;
END $$;

-- Ends a claim for good. `ok` is false for a zombie: then nothing was changed.
CREATE FUNCTION jobs_end(of_id bigint, of_token bigint, only_expired boolean, new_state text, new_reason text, step_s integer,
  OUT ok boolean, OUT classes text[]) LANGUAGE plpgsql AS $$
DECLARE was jobs_queue;
BEGIN
  classes := '{}';
  DELETE FROM jobs_queue q WHERE q.job_id = of_id AND q.token = of_token
    AND (NOT only_expired OR q.wakes_at <= clock_timestamp()) RETURNING q.* INTO was;
  ok := FOUND;
  IF NOT ok THEN RETURN; END IF;
  UPDATE jobs_jobs j SET state = new_state, reason = new_reason, attempt = was.attempt, ended_at = clock_timestamp(),
    progress = CASE WHEN new_state = 'done' THEN 1 ELSE j.progress END
  WHERE j.id = of_id;
  IF was.tenant IS NOT NULL THEN
    classes := ARRAY(SELECT jobs_promote(was.kind, was.tenant, step_s));
  END IF;
END $$;

-- Gives a claim up: to be tried again after `delay_ms`, or, `handed_back`, at once and as if it had not been tried.
CREATE FUNCTION jobs_release(of_id bigint, of_token bigint, only_expired boolean, handed_back boolean, delay_ms float8, new_reason text, step_s integer,
  OUT ok boolean, OUT classes text[]) LANGUAGE plpgsql AS $$
DECLARE was jobs_queue;
BEGIN
  classes := '{}';
  UPDATE jobs_queue q SET token = NULL, state = CASE WHEN handed_back THEN 'ready' ELSE 'waiting' END,
    wakes_at = CASE WHEN NOT handed_back THEN clock_timestamp() + make_interval(secs => delay_ms / 1000) END,
    attempt = CASE WHEN handed_back THEN q.attempt - 1 ELSE q.attempt END
  WHERE q.job_id = of_id AND q.token = of_token AND (NOT only_expired OR q.wakes_at <= clock_timestamp())
  RETURNING q.* INTO was;
  ok := FOUND;
  IF NOT ok THEN RETURN; END IF;
  IF new_reason IS NOT NULL THEN UPDATE jobs_jobs SET reason = new_reason WHERE id = of_id; END IF;
  IF handed_back THEN
    classes := ARRAY[was.class];
  ELSIF was.tenant IS NOT NULL THEN
    classes := ARRAY(SELECT jobs_promote(was.kind, was.tenant, step_s));
  END IF;
END $$;

-- Renews leases. Returns those that are still the caller's; a row that a fenced transaction of its own holds counts too.
CREATE FUNCTION jobs_beat(ids bigint[], tokens bigint[], lease_ms integer[]) RETURNS TABLE (token bigint, stop boolean) LANGUAGE sql AS $$
  WITH mine AS (
    SELECT q.slot, q.job_id, q.token, q.stop, m.lease_ms FROM unnest(ids, tokens, lease_ms) m (id, token, lease_ms)
    JOIN jobs_queue q ON q.job_id = m.id AND q.token = m.token
  ), free AS (
    SELECT q.slot, q.job_id, mine.lease_ms FROM jobs_queue q JOIN mine ON mine.slot = q.slot AND mine.job_id = q.job_id FOR UPDATE OF q SKIP LOCKED
  ), renewed AS (
    UPDATE jobs_queue q SET wakes_at = clock_timestamp() + make_interval(secs => free.lease_ms / 1000.0)
    FROM free WHERE q.slot = free.slot AND q.job_id = free.job_id
  )
  SELECT token, stop FROM mine
$$;

-- What time alone brings about, for the kinds of one node: delays that are over, lanes with room, kinds that run by
-- themselves. Returns the classes with something to claim, and the ms until the next of these.
CREATE FUNCTION jobs_sweep(kinds text[], step_s integer, OUT classes text[], OUT next_ms float8, OUT lapsed boolean) LANGUAGE plpgsql AS $$
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
  WHERE EXISTS (SELECT FROM jobs_queue q WHERE q.kind = n.kind AND q.class = c.class AND q.state = 'ready');
  SELECT extract(epoch FROM least(
    (SELECT q.wakes_at FROM jobs_queue q WHERE q.state IN ('waiting', 'running') AND q.kind = ANY (kinds) ORDER BY q.wakes_at LIMIT 1),
    (SELECT min(next_at) FROM jobs_kinds WHERE name = ANY (kinds) AND every_ms IS NOT NULL)) - clock_timestamp()) * 1000 INTO next_ms;
  SELECT EXISTS (SELECT FROM jobs_queue q WHERE q.state IN ('waiting', 'running') AND q.state = 'running'
    AND q.wakes_at <= clock_timestamp() AND q.kind = ANY (kinds)) INTO lapsed;
END $$;
