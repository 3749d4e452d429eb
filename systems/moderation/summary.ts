import { rfc3339 } from "#kernel/time.ts";
import { onOwnTime } from "#ports/calls/index.ts";
import type { Clock } from "#ports/clock/index.ts";
import type { Query, Sql } from "#ports/sql/index.ts";

import { SUMMARY_CACHED_MS, SUMMARY_WINDOW_MS } from "./bounds.ts";

/** What anybody may know of what moderators do: numbers, and nobody's name. */
export interface Summary {
  since: string;
  reports: number;
  cases_open: number;
  cases_closed: Record<string, number>;
  acts: Record<string, number>;
  undone: number;
  appeals: Record<string, number>;
  closed_within_h: number | null;
}

export function createSummary({ sql, clock }: { sql: Sql; clock: Clock }): () => Promise<Summary> {
  let kept: { at_ms: number; summary: Promise<Summary> } | null = null;
  return () => {
    const now_ms = clock.now();
    if (kept !== null && now_ms - kept.at_ms < SUMMARY_CACHED_MS && now_ms >= kept.at_ms) return kept.summary;
    // Many will read it, so it is made on nobody's time.
    const summary = onOwnTime(() => count(sql.pool, new Date(now_ms - SUMMARY_WINDOW_MS)));
    const mine = { at_ms: now_ms, summary };
    kept = mine;
    // What failed is asked for again by the next one.
    summary.catch(() => kept === mine && (kept = null));
    return summary;
  };
}

async function count(db: Query, since: Date): Promise<Summary> {
  const [one] = (await db`
    SELECT (SELECT count(*) FROM moderation_reports WHERE at > ${since})::int AS reports,
      (SELECT count(*) FROM moderation_cases WHERE closed_at IS NULL)::int AS cases_open,
      (SELECT count(*) FROM moderation_acts WHERE at > ${since} AND reverses IS NOT NULL)::int AS undone,
      (SELECT extract(epoch FROM percentile_cont(0.5) WITHIN GROUP (ORDER BY closed_at - opened_at)) / 3600
        FROM moderation_cases WHERE closed_at > ${since})::float8 AS closed_within_h`) as {
    reports: number;
    cases_open: number;
    undone: number;
    closed_within_h: number | null;
  }[];
  const sums = async (rows: PromiseLike<unknown>) =>
    Object.fromEntries(((await rows) as { name: string; n: number }[]).map(({ name, n }) => [name, n]));
  const [cases_closed, acts, appeals] = await Promise.all([
    sums(
      db`SELECT outcome AS name, count(*)::int AS n FROM moderation_cases WHERE closed_at > ${since} GROUP BY outcome`,
    ),
    sums(
      db`SELECT kind AS name, count(*)::int AS n FROM moderation_acts WHERE at > ${since} AND reverses IS NULL GROUP BY kind`,
    ),
    sums(
      db`SELECT coalesce(decision, 'waiting') AS name, count(*)::int AS n FROM moderation_appeals WHERE at > ${since} GROUP BY 1`,
    ),
  ]);
  const { reports, cases_open, undone, closed_within_h } = one!;
  const within = closed_within_h === null ? null : Math.round(closed_within_h * 10) / 10;
  return { since: rfc3339(since), reports, cases_open, cases_closed, acts, undone, appeals, closed_within_h: within };
}
