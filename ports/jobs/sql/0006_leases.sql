-- Many short jobs are claimed as one: their rows leave the queue, and one row says who has them until when. A job that is done
-- within its group leaves nothing behind but its place in that row, so that a claim costs it one deletion and its end almost
-- nothing. Whatever happens to a single one of them (it fails, is cancelled, writes a cursor, its worker dies) puts it back
-- into the queue as a running job of its own first (`jobs_apart`), and goes on there by the rules for all.

-- Tokens go by 1,024, so that one call numbers a whole group: the n-th job of a lease has the token `lease + n - 1`.
ALTER SEQUENCE jobs_tokens INCREMENT BY 1024;
SELECT setval('jobs_tokens', (nextval('jobs_tokens') / 1024 + 1) * 1024);

-- The payload of a job that may be claimed in a group: no tenant, no unique key, no deadline, no priority, nothing tried yet.
-- What has been claimed once is read from its record.
ALTER TABLE jobs_queue ADD COLUMN payload jsonb;

CREATE TABLE jobs_leases (
  lease bigint PRIMARY KEY DEFAULT nextval('jobs_tokens') CHECK (lease % 1024 = 0),
  kind text NOT NULL,
  class text NOT NULL,
  wakes_at timestamptz NOT NULL,
  left_jobs integer NOT NULL CHECK (left_jobs >= 1),
  -- NULL in the place of one that has left.
  ids bigint[] NOT NULL CHECK (cardinality(ids) BETWEEN 1 AND 1024),
  sort_ats timestamptz[] NOT NULL,
  CHECK (cardinality(ids) = cardinality(sort_ats))
);
-- Out of the row, so that what an old transaction keeps alive is little to walk over.
ALTER TABLE jobs_leases ALTER ids SET STORAGE EXTERNAL, ALTER sort_ats SET STORAGE EXTERNAL;
CREATE INDEX jobs_leases_wakes ON jobs_leases (wakes_at);

CREATE FUNCTION jobs_lease_of(token bigint) RETURNS bigint IMMUTABLE LANGUAGE sql RETURN token - token % 1024;

-- All that lives, in a group or by itself.
CREATE VIEW jobs_living AS
  SELECT job_id, kind, class, priority, tenant, state, sort_at, wakes_at, attempt, token, stop FROM jobs_queue
  UNION ALL
  SELECT u.id, l.kind, l.class, 0::smallint, NULL, 'running', u.sort_at, l.wakes_at, 1, l.lease + u.at - 1, false
  FROM jobs_leases l CROSS JOIN LATERAL unnest(l.ids, l.sort_ats) WITH ORDINALITY u (id, sort_at, at) WHERE u.id IS NOT NULL;

-- Takes these of its jobs out of a lease. Returns those that were in it.
CREATE FUNCTION jobs_leave(of_lease bigint, of_ids bigint[], OUT l jobs_leases, OUT left_ids bigint[]) LANGUAGE plpgsql AS $$
DECLARE
  stay bigint[];
  stay_jobs integer;
BEGIN
  SELECT * INTO l FROM jobs_leases WHERE lease = of_lease FOR UPDATE;
  IF NOT FOUND THEN RETURN; END IF;
  SELECT array_agg(CASE WHEN g.id IS NULL THEN u.id END ORDER BY u.at), count(u.id) FILTER (WHERE g.id IS NULL), array_agg(g.id) FILTER (WHERE g.id IS NOT NULL)
  INTO stay, stay_jobs, left_ids
  FROM unnest(l.ids) WITH ORDINALITY u (id, at) LEFT JOIN (SELECT DISTINCT id FROM unnest(of_ids) g (id)) g ON g.id = u.id;
  IF left_ids IS NULL THEN RETURN; END IF;
  IF stay_jobs = 0 THEN
    DELETE FROM jobs_leases WHERE lease = of_lease;
  ELSE
    UPDATE jobs_leases SET ids = stay, left_jobs = stay_jobs WHERE lease = of_lease;
  END IF;
END $$;

-- Makes jobs of a lease running jobs of their own, with the tokens that their claimer knows. All of them where none is named.
CREATE FUNCTION jobs_apart(of_lease bigint, of_ids bigint[]) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
  l jobs_leases;
  left_ids bigint[];
BEGIN
  IF of_ids IS NULL THEN
    DELETE FROM jobs_leases WHERE lease = of_lease RETURNING * INTO l;
    left_ids := l.ids;
  ELSE
    SELECT (g.l).*, g.left_ids INTO l.lease, l.kind, l.class, l.wakes_at, l.left_jobs, l.ids, l.sort_ats, left_ids FROM jobs_leave(of_lease, of_ids) g;
  END IF;
  IF left_ids IS NULL THEN RETURN false; END IF;
  INSERT INTO jobs_queue (slot, job_id, kind, class, priority, state, sort_at, wakes_at, attempt, token)
  SELECT h.slot, u.id, l.kind, l.class, 0, 'running', u.sort_at, l.wakes_at, 1, l.lease + u.at - 1
  FROM jobs_house h CROSS JOIN unnest(l.ids, l.sort_ats) WITH ORDINALITY u (id, sort_at, at)
  WHERE u.id IN (SELECT unnest(left_ids));
  RETURN true;
END $$;

-- As before, and jobs that ask for nothing special carry their payload.
CREATE OR REPLACE FUNCTION jobs_enqueue(new_kind text, new_payload jsonb, wanted_class text, new_priority integer, delay_ms float8,
  new_deadline timestamptz, new_key text, new_tenant text, step_s integer, OUT id bigint, OUT class text, OUT state text)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE due timestamptz;
BEGIN
  class := coalesce(wanted_class, (SELECT k.class FROM jobs_kinds k WHERE k.name = new_kind), 'batch');
  IF new_key IS NULL AND new_tenant IS NULL AND new_deadline IS NULL AND new_priority = 0 AND pg_column_size(new_payload) <= 1024 THEN
    INSERT INTO jobs_jobs AS j (kind, class, priority, payload) VALUES (new_kind, jobs_enqueue.class, 0, new_payload) RETURNING j.id INTO jobs_enqueue.id;
    due := clock_timestamp() + make_interval(secs => delay_ms / 1000);
    state := CASE WHEN delay_ms > 0 THEN 'waiting' ELSE 'ready' END;
    INSERT INTO jobs_queue (slot, job_id, kind, class, priority, state, sort_at, wakes_at, payload)
    SELECT h.slot, jobs_enqueue.id, new_kind, jobs_enqueue.class, 0, jobs_enqueue.state, due, CASE WHEN delay_ms > 0 THEN due END, new_payload
    FROM jobs_house h;
    RETURN;
  END IF;
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

-- Ends whole leases as done: those that still hold as many jobs as the caller has of them. Returns these.
CREATE FUNCTION jobs_finish_leases(leases bigint[], jobs integer[]) RETURNS TABLE (lease bigint) LANGUAGE sql AS $$
  WITH gone AS (
    DELETE FROM jobs_leases l USING unnest(leases, jobs) AS w (lease, jobs) WHERE l.lease = w.lease AND l.left_jobs = w.jobs
    RETURNING l.lease, array_remove(l.ids, NULL) AS ids
  ), told AS (
    INSERT INTO jobs_done (newest_id, ids) SELECT (SELECT max(i) FROM unnest(ids) i), ids FROM gone
  )
  SELECT lease FROM gone
$$;

-- What of the ended is in a lease ends there; the others go by `jobs_finish`.
CREATE FUNCTION jobs_finish_some(of_ids bigint[], of_slots smallint[], of_tokens bigint[], of_told boolean[], few integer, step_s integer,
  OUT ended bigint[], OUT classes text[]) LANGUAGE plpgsql AS $$
DECLARE
  l record;
  left_ids bigint[];
  plain bigint[] := '{}';
  f record;
BEGIN
  ended := '{}';
  classes := '{}';
  FOR l IN
    SELECT x.lease, array_agg(x.id) AS ids FROM (SELECT jobs_lease_of(m.token) AS lease, m.id FROM unnest(of_ids, of_tokens) m (id, token)) x
    WHERE EXISTS (SELECT FROM jobs_leases g WHERE g.lease = x.lease) GROUP BY x.lease ORDER BY x.lease
  LOOP
    left_ids := (SELECT g.left_ids FROM jobs_leave(l.lease, l.ids) g);
    plain := plain || coalesce(left_ids, '{}');
  END LOOP;
  IF cardinality(plain) > 0 THEN
    INSERT INTO jobs_done (newest_id, ids) VALUES ((SELECT max(i) FROM unnest(plain) i), plain);
    SELECT array_agg(m.token) INTO ended FROM unnest(of_ids, of_tokens) m (id, token) WHERE m.id IN (SELECT unnest(plain));
  END IF;
  IF cardinality(ended) < cardinality(of_ids) THEN
    SELECT r.* INTO f FROM (SELECT array_agg(m.id) AS ids, array_agg(m.slot) AS slots, array_agg(m.token) AS tokens, array_agg(m.told) AS told
      FROM unnest(of_ids, of_slots, of_tokens, of_told) m (id, slot, token, told) WHERE NOT m.id IN (SELECT unnest(plain))) n
      CROSS JOIN LATERAL jobs_finish(n.ids, n.slots, n.tokens, n.told, few, step_s) r;
    ended := ended || f.ended;
    classes := f.classes;
  END IF;
END $$;

-- As before, also for one of a lease. (A lapsed lease is taken apart before anything of it is.)
CREATE OR REPLACE FUNCTION jobs_end(of_id bigint, of_token bigint, only_expired boolean, new_state text, new_reason text, step_s integer,
  OUT ok boolean, OUT classes text[]) LANGUAGE plpgsql AS $$
DECLARE was jobs_queue;
BEGIN
  classes := '{}';
  DELETE FROM jobs_queue q WHERE q.job_id = of_id AND q.token = of_token
    AND (NOT only_expired OR q.wakes_at <= clock_timestamp()) RETURNING q.* INTO was;
  ok := FOUND;
  IF NOT ok AND NOT only_expired AND jobs_apart(jobs_lease_of(of_token), ARRAY[of_id]) THEN
    DELETE FROM jobs_queue q WHERE q.job_id = of_id AND q.token = of_token RETURNING q.* INTO was;
    ok := FOUND;
  END IF;
  IF NOT ok THEN RETURN; END IF;
  UPDATE jobs_jobs j SET state = new_state, reason = new_reason, attempt = was.attempt, ended_at = clock_timestamp(),
    progress = CASE WHEN new_state = 'done' THEN 1 ELSE j.progress END
  WHERE j.id = of_id;
  IF was.tenant IS NOT NULL THEN
    classes := ARRAY(SELECT jobs_promote(was.kind, was.tenant, step_s));
  END IF;
END $$;

-- As before, also for one of a lease.
CREATE OR REPLACE FUNCTION jobs_release(of_id bigint, of_token bigint, only_expired boolean, handed_back boolean, delay_ms float8, new_reason text, step_s integer,
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
  IF NOT ok AND NOT only_expired AND jobs_apart(jobs_lease_of(of_token), ARRAY[of_id]) THEN
    UPDATE jobs_queue q SET token = NULL, state = CASE WHEN handed_back THEN 'ready' ELSE 'waiting' END,
      wakes_at = CASE WHEN NOT handed_back THEN clock_timestamp() + make_interval(secs => delay_ms / 1000) END,
      attempt = CASE WHEN handed_back THEN q.attempt - 1 ELSE q.attempt END
      WHERE q.job_id = of_id AND q.token = of_token AND (NOT only_expired OR q.wakes_at <= clock_timestamp())
      RETURNING q.* INTO was;
    ok := FOUND;
  END IF;
  IF NOT ok THEN RETURN; END IF;
  IF new_reason IS NOT NULL THEN UPDATE jobs_jobs SET reason = new_reason WHERE id = of_id; END IF;
  IF handed_back THEN
    classes := ARRAY[was.class];
  ELSIF was.tenant IS NOT NULL THEN
    classes := ARRAY(SELECT jobs_promote(was.kind, was.tenant, step_s));
  END IF;
END $$;

-- As before, also for some of a lease.
CREATE OR REPLACE FUNCTION jobs_hand_back(ids bigint[], tokens bigint[]) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
  l record;
  back bigint;
BEGIN
  FOR l IN
    SELECT x.lease, array_agg(x.id) AS ids FROM (SELECT jobs_lease_of(m.token) AS lease, m.id FROM unnest(ids, tokens) m (id, token)) x
    GROUP BY x.lease ORDER BY x.lease
  LOOP
    PERFORM jobs_apart(l.lease, l.ids);
  END LOOP;
  UPDATE jobs_queue q SET token = NULL, state = 'ready', wakes_at = NULL, attempt = q.attempt - 1
  FROM unnest(ids, tokens) AS m (id, token) WHERE q.job_id = m.id AND q.token = m.token;
  GET DIAGNOSTICS back = ROW_COUNT;
  RETURN back;
END $$;

-- As before. A job of a lease that lasts until it is renewed is none of the short ones: the whole lease is taken apart, so that what
-- of it is not renewed comes back in its time.
CREATE OR REPLACE FUNCTION jobs_beat(ids bigint[], tokens bigint[], lease_ms integer[]) RETURNS TABLE (token bigint, stop boolean) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE l record;
BEGIN
  FOR l IN SELECT g.lease FROM jobs_leases g WHERE g.lease IN (SELECT jobs_lease_of(t) FROM unnest(tokens) t) ORDER BY g.lease LOOP
    PERFORM jobs_apart(l.lease, NULL);
  END LOOP;
  RETURN QUERY WITH mine AS (
    SELECT q.slot, q.job_id, q.token, q.stop, m.lease_ms FROM unnest(ids, tokens, lease_ms) m (id, token, lease_ms)
    JOIN jobs_queue q ON q.job_id = m.id AND q.token = m.token
  ), free AS (
    SELECT q.slot, q.job_id, mine.lease_ms FROM jobs_queue q JOIN mine ON mine.slot = q.slot AND mine.job_id = q.job_id FOR UPDATE OF q SKIP LOCKED
  ), renewed AS (
    UPDATE jobs_queue q SET wakes_at = clock_timestamp() + make_interval(secs => free.lease_ms / 1000.0)
    FROM free WHERE q.slot = free.slot AND q.job_id = free.job_id
  )
  SELECT mine.token, mine.stop FROM mine;
END $$;

-- `jobs_sweep`, after the jobs of lapsed leases became running jobs of their own that have lapsed.
CREATE FUNCTION jobs_look(kinds text[], step_s integer, OUT classes text[], OUT next_ms float8, OUT lapsed boolean) LANGUAGE plpgsql AS $$
DECLARE
  l record;
  next_at timestamptz;
BEGIN
  FOR l IN SELECT lease FROM jobs_leases g WHERE g.wakes_at <= clock_timestamp() AND g.kind = ANY (kinds) ORDER BY g.wakes_at LIMIT 8 FOR UPDATE SKIP LOCKED LOOP
    PERFORM jobs_apart(l.lease, NULL);
  END LOOP;
  SELECT s.classes, s.next_ms, s.lapsed INTO classes, next_ms, lapsed FROM jobs_sweep(kinds, step_s) s;
  SELECT g.wakes_at INTO next_at FROM jobs_leases g WHERE g.kind = ANY (kinds) ORDER BY g.wakes_at LIMIT 1;
  next_ms := least(next_ms, extract(epoch FROM next_at - clock_timestamp()) * 1000);
END $$;
