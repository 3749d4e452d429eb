import { Cron } from "croner";

import type { Sql } from "#ports/sql/index.ts";

import { CRON_CHARS_MAX, PRIORITY_STEP_S } from "./bounds.ts";
import type { JobClass, JobKind } from "./index.ts";

/**
 * Kinds that run by the calendar: `0 4 * * *` in a time zone. When the next time is, the node says that finds one due; that it
 * is taken once, the database does. A time that the clocks skip in spring falls on the moment after the gap; one that comes twice in autumn
 * is taken the first time, save by patterns that name every hour, which run each hour that passes.
 */
export interface Timetable {
  expression: string;
  time_zone: string;
}

export function timetableOf(kind: Pick<JobKind, "cron" | "time_zone">): Timetable | null {
  return kind.cron === undefined ? null : { expression: kind.cron, time_zone: kind.time_zone ?? "UTC" };
}

/** The first time after `now`. @throws RangeError when there is none within the years that can be named, or nonsense was given */
export function nextTime({ expression, time_zone }: Timetable, now: Date): Date {
  const said = `the cron expression ${JSON.stringify(expression)} in ${JSON.stringify(time_zone)}`;
  if (expression.length > CRON_CHARS_MAX || time_zone.length > CRON_CHARS_MAX)
    throw new RangeError(`${said.slice(0, 2 * CRON_CHARS_MAX)} is longer than ${CRON_CHARS_MAX} characters`);
  let next: Date | null;
  try {
    next = new Cron(expression, { mode: "5-part", timezone: time_zone, paused: true }).nextRun(now);
  } catch (error) {
    throw new RangeError(`${said} cannot be read: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
  }
  if (!next) throw new RangeError(`${said} never comes`);
  return next;
}

/** Enqueues what the calendar says is due, once on the whole house. @returns the classes that got something */
export async function runTimetables(sql: Sql, kinds: Iterable<JobKind>): Promise<JobClass[]> {
  const mine = [...kinds].filter((kind) => timetableOf(kind) !== null);
  if (mine.length === 0) return [];
  const names = sql.pool.array(
    mine.map((kind) => kind.name),
    "TEXT",
  );
  const due = await sql.pool<{ name: string; was: Date | null; now: Date }[]>`
    SELECT name, next_at AS was, clock_timestamp() AS now FROM jobs_kinds
    WHERE name = ANY (${names}) AND cron IS NOT NULL AND (next_at IS NULL OR next_at <= clock_timestamp())`;
  const woken: JobClass[] = [];
  for (const { name, was, now } of due) {
    const kind = mine.find((one) => one.name === name)!;
    const table = timetableOf(kind)!;
    const [row] = await sql.single(
      (db) => db<{ class: JobClass | null }[]>`
        SELECT jobs_on_time(${name}, ${table.expression}, ${table.time_zone}, ${was}::timestamptz, ${nextTime(table, now)}::timestamptz,
          ${PRIORITY_STEP_S}::int) AS class`,
    );
    if (row!.class) woken.push(row!.class);
  }
  return woken;
}
