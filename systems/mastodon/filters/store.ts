import type { Id, PersonId } from "#kernel/ids.ts";
import type { Query } from "#ports/sql/index.ts";

/** Names over some of somebody's muted words. */
export interface FilterRow {
  id: Id<"filter">;
  person_id: PersonId;
  title: string;
  word_ids: string[];
  action: "warn" | "hide";
  place: "home" | "everywhere";
  expires_at: Date | null;
}

const COLUMNS = "id, person_id, title, word_ids::text[] AS word_ids, action, place, expires_at";

export const filtersOf = async (db: Query, person_id: PersonId): Promise<FilterRow[]> =>
  (await db`
    SELECT ${db.unsafe(COLUMNS)} FROM mastodon_filters WHERE person_id = ${person_id} ORDER BY id`) as FilterRow[];

/** @returns false where they have as many as may be */
export async function insertFilter(db: Query, row: FilterRow, at: Date, filters_max: number): Promise<boolean> {
  const made = await db`
    INSERT INTO mastodon_filters (id, person_id, title, word_ids, action, place, expires_at, created_at)
    SELECT ${row.id}, ${row.person_id}, ${row.title}, ${db.array(row.word_ids, "BIGINT")}, ${row.action}, ${row.place},
      ${row.expires_at}::timestamptz, ${at}
    WHERE (SELECT count(*) FROM mastodon_filters WHERE person_id = ${row.person_id}) < ${filters_max}
    ON CONFLICT (id) DO NOTHING`;
  return made.count === 1;
}

export const updateFilter = (db: Query, row: FilterRow) => db`
  UPDATE mastodon_filters SET title = ${row.title}, word_ids = ${db.array(row.word_ids, "BIGINT")}, action = ${row.action},
    place = ${row.place}, expires_at = ${row.expires_at}
  WHERE id = ${row.id} AND person_id = ${row.person_id}`;

/** Behind its others, also when two come at once. @returns false where it has as many as may be, or is gone */
export async function addWord(
  db: Query,
  person_id: PersonId,
  id: string,
  word_id: string,
  words_max: number,
): Promise<boolean> {
  const added = await db`
    UPDATE mastodon_filters SET word_ids = array_append(array_remove(word_ids, ${word_id}::bigint), ${word_id}::bigint)
    WHERE id = ${id}::bigint AND person_id = ${person_id}
      AND cardinality(array_remove(word_ids, ${word_id}::bigint)) < ${words_max}`;
  return added.count === 1;
}

/** A word stands in one filter; where it was muted anew under another id, `to` is that. */
export const replaceWord = (db: Query, person_id: PersonId, from: string, to: string | null) => db`
  UPDATE mastodon_filters SET word_ids = CASE WHEN ${to}::bigint IS NULL OR ${to}::bigint = ANY (word_ids)
    THEN array_remove(word_ids, ${from}::bigint) ELSE array_replace(word_ids, ${from}::bigint, ${to}::bigint) END
  WHERE person_id = ${person_id} AND ${from}::bigint = ANY (word_ids) AND ${to}::bigint IS DISTINCT FROM ${from}::bigint`;

export const deleteFilter = (db: Query, person_id: PersonId, id: string) =>
  db`DELETE FROM mastodon_filters WHERE id = ${id}::bigint AND person_id = ${person_id}`;
