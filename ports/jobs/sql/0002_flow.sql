-- What happened of late, minute by minute, for whoever watches: nodes add their sums about once a second. Nothing rests on
-- it, so a node that is killed may take its last second along. Two hours stay.
CREATE TABLE jobs_minutes (
  minute_at timestamptz NOT NULL,
  kind text NOT NULL CHECK (length(kind) BETWEEN 1 AND 64),
  class text NOT NULL CHECK (class IN ('interactive', 'batch', 'maintenance')),
  started integer NOT NULL DEFAULT 0,
  done integer NOT NULL DEFAULT 0,
  failed integer NOT NULL DEFAULT 0,
  dead integer NOT NULL DEFAULT 0,
  cancelled integer NOT NULL DEFAULT 0,
  PRIMARY KEY (minute_at, kind, class)
);

ALTER TABLE jobs_kinds ADD COLUMN tries_max integer CHECK (tries_max >= 1);

-- The few that went wrong among the many that are done: newest first, without walking over the many.
CREATE INDEX jobs_jobs_unwell ON jobs_jobs (id) WHERE state IN ('dead', 'cancelled');

-- Puts up to `rows_max` dead jobs of a kind back, longest dead first. Two of one unique key cannot both live: the second
-- stays where it is. Returns the class of each that lives again.
CREATE FUNCTION jobs_replay_all(of_kind text, rows_max integer, step_s integer) RETURNS SETOF text LANGUAGE plpgsql AS $$
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
    PERFORM jobs_queue_up(again.id, again.kind, again.class, again.priority, again.tenant, 0, step_s);
    RETURN NEXT again.class;
  END LOOP;
END $$;

-- Lets a job that waits for its time go now. It keeps its place in the order when it was due earlier.
CREATE FUNCTION jobs_hurry(of_id bigint, step_s integer) RETURNS text LANGUAGE sql AS $$
  UPDATE jobs_queue q SET state = 'ready', wakes_at = NULL, sort_at = least(q.sort_at, jobs_sort_at(clock_timestamp(), q.priority, step_s))
  WHERE q.job_id = of_id AND q.state = 'waiting' RETURNING q.class
$$;
