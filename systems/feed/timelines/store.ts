import type { PersonId, PostId } from "#kernel/ids.ts";
import type { Query } from "#ports/sql/index.ts";

import type { Entry, Strategy } from "./timeline.ts";

const ids = (db: Query, list: readonly string[]) => db.array([...list], "BIGINT");

/** The newest entries of each, newest first. */
export async function newestEntries(db: Query, actors: readonly PersonId[], per_actor: number): Promise<Entry[]> {
  return (await db`
    SELECT e.id, e.post_id, e.actor_id FROM unnest(${ids(db, actors)}) AS a (id)
    CROSS JOIN LATERAL (
      SELECT id, post_id, actor_id FROM feed_entries WHERE actor_id = a.id ORDER BY id DESC LIMIT ${per_actor}
    ) e
    ORDER BY e.id DESC`) as Entry[];
}

/** Entries of each at or above `from`, newest first, at most so many of each. */
export async function entriesSince(
  db: Query,
  actors: readonly PersonId[],
  from: string,
  per_actor: number,
): Promise<Entry[]> {
  return (await db`
    SELECT e.id, e.post_id, e.actor_id FROM unnest(${ids(db, actors)}) AS a (id)
    CROSS JOIN LATERAL (
      SELECT id, post_id, actor_id FROM feed_entries
      WHERE actor_id = a.id AND id >= ${from}::bigint ORDER BY id DESC LIMIT ${per_actor}
    ) e
    ORDER BY e.id DESC`) as Entry[];
}

/** The newest entries of all of them together below `before`. */
export async function entriesBelow(
  db: Query,
  actors: readonly PersonId[],
  before: string | null,
  entries_max: number,
): Promise<Entry[]> {
  if (actors.length === 0) return [];
  return (await db`
    SELECT e.id, e.post_id, e.actor_id FROM unnest(${ids(db, actors)}) AS a (id)
    CROSS JOIN LATERAL (
      SELECT id, post_id, actor_id FROM feed_entries
      WHERE actor_id = a.id AND id < ${before ?? "9223372036854775807"}::bigint ORDER BY id DESC LIMIT ${entries_max}
    ) e
    ORDER BY e.id DESC LIMIT ${entries_max}`) as Entry[];
}

/** Which posts these reposts pass on, and who did it; those that were taken back are missing. */
export async function repostedPosts(
  db: Query,
  entry_ids: readonly string[],
): Promise<Map<string, { post_id: PostId; actor_id: PersonId }>> {
  const rows = (await db`
    SELECT id, post_id, actor_id FROM feed_entries WHERE id = ANY(${ids(db, entry_ids)}) AND id <> post_id`) as Entry[];
  return new Map(rows.map(({ id, post_id, actor_id }) => [id, { post_id, actor_id }]));
}

export async function insertEntry(db: Query, { id, post_id, actor_id }: Entry): Promise<void> {
  await db`INSERT INTO feed_entries (actor_id, id, post_id) VALUES (${actor_id}, ${id}, ${post_id}) ON CONFLICT DO NOTHING`;
}

export async function deleteEntry(db: Query, actor_id: PersonId, id: string): Promise<void> {
  await db`DELETE FROM feed_entries WHERE actor_id = ${actor_id} AND id = ${id}`;
}

/** @returns how many went; a popular post has many, so they go in portions */
export async function deleteEntriesOfPost(db: Query, post_id: PostId, entries_max: number): Promise<number> {
  const gone = await db`DELETE FROM feed_entries WHERE (actor_id, id) IN
    (SELECT actor_id, id FROM feed_entries WHERE post_id = ${post_id} LIMIT ${entries_max})`;
  return gone.count;
}

export interface ChoiceRow {
  strategy: Strategy;
  push_followers_max: number;
  changed_at: Date;
  changed_by: PersonId | null;
}

/** What an admin chose; null where nobody did. */
export async function findChoice(db: Query): Promise<ChoiceRow | null> {
  const [row] =
    (await db`SELECT strategy, push_followers_max, changed_at, changed_by FROM feed_timeline_choice`) as ChoiceRow[];
  return row ?? null;
}

export async function saveChoice(tx: Query, row: ChoiceRow): Promise<void> {
  await tx`
    INSERT INTO feed_timeline_choice (strategy, push_followers_max, changed_at, changed_by)
    VALUES (${row.strategy}, ${row.push_followers_max}, ${row.changed_at}, ${row.changed_by})
    ON CONFLICT (one) DO UPDATE SET strategy = excluded.strategy, push_followers_max = excluded.push_followers_max,
      changed_at = excluded.changed_at, changed_by = excluded.changed_by`;
}

/** Back to what the configuration says. */
export async function forgetChoice(tx: Query): Promise<void> {
  await tx`DELETE FROM feed_timeline_choice`;
}
