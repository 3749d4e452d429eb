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

/** Adds what one node counted; hours that ended before `keep_from` go. */
export async function addHomeReads(db: Query, hour: Date, reads: number, keep_from: Date): Promise<void> {
  await db`
    INSERT INTO feed_home_reads (hour, reads) VALUES (${hour}, ${reads})
    ON CONFLICT (hour) DO UPDATE SET reads = feed_home_reads.reads + excluded.reads`;
  await db`DELETE FROM feed_home_reads WHERE hour < ${keep_from}`;
}

export async function homeReadsSince(db: Query, since: Date): Promise<number> {
  const [row] = (await db`
    SELECT coalesce(sum(reads), 0)::float8 AS reads FROM feed_home_reads WHERE hour >= ${since}`) as {
    reads: number;
  }[];
  return row!.reads;
}

/** Entries made since an id: posts that are there, and reposts. */
export async function entriesMadeSince(db: Query, from_id: string): Promise<number> {
  const [row] = (await db`
    SELECT (SELECT count(*) FROM feed_posts WHERE id >= ${from_id}::bigint)::float8
      + (SELECT count(*) FROM feed_reposts WHERE entry_id >= ${from_id}::bigint)::float8 AS entries`) as {
    entries: number;
  }[];
  return row!.entries;
}

/** Who made the newest entries since an id, and how many of them each. */
export async function newestActors(
  db: Query,
  from_id: string,
  entries_max: number,
): Promise<{ actor_id: PersonId; entries: number }[]> {
  return (await db`
    SELECT actor_id, count(*)::float8 AS entries FROM (
      (SELECT author_id AS actor_id FROM feed_posts WHERE id >= ${from_id}::bigint ORDER BY id DESC LIMIT ${entries_max})
      UNION ALL
      (SELECT person_id FROM feed_reposts WHERE entry_id >= ${from_id}::bigint ORDER BY entry_id DESC LIMIT ${entries_max})
    ) AS newest GROUP BY actor_id`) as { actor_id: PersonId; entries: number }[];
}

/** Some people who have put something there, to measure with. */
export async function someActors(db: Query, actors_max: number): Promise<PersonId[]> {
  const rows = (await db`
    SELECT DISTINCT author_id AS id FROM (SELECT author_id FROM feed_posts ORDER BY id DESC LIMIT ${actors_max * 4}) AS newest
    LIMIT ${actors_max}`) as { id: PersonId }[];
  return rows.map((row) => row.id);
}
