import type { Json, JsonObject } from "#kernel/json.ts";
import type { Query } from "#ports/sql/index.ts";

import { FINISH_FEW, PRIORITY_STEP_S, PUT_OFF_AGE_MS_MAX, PUT_OFF_SHARE } from "./bounds.ts";
import type { EnqueueOptions, JobClass, JobState, JobView } from "./index.ts";
import type { Counted } from "./tally.ts";

export interface Claimed {
  id: string;
  /** The part of the queue that it lay in when it was claimed. */
  slot: number;
  kind: string;
  tenant: string | null;
  token: string;
  attempt: number;
  payload: { [key: string]: Json };
  cursor: { [key: string]: Json } | null;
  /** Its end is written into its own record also where many end together. */
  told: boolean;
  /** Past its deadline. */
  expired: boolean;
  /** Its place in the order of its kind and class; of a group that of its last. */
  sort_at: string;
  /** The group that it was claimed in, if any. */
  lease: Lease | null;
  /** It was one of a group until something was written down for it alone. */
  apart?: boolean;
}

/** A group of jobs that one row has until their time is over. */
export interface Lease {
  token: string;
  /** Of its jobs, those that this node has not ended or given back yet. */
  left: number;
}

/** What changed hands: `ok` is false for a zombie. `classes` have got something to claim. */
export interface Settled {
  ok: boolean;
  classes: JobClass[];
  /** It comes again after a delay. */
  waits?: boolean;
  /** For the sums; none for a zombie and for what was handed back. */
  counted?: Counted;
}

export interface KindRow {
  name: string;
  class: JobClass;
  lane_max: number;
  tries_max: number;
  every_ms: number | null;
  cron: string | null;
  time_zone: string | null;
}

export async function insertKind(tx: Query, kind: KindRow): Promise<void> {
  await tx`
    INSERT INTO jobs_kinds AS k (name, class, lane_max, tries_max, every_ms, cron, time_zone, next_at)
    VALUES (${kind.name}, ${kind.class}, ${kind.lane_max}, ${kind.tries_max}, ${kind.every_ms}::bigint, ${kind.cron}, ${kind.time_zone},
      clock_timestamp() + make_interval(secs => ${kind.every_ms}::float8 / 1000))
    ON CONFLICT (name) DO UPDATE SET class = excluded.class, lane_max = excluded.lane_max,
      tries_max = excluded.tries_max, every_ms = excluded.every_ms, cron = excluded.cron, time_zone = excluded.time_zone,
      next_at = CASE WHEN (k.cron, k.time_zone) IS DISTINCT FROM (excluded.cron, excluded.time_zone) THEN excluded.next_at
        ELSE least(k.next_at, excluded.next_at) END
    WHERE (k.class, k.lane_max, k.tries_max, k.every_ms, k.cron, k.time_zone)
      IS DISTINCT FROM (excluded.class, excluded.lane_max, excluded.tries_max, excluded.every_ms, excluded.cron, excluded.time_zone)`;
}

export async function enqueue(
  tx: Query,
  kind: string,
  payload: JsonObject,
  options: EnqueueOptions,
): Promise<{ id: string; class: JobClass; state: "ready" | "waiting" | "lane" | "there" }> {
  const [row] = await tx<{ id: string; class: JobClass; state: "ready" | "waiting" | "lane" | "there" }[]>`
    SELECT * FROM jobs_enqueue(${kind}, ${payload}::jsonb, ${options.class ?? null}, ${options.priority ?? 0}::int,
      ${options.delay_ms ?? 0}::float8, ${options.deadline_at ?? null}::timestamptz, ${options.unique_key ?? null},
      ${options.tenant ?? null}, ${PRIORITY_STEP_S}::int)`;
  return row!;
}

/** One tenant's jobs of one kind that wait for room. */
export interface Lane {
  kind: string;
  tenant: string;
}

/** Lets out of these lanes what there is room for. @returns the classes that have got something to claim */
export async function lookInLanes(tx: Query, array: (values: string[]) => unknown, lanes: Lane[]): Promise<JobClass[]> {
  const [row] = await tx<{ classes: JobClass[] }[]>`
    SELECT jobs_look_in_lanes(${array(lanes.map((l) => l.kind))}, ${array(lanes.map((l) => l.tenant))}, ${PRIORITY_STEP_S}::int) AS classes`;
  return row!.classes;
}

export const list = (values: readonly (string | number | boolean)[]) => `{${values.join(",")}}`;

/** Done, many in one statement. `ended` are the tokens that were no zombie's. */
export async function finish(
  tx: Query,
  claims: readonly Claimed[],
): Promise<{ ended: Set<string>; classes: JobClass[] }> {
  const by = claims.some((c) => c.lease) ? "jobs_finish_some" : "jobs_finish";
  const [row] = await tx<{ ended: string; classes: JobClass[] }[]>`
    SELECT array_to_string(ended, ',') AS ended, classes FROM ${tx(by)}(${list(claims.map((c) => c.id))}::bigint[],
      ${list(claims.map((c) => c.slot))}::smallint[], ${list(claims.map((c) => c.token))}::bigint[],
      ${list(claims.map((c) => c.told))}::boolean[], ${FINISH_FEW}::int, ${PRIORITY_STEP_S}::int)`;
  return { ended: new Set(row!.ended.split(",")), classes: row!.classes };
}

/** Done, all that there is of these leases. @returns those that still had as many jobs as the caller knows of; nothing of the others was changed */
export async function finishLeases(tx: Query, leases: readonly Lease[]): Promise<Set<string>> {
  const rows = await tx<{ lease: string }[]>`
    SELECT lease FROM jobs_finish_leases(${list(leases.map((l) => l.token))}::bigint[], ${list(leases.map((l) => l.left))}::int[])`;
  return new Set(rows.map((row) => row.lease));
}

/** Claims that were not begun. @returns how many were still the caller's */
export async function handBack(tx: Query, claims: readonly Claimed[]): Promise<number> {
  const [row] = await tx<{ back: number }[]>`
    SELECT jobs_hand_back(${list(claims.map((c) => c.id))}::bigint[], ${list(claims.map((c) => c.token))}::bigint[])::int AS back`;
  return row!.back;
}

/** @param only_expired takes it from its owner, and only when the lease is over */
export async function end(
  tx: Query,
  claimed: { id: string; token: string },
  state: "done" | "dead" | "cancelled",
  reason: string | null,
  only_expired = false,
): Promise<Settled> {
  const [row] = await tx<Settled[]>`
    SELECT * FROM jobs_end(${claimed.id}::bigint, ${claimed.token}::bigint, ${only_expired}, ${state}, ${reason}, ${PRIORITY_STEP_S}::int)`;
  return row!.ok ? { ...row!, counted: state } : row!;
}

export async function release(
  tx: Query,
  claimed: { id: string; token: string },
  how: { handed_back: boolean; delay_ms: number; reason: string | null; only_expired?: boolean },
): Promise<Settled> {
  const [row] = await tx<Settled[]>`
    SELECT * FROM jobs_release(${claimed.id}::bigint, ${claimed.token}::bigint, ${how.only_expired ?? false}, ${how.handed_back},
      ${how.delay_ms}::float8, ${how.reason}, ${PRIORITY_STEP_S}::int)`;
  if (!row!.ok || how.handed_back) return row!;
  return { ...row!, waits: true, counted: "failed" };
}

/**
 * As `release` for later, but no try is gone. It comes back by its deadline at the latest, to be buried in time.
 * @returns null when it is too old for that, and nothing was done
 */
export async function putOff(
  tx: Query,
  claimed: { id: string; token: string },
  how: { delay_ms: number; reason: string; only_expired?: boolean },
): Promise<Settled | null> {
  const young = await tx`
    SELECT 1 FROM jobs_jobs WHERE id = ${claimed.id}::bigint
      AND enqueued_at > clock_timestamp() - make_interval(secs => ${PUT_OFF_AGE_MS_MAX}::float8 / 1000)`;
  if (young.length === 0) return null;
  const settled = await release(tx, claimed, { ...how, handed_back: false });
  if (!settled.ok) return settled;
  await tx`
    UPDATE jobs_queue q SET attempt = q.attempt - 1,
      wakes_at = least(j.deadline_at, greatest(q.wakes_at, clock_timestamp() + (clock_timestamp() - j.enqueued_at) * ${PUT_OFF_SHARE}::float8))
    FROM jobs_jobs j WHERE q.job_id = ${claimed.id}::bigint AND q.state = 'waiting' AND j.id = q.job_id`;
  return { ok: true, classes: settled.classes, waits: true };
}

export function beat(
  tx: Query,
  ids: unknown,
  tokens: unknown,
  leases: unknown,
): Promise<{ token: string; stop: boolean }[]> {
  return tx<{ token: string; stop: boolean }[]>`SELECT * FROM jobs_beat(${ids}, ${tokens}, ${leases})`;
}

export async function sweep(
  tx: Query,
  kinds: unknown,
): Promise<{ classes: JobClass[]; next_ms: number | null; lapsed: boolean }> {
  const [row] = await tx<{ classes: JobClass[]; next_ms: number | null; lapsed: boolean }[]>`
    SELECT * FROM jobs_look(${kinds}, ${PRIORITY_STEP_S}::int)`;
  return row!;
}

export interface Lapsed extends Claimed {
  class: JobClass;
  stop: boolean;
}

/** Claims whose lease is over: their worker died, hangs, or lost the database. */
export function selectLapsed(tx: Query, kinds: unknown): Promise<Lapsed[]> {
  return tx<Lapsed[]>`
    SELECT q.job_id AS id, q.slot, q.kind, q.tenant, q.class, q.token, q.attempt, q.stop, j.payload, j.cursor, false AS expired, true AS told, q.sort_at::text, NULL AS lease
    FROM jobs_queue q JOIN jobs_jobs j ON j.id = q.job_id
    WHERE q.state IN ('waiting', 'running') AND q.state = 'running' AND q.wakes_at <= clock_timestamp() AND q.kind = ANY (${kinds})
    ORDER BY q.wakes_at LIMIT 100`;
}

export async function updateProgress(tx: Query, ids: unknown, fractions: unknown): Promise<void> {
  await tx`
    UPDATE jobs_jobs j SET progress = p.progress FROM unnest(${ids}, ${fractions}) p (id, progress)
    WHERE j.id = p.id AND j.state = 'live'`;
}

type Held = Pick<Claimed, "id" | "token" | "lease" | "apart">;

/** One of a group, before something is done with its row. */
async function apart(tx: Query, claimed: Held): Promise<void> {
  const { id, lease } = claimed;
  if (!lease) return;
  claimed.apart = true;
  await tx`SELECT jobs_apart(${lease.token}::bigint, ARRAY[${id}::bigint])`;
}

/** @returns false when the claim is lost */
export async function updateCursor(tx: Query, claimed: Held, cursor: JsonObject): Promise<boolean> {
  await apart(tx, claimed);
  const written = await tx`
    WITH mine AS (
      SELECT job_id FROM jobs_queue WHERE job_id = ${claimed.id}::bigint AND token = ${claimed.token}::bigint FOR SHARE)
    UPDATE jobs_jobs j SET cursor = ${cursor}::jsonb FROM mine WHERE j.id = mine.job_id`;
  return written.count > 0;
}

/** Holds the claim for the rest of the transaction and renews it. @returns false when it is lost */
export async function hold(tx: Query, claimed: Held, lease_ms: number): Promise<boolean> {
  await apart(tx, claimed);
  const held = await tx`
    UPDATE jobs_queue SET wakes_at = clock_timestamp() + make_interval(secs => ${lease_ms / 1000}::float8)
    WHERE job_id = ${claimed.id}::bigint AND token = ${claimed.token}::bigint`;
  return held.count > 0;
}

/** @returns what became of it; null when it had ended */
export async function cancel(tx: Query, id: string): Promise<"cancelled" | "asked" | null> {
  await tx`SELECT jobs_apart(lease, ARRAY[${id}::bigint]) FROM jobs_leases WHERE ${id}::bigint = ANY (ids)`;
  const [row] = await tx<
    { state: string; slot: number }[]
  >`SELECT state, slot FROM jobs_queue WHERE job_id = ${id}::bigint FOR UPDATE`;
  if (!row) return null;
  if (row.state === "running") {
    await tx`UPDATE jobs_queue SET stop = true WHERE job_id = ${id}::bigint AND slot = ${row.slot}`;
    return "asked";
  }
  await tx`DELETE FROM jobs_queue WHERE job_id = ${id}::bigint AND slot = ${row.slot}`;
  await tx`UPDATE jobs_jobs SET state = 'cancelled', ended_at = clock_timestamp(), reason = NULL WHERE id = ${id}::bigint`;
  return "cancelled";
}

/** What was put into the queue again, for those that are to be told. */
export interface Queued {
  class: JobClass;
  kind: string;
  tenant: string | null;
  state: "ready" | "lane";
}

/** @returns null when it lives, is done, is not there, or its unique key is taken by a living one */
export async function replay(tx: Query, id: string): Promise<Queued | null> {
  const [row] = await tx<Queued[]>`
    WITH again AS (
      UPDATE jobs_jobs j SET state = 'live', ended_at = NULL, attempt = 0, reason = NULL, deadline_at = NULL
      WHERE id = ${id}::bigint AND state IN ('dead', 'cancelled') AND NOT EXISTS (
        SELECT FROM jobs_jobs o WHERE o.kind = j.kind AND o.unique_key = j.unique_key AND o.state = 'live')
      RETURNING *)
    SELECT class, kind, tenant, jobs_queue_up(id, kind, class, priority, tenant, 0, ${PRIORITY_STEP_S}::int) AS state FROM again`;
  return row ?? null;
}

export async function select(tx: Query, id: string): Promise<JobView | null> {
  const [row] = await tx<JobView[]>`
    SELECT j.id, j.kind, j.class, j.reason, j.enqueued_at, coalesce(q.attempt, CASE j.state WHEN 'live' THEN 1 ELSE j.attempt END) AS attempt,
      CASE WHEN jobs_state(j.state, q.state) = 'done' THEN 1 ELSE j.progress END AS progress, jobs_state(j.state, q.state) AS state
    FROM jobs_jobs j LEFT JOIN jobs_living q ON q.job_id = j.id WHERE j.id = ${id}::bigint`;
  return row ?? null;
}

export function selectCounts(
  tx: Query,
): Promise<{ class: JobClass; kind: string; state: JobState; jobs: number; oldest_s: number }[]> {
  return tx<{ class: JobClass; kind: string; state: JobState; jobs: number; oldest_s: number }[]>`
    SELECT q.class, q.kind, CASE q.state WHEN 'running' THEN 'running' ELSE 'queued' END AS state, count(*)::int AS jobs,
      greatest(0, extract(epoch FROM clock_timestamp() - min(jobs_sort_at(q.sort_at, -q.priority, ${PRIORITY_STEP_S}::int))))::float8 AS oldest_s
    FROM jobs_living q GROUP BY 1, 2, 3
    UNION ALL
    SELECT class, kind, 'dead', count(*)::int, extract(epoch FROM clock_timestamp() - min(ended_at))::float8
    FROM jobs_jobs WHERE state = 'dead' GROUP BY 1, 2
    ORDER BY 1, 2, 3`;
}

export async function anyAlive(tx: Query, kinds: unknown): Promise<boolean> {
  const [row] = await tx<{ alive: boolean }[]>`
    SELECT EXISTS (SELECT FROM jobs_queue WHERE ${kinds}::text[] IS NULL OR kind = ANY (${kinds}::text[]))
      OR EXISTS (SELECT FROM jobs_leases WHERE ${kinds}::text[] IS NULL OR kind = ANY (${kinds}::text[])) AS alive`;
  return row!.alive;
}
