import type { JsonObject } from "#kernel/json.ts";
import type { Fragment, Query } from "#ports/sql/index.ts";

import { CLOCK_KEY, FLOW_MINUTES, LIST_LOOK_ROWS_MAX, PRIORITY_STEP_S } from "./bounds.ts";
import type { JobMinute, JobRecord, JobSchedule, JobsFilter, JobsPage, JobWait } from "./index.ts";
import type { Queued } from "./store.ts";

/** What whoever watches the queue asks for. Payloads, cursors and unique keys are never part of it, but where they are asked for by name. */

const NEWEST = "9223372036854775807";

/**
 * Newest first. Looks at `LIST_LOOK_ROWS_MAX` records at most, so a page may be short and still have a `next`.
 * @param filter.before the `next` of the page before
 */
export async function selectPage(tx: Query, filter: JobsFilter & { jobs_max: number }): Promise<JobsPage> {
  const [found] = await tx<{ ids: string | null; looked: number; last: string | null }[]>`
    WITH looked AS MATERIALIZED (${newest(tx, filter)} ORDER BY id DESC LIMIT ${LIST_LOOK_ROWS_MAX}::int),
    fitting AS (
      SELECT id FROM looked WHERE class = coalesce(${filter.class ?? null}, class) AND kind = coalesce(${filter.kind ?? null}, kind)
        AND state = coalesce(${filter.state ?? null}, state) AND (${filter.tenant ?? null}::text IS NULL OR tenant = ${filter.tenant ?? null}::text)
      ORDER BY id DESC LIMIT ${filter.jobs_max + 1}::int)
    SELECT (SELECT string_agg(id::text, ',' ORDER BY id DESC) FROM fitting) AS ids,
      (SELECT count(*)::int FROM looked) AS looked, (SELECT min(id) FROM looked) AS last`;
  const ids = found!.ids?.split(",") ?? [];
  const of_page = ids.slice(0, filter.jobs_max);
  const jobs = await selectRecords(tx, of_page);
  if (ids.length > of_page.length) return { jobs, next: of_page.at(-1)! };
  return { jobs, next: found!.looked === LIST_LOOK_ROWS_MAX ? found!.last : null };
}

/** From where the wanted state is found without walking over the others. */
function newest(tx: Query, { state, before = NEWEST }: JobsFilter): Fragment {
  if (state === "queued" || state === "running")
    return tx`
      SELECT job_id AS id, kind, class, tenant, CASE state WHEN 'running' THEN 'running' ELSE 'queued' END AS state
      FROM jobs_living WHERE job_id < ${before}::bigint`;
  if (state === "dead" || state === "cancelled")
    return tx`
      SELECT id, kind, class, tenant, state FROM jobs_jobs
      WHERE state IN ('dead', 'cancelled') AND id < ${before}::bigint`;
  return tx`
    SELECT id, kind, class, tenant, CASE WHEN state = 'live' AND id IN (SELECT u.id FROM jobs_leases l CROSS JOIN unnest(l.ids) u (id) WHERE u.id IS NOT NULL)
      THEN 'running' ELSE jobs_state(state, (SELECT q.state FROM jobs_queue q WHERE q.job_id = j.id LIMIT 1)) END AS state
    FROM jobs_jobs j WHERE id < ${before}::bigint`;
}

/** In the order of the ids; those that have gone meanwhile are left out. */
export async function selectRecords(tx: Query, ids: string[]): Promise<JobRecord[]> {
  if (ids.length === 0) return [];
  const rows = await tx<(JobRecord & { wakes_at: Date | null; queue_state: string | null })[]>`
    SELECT j.id, j.kind, j.class, j.reason, j.enqueued_at, j.deadline_at, j.tenant, j.priority, k.tries_max,
      coalesce(q.attempt, CASE j.state WHEN 'live' THEN 1 ELSE j.attempt END) AS attempt, coalesce(q.stop, false) AS stop_asked,
      q.wakes_at, q.state AS queue_state, jobs_state(j.state, q.state) AS state,
      CASE jobs_state(j.state, q.state) WHEN 'done' THEN 1 ELSE j.progress END AS progress,
      CASE WHEN j.state = 'live' AND q.state IS NULL THEN (
        SELECT d.ended_at FROM jobs_done d WHERE d.newest_id >= j.id AND j.id = ANY (d.ids) ORDER BY d.newest_id LIMIT 1)
      ELSE j.ended_at END AS ended_at
    FROM unnest(string_to_array(${ids.join(",")}, ',')::bigint[]) WITH ORDINALITY AS w (id, at)
    JOIN jobs_jobs j ON j.id = w.id LEFT JOIN jobs_living q ON q.job_id = j.id LEFT JOIN jobs_kinds k ON k.name = j.kind
    ORDER BY w.at`;
  return rows.map(({ wakes_at, queue_state, ...record }) => ({
    ...record,
    waits_for:
      queue_state === "waiting"
        ? "time"
        : queue_state === "lane"
          ? "tenant"
          : queue_state === "ready"
            ? "worker"
            : null,
    due_at: queue_state === "waiting" ? wakes_at : null,
    lease_until: queue_state === "running" ? wakes_at : null,
  }));
}

/** For who must know what a job is about, and conceals the rest. */
export async function selectPayload(tx: Query, id: string): Promise<JsonObject | null> {
  const [row] = await tx<{ payload: JsonObject }[]>`SELECT payload FROM jobs_jobs WHERE id = ${id}::bigint`;
  return row?.payload ?? null;
}

/** The last hour by minute, newest first; minutes in which nothing happened have no row. */
export function selectMinutes(tx: Query): Promise<JobMinute[]> {
  return tx<JobMinute[]>`
    SELECT minute_at, class, kind, started, done, failed, dead, cancelled FROM jobs_minutes
    WHERE minute_at > clock_timestamp() - make_interval(mins => ${FLOW_MINUTES}::int) ORDER BY minute_at DESC, class, kind`;
}

/** One row per class, also where nothing waits. */
export function selectWaits(tx: Query): Promise<JobWait[]> {
  return tx<JobWait[]>`
    SELECT c.class, count(q.*) FILTER (WHERE q.state <> 'running')::int AS queued, count(q.*) FILTER (WHERE q.state = 'running')::int AS running,
      count(q.*) FILTER (WHERE q.state = 'waiting')::int AS later,
      coalesce(greatest(0, extract(epoch FROM clock_timestamp()
        - min(jobs_sort_at(q.sort_at, -q.priority, ${PRIORITY_STEP_S}::int)) FILTER (WHERE q.state IN ('ready', 'lane')))), 0)::float8 AS oldest_s
    FROM unnest(ARRAY['interactive', 'batch', 'maintenance']) WITH ORDINALITY c (class, at) LEFT JOIN jobs_living q ON q.class = c.class
    GROUP BY c.class, c.at ORDER BY c.at`;
}

/** The soonest first. @param kind null for all */
export function selectSchedules(tx: Query, kind: string | null): Promise<JobSchedule[]> {
  return tx<JobSchedule[]>`
    SELECT k.name AS kind, k.class, k.every_ms::float8 AS every_ms, k.cron, k.time_zone, k.next_at, j.id AS job_id
    FROM jobs_kinds k LEFT JOIN jobs_jobs j ON j.kind = k.name AND j.unique_key = ${CLOCK_KEY} AND j.state = 'live'
    WHERE (k.every_ms IS NOT NULL OR k.cron IS NOT NULL) AND k.name = coalesce(${kind}, k.name)
    ORDER BY k.next_at NULLS LAST, k.name`;
}

/** @returns those that live again */
export function replayAll(tx: Query, kind: string, jobs_max: number): Promise<Queued[]> {
  return tx<
    Queued[]
  >`SELECT class, kind, tenant, state FROM jobs_replay_many(${kind}, ${jobs_max}::int, ${PRIORITY_STEP_S}::int)`;
}

/** @returns null when it does not wait for its time */
export async function hurry(tx: Query, id: string): Promise<JobRecord["class"] | null> {
  const [row] = await tx<{ class: JobRecord["class"] | null }[]>`
    SELECT jobs_hurry(${id}::bigint, ${PRIORITY_STEP_S}::int) AS class`;
  return row!.class;
}
