import type { Query } from "#ports/sql/index.ts";

export interface MinuteRow {
  rule_id: string;
  allowed: number;
  refused: number;
  would_allow: number;
  would_refuse: number;
}

export interface RefusalRow {
  rule_id: string;
  subject: string;
  refused: number;
  would_refuse: number;
}

const of = <R, K extends keyof R>(rows: readonly R[], name: K) => rows.map((row) => row[name]);

/** Adds to the sums of all nodes. Rows come in one order, so that two nodes never wait in a circle. */
export const addMinute = (tx: Query, minute: Date, rows: readonly MinuteRow[]) => tx`
  INSERT INTO limits_minutes AS m (minute, rule_id, allowed, refused, would_allow, would_refuse)
  SELECT ${minute}, r.* FROM unnest(${tx.array(of(rows, "rule_id"), "TEXT")}, ${tx.array(of(rows, "allowed"), "BIGINT")},
    ${tx.array(of(rows, "refused"), "BIGINT")}, ${tx.array(of(rows, "would_allow"), "BIGINT")}, ${tx.array(of(rows, "would_refuse"), "BIGINT")}) AS r
  ON CONFLICT (minute, rule_id) DO UPDATE SET allowed = m.allowed + excluded.allowed, refused = m.refused + excluded.refused,
    would_allow = m.would_allow + excluded.would_allow, would_refuse = m.would_refuse + excluded.would_refuse`;

export const addRefusals = (tx: Query, hour: Date, rows: readonly RefusalRow[]) => tx`
  INSERT INTO limits_refusals AS m (hour, rule_id, subject, refused, would_refuse)
  SELECT ${hour}, r.* FROM unnest(${tx.array(of(rows, "rule_id"), "TEXT")}, ${tx.array(of(rows, "subject"), "TEXT")},
    ${tx.array(of(rows, "refused"), "BIGINT")}, ${tx.array(of(rows, "would_refuse"), "BIGINT")}) AS r
  ON CONFLICT (hour, rule_id, subject) DO UPDATE SET refused = m.refused + excluded.refused, would_refuse = m.would_refuse + excluded.would_refuse`;

export const minutesSince = async (db: Query, since: Date, rows_max: number) =>
  (await db`
    SELECT minute, rule_id, allowed::float8 AS allowed, refused::float8 AS refused, would_allow::float8 AS would_allow,
      would_refuse::float8 AS would_refuse
    FROM limits_minutes WHERE minute >= ${since} ORDER BY minute DESC, rule_id LIMIT ${rows_max}`) as (MinuteRow & {
    minute: Date;
  })[];

/** Of each rule the most refused, the most first. */
export const topRefused = async (db: Query, since: Date, per_rule_max: number) =>
  (await db`
    SELECT rule_id, subject, refused, would_refuse FROM (
      SELECT rule_id, subject, sum(refused)::float8 AS refused, sum(would_refuse)::float8 AS would_refuse,
        row_number() OVER (PARTITION BY rule_id ORDER BY sum(refused) + sum(would_refuse) DESC, subject) AS place
      FROM limits_refusals WHERE hour >= ${since} GROUP BY rule_id, subject
    ) AS sums WHERE place <= ${per_rule_max} ORDER BY rule_id, place`) as RefusalRow[];

/** The latest hour first, in it the most refused. */
export const refusalsOf = async (db: Query, subjects: readonly string[], since: Date, rows_max: number) =>
  (await db`
    SELECT hour, rule_id, subject, refused::float8 AS refused, would_refuse::float8 AS would_refuse FROM limits_refusals
    WHERE subject = ANY(${db.array([...subjects], "TEXT")}) AND hour >= ${since}
    ORDER BY hour DESC, refused DESC, rule_id, subject LIMIT ${rows_max}`) as (RefusalRow & { hour: Date })[];

export async function trim(db: Query, before: Date): Promise<void> {
  await db`DELETE FROM limits_minutes WHERE minute < ${before}`;
  await db`DELETE FROM limits_refusals WHERE hour < ${before}`;
}
