import type { Id, PersonId } from "#kernel/ids.ts";
import type { Query } from "#ports/sql/index.ts";

export type ListId = Id<"list">;

export interface ListRow {
  id: ListId;
  person_id: PersonId;
  name: string;
  created_at: Date;
  out_of_home_at: Date | null;
  deleted_at: Date | null;
}

export interface CountedListRow extends ListRow {
  people_count: number;
  has_person: boolean;
}

const TOP = "9223372036854775807";

/** Whose people stay out of this person's home. Oneself is never among them. */
export async function peopleOutOfHome(db: Query, person_id: PersonId): Promise<PersonId[]> {
  const rows = (await db`
    SELECT DISTINCT p.person_id AS id FROM feed_lists l JOIN feed_list_people p ON p.list_id = l.id
    WHERE l.person_id = ${person_id} AND l.deleted_at IS NULL AND l.out_of_home_at IS NOT NULL AND p.person_id <> ${person_id}`) as {
    id: PersonId;
  }[];
  return rows.map((row) => row.id);
}

/** Living ones by name; `member_id` is looked for in each. */
export async function listsOf(
  db: Query,
  person_id: PersonId,
  member_id: PersonId | null,
  only: ListId | null = null,
): Promise<CountedListRow[]> {
  return (await db`
    SELECT l.id, l.person_id, l.name, l.created_at, l.out_of_home_at, l.deleted_at,
      (SELECT count(*) FROM feed_list_people p WHERE p.list_id = l.id)::int AS people_count,
      EXISTS (SELECT FROM feed_list_people p WHERE p.list_id = l.id AND p.person_id = ${member_id}::bigint) AS has_person
    FROM feed_lists l
    WHERE l.person_id = ${person_id} AND l.deleted_at IS NULL AND (${only}::bigint IS NULL OR l.id = ${only}::bigint)
    ORDER BY lower(l.name), l.id`) as CountedListRow[];
}

/** A living list and who is in it, for whoever reads it. */
export async function findList(db: Query, id: ListId): Promise<{ person_id: PersonId; people: PersonId[] } | null> {
  const [row] = (await db`
    SELECT l.person_id, ARRAY(SELECT p.person_id::text FROM feed_list_people p WHERE p.list_id = l.id ORDER BY p.place_id DESC) AS people
    FROM feed_lists l WHERE l.id = ${id} AND l.deleted_at IS NULL`) as { person_id: PersonId; people: PersonId[] }[];
  return row ?? null;
}

/** The row, deleted or not, held until the transaction ends; null where it is not this person's. */
export async function lockList(tx: Query, person_id: PersonId, id: ListId): Promise<ListRow | null> {
  const [row] = (await tx`
    SELECT * FROM feed_lists WHERE id = ${id} AND person_id = ${person_id} FOR UPDATE`) as ListRow[];
  return row ?? null;
}

export async function countLists(tx: Query, person_id: PersonId): Promise<{ living: number; deleted: number }> {
  const [row] = (await tx`
    SELECT count(*) FILTER (WHERE deleted_at IS NULL)::int AS living, count(*) FILTER (WHERE deleted_at IS NOT NULL)::int AS deleted
    FROM feed_lists WHERE person_id = ${person_id}`) as { living: number; deleted: number }[];
  return row!;
}

/** @returns false where the name is taken; so of the others */
export async function insertList(tx: Query, row: ListRow): Promise<boolean> {
  const made = await tx`
    INSERT INTO feed_lists (id, person_id, name, created_at, out_of_home_at)
    VALUES (${row.id}, ${row.person_id}, ${row.name}, ${row.created_at}, ${row.out_of_home_at})
    ON CONFLICT (person_id, lower(name)) WHERE deleted_at IS NULL DO NOTHING`;
  return made.count === 1;
}

export async function isNameTaken(tx: Query, person_id: PersonId, name: string, but: ListId): Promise<boolean> {
  const [row] = (await tx`
    SELECT EXISTS (SELECT FROM feed_lists WHERE person_id = ${person_id} AND lower(name) = lower(${name}) AND id <> ${but}
      AND deleted_at IS NULL) AS taken`) as { taken: boolean }[];
  return row!.taken;
}

export async function updateList(tx: Query, row: ListRow): Promise<void> {
  await tx`
    UPDATE feed_lists SET name = ${row.name}, out_of_home_at = ${row.out_of_home_at}, deleted_at = ${row.deleted_at}
    WHERE id = ${row.id}`;
}

/** For good: those deleted before `before`. Their reading positions go along. */
export async function purgeLists(tx: Query, person_id: PersonId, before: Date): Promise<void> {
  await tx`
    WITH gone AS (DELETE FROM feed_lists WHERE person_id = ${person_id} AND deleted_at <= ${before} RETURNING id)
    DELETE FROM feed_positions WHERE person_id = ${person_id} AND list_id IN (SELECT id FROM gone)`;
}

export async function countListPeople(tx: Query, list_id: ListId): Promise<number> {
  const [row] = (await tx`SELECT count(*)::int AS n FROM feed_list_people WHERE list_id = ${list_id}`) as {
    n: number;
  }[];
  return row!.n;
}

/** @returns false when they were in it already */
export async function insertListPerson(
  tx: Query,
  list_id: ListId,
  person_id: PersonId,
  place_id: string,
  at: Date,
): Promise<boolean> {
  const made = await tx`
    INSERT INTO feed_list_people (list_id, person_id, place_id, at) VALUES (${list_id}, ${person_id}, ${place_id}, ${at})
    ON CONFLICT (list_id, person_id) DO NOTHING`;
  return made.count === 1;
}

export async function deleteListPerson(tx: Query, list_id: ListId, person_id: PersonId): Promise<boolean> {
  const gone = await tx`DELETE FROM feed_list_people WHERE list_id = ${list_id} AND person_id = ${person_id}`;
  return gone.count === 1;
}

/** Last added first, below that place. */
export async function listPeopleBelow(
  db: Query,
  list_id: ListId,
  below: string | null,
  people_max: number,
): Promise<{ place_id: string; person_id: PersonId }[]> {
  return (await db`
    SELECT place_id, person_id FROM feed_list_people
    WHERE list_id = ${list_id} AND place_id < ${below ?? TOP}::bigint ORDER BY place_id DESC LIMIT ${people_max}`) as {
    place_id: string;
    person_id: PersonId;
  }[];
}
