import type { Id, PersonId, PostId, SpaceId, VideoId } from "#kernel/ids.ts";
import type { Audience } from "#kernel/wire.ts";
import type { Query } from "#ports/sql/index.ts";

export interface TrendFactsRow {
  id: PostId;
  audience: Audience;
  space_id: SpaceId | null;
  video_id: VideoId | null;
  hashtags: string[];
  text: string;
  is_there: boolean;
}

/** Also of those that are deleted or hidden, as long as their words are kept; `is_there` says that they are not. */
export async function findTrendFacts(db: Query, ids: readonly PostId[]): Promise<TrendFactsRow[]> {
  return (await db`SELECT id, audience, space_id, video_id, hashtags, text, deleted_at IS NULL AND hidden_at IS NULL AS is_there
    FROM feed_posts WHERE id = ANY(${db.array([...ids], "BIGINT")})`) as TrendFactsRow[];
}

export interface KeptState {
  version: number;
  position: string;
  at: Date;
  state: Uint8Array;
}

export async function findState(db: Query): Promise<KeptState | null> {
  const [row] = (await db`SELECT version, position, at, state FROM feed_trending_states WHERE id = 1`) as KeptState[];
  return row ?? null;
}

/** A node that is behind does not put its state in the place of one that is further on. */
export async function keepState(db: Query, kept: KeptState): Promise<void> {
  await db`INSERT INTO feed_trending_states AS s (id, version, position, at, state)
    VALUES (1, ${kept.version}, ${kept.position}, ${kept.at}, ${kept.state})
    ON CONFLICT (id) DO UPDATE SET version = excluded.version, position = excluded.position, at = excluded.at, state = excluded.state
    WHERE s.position < excluded.position OR s.version <> excluded.version`;
}

export const BAR_KINDS = ["hashtag", "link", "host", "post"] as const;
export type BarKind = (typeof BAR_KINDS)[number];

export interface BarRow {
  id: Id<"bar">;
  kind: BarKind;
  subject: string;
  why: string;
  barred_by: PersonId;
  barred_at: Date;
  lifted_by: PersonId | null;
  lifted_at: Date | null;
}

/** Of these, which are barred now. */
export async function barredAmong(db: Query, kind: BarKind, subjects: readonly string[]): Promise<Set<string>> {
  if (subjects.length === 0) return new Set();
  const rows = (await db`SELECT subject FROM feed_trending_bars
    WHERE kind = ${kind} AND lifted_at IS NULL AND subject = ANY(${db.array([...subjects], "TEXT")})`) as {
    subject: string;
  }[];
  return new Set(rows.map((row) => row.subject));
}

/** @returns the bar that stands: this one, or the one that stood before */
export async function insertBar(tx: Query, row: Omit<BarRow, "lifted_by" | "lifted_at">): Promise<BarRow> {
  await tx`INSERT INTO feed_trending_bars (id, kind, subject, why, barred_by, barred_at)
    VALUES (${row.id}, ${row.kind}, ${row.subject}, ${row.why}, ${row.barred_by}, ${row.barred_at})
    ON CONFLICT (kind, subject) WHERE lifted_at IS NULL DO NOTHING`;
  const [standing] = (await tx`SELECT * FROM feed_trending_bars
    WHERE kind = ${row.kind} AND subject = ${row.subject} AND lifted_at IS NULL FOR UPDATE`) as BarRow[];
  return standing!;
}

/** @returns null where there is none that stands */
export async function liftBar(tx: Query, id: string, by: PersonId, at: Date): Promise<BarRow | null> {
  const [row] = (await tx`UPDATE feed_trending_bars SET lifted_by = ${by}, lifted_at = ${at}
    WHERE id = ${id} AND lifted_at IS NULL RETURNING *`) as BarRow[];
  return row ?? null;
}

/** Newest first, lifted ones too. */
export async function listBars(db: Query, below: string | null, bars_max: number): Promise<BarRow[]> {
  return (await db`SELECT * FROM feed_trending_bars
    WHERE id < ${below ?? "9223372036854775807"}::bigint ORDER BY id DESC LIMIT ${bars_max}`) as BarRow[];
}
