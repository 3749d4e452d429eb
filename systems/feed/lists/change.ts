import { conflict, notFound } from "#kernel/errors.ts";
import type { PersonId } from "#kernel/ids.ts";
import { rfc3339 } from "#kernel/time.ts";
import type { SignedIn } from "#kernel/viewer.ts";
import type { Query } from "#ports/sql/index.ts";

import { UNDO_MS_MAX } from "../bounds.ts";
import type { ReadingGround } from "../reading/ground.ts";
import { type ReadingEventName, tellReading } from "../wishes/events.ts";
import { lockWishes } from "../wishes/store.ts";
import { DELETED_MAX, LIST_PEOPLE_MAX, LISTS_MAX } from "./bounds.ts";
import type { PeopleList } from "./contract.ts";
import * as store from "./store.ts";

/** Lists are their owner's alone: what is somebody else's is not found. Doing what is done changes nothing. */

export const presentList = (row: store.CountedListRow, asked_for_person = false): PeopleList => ({
  id: row.id,
  name: row.name,
  people_count: row.people_count,
  out_of_home: row.out_of_home_at !== null,
  created_at: rfc3339(row.created_at),
  has_person: asked_for_person ? row.has_person : null,
});

/** @throws Problem 404 `list.not_found` */
export async function listNow(ground: ReadingGround, viewer: SignedIn, id: store.ListId): Promise<PeopleList> {
  const [row] = await store.listsOf(ground.sql.pool, viewer.person_id, null, id);
  if (!row) throw notFound("list");
  return presentList(row);
}

const tooMany = () => conflict("list.too_many", `You have ${LISTS_MAX} lists, which is the most. Delete one first.`);
const nameTaken = () => conflict("list.name_taken", "You have a list of this name. Choose another.");

/** @throws Problem 409 `list.too_many`, `list.name_taken` */
export async function createListNow(
  ground: ReadingGround,
  viewer: SignedIn,
  asked: { name: string; out_of_home: boolean; member_id: PersonId | null },
): Promise<store.ListId> {
  const { sql, log, ids, clock } = ground;
  const id = ids.next<"list">();
  const now = new Date(clock.now());
  await sql.tx(async (tx) => {
    await lockWishes(tx, viewer.person_id);
    await purgeOld(ground, tx, viewer.person_id);
    if ((await store.countLists(tx, viewer.person_id)).living >= LISTS_MAX) throw tooMany();
    const row = {
      id,
      person_id: viewer.person_id,
      name: asked.name,
      created_at: now,
      out_of_home_at: asked.out_of_home ? now : null,
      deleted_at: null,
    };
    if (!(await store.insertList(tx, row))) throw nameTaken();
    await tellReading(log, tx, "list_made", viewer.person_id, id);
    if (asked.member_id === null) return;
    await store.insertListPerson(tx, id, asked.member_id, ids.next(), now);
    await tellReading(log, tx, "list_person_added", viewer.person_id, id);
  });
  ground.wishes.forget(viewer.person_id);
  return id;
}

/** Those whose time to undo is over go for good; when there are very many, all of them. */
async function purgeOld({ clock }: ReadingGround, tx: Query, person_id: PersonId): Promise<void> {
  const { deleted } = await store.countLists(tx, person_id);
  if (deleted > 0)
    await store.purgeLists(tx, person_id, new Date(clock.now() - (deleted >= DELETED_MAX ? 0 : UNDO_MS_MAX)));
}

/** One change of one list of this person's, in one transaction with its event. `change` gives null where nothing changes. */
async function changeList(
  ground: ReadingGround,
  viewer: SignedIn,
  id: store.ListId,
  name: ReadingEventName,
  change: (tx: Query, row: store.ListRow) => Promise<store.ListRow | null>,
): Promise<void> {
  await ground.sql.tx(async (tx) => {
    await lockWishes(tx, viewer.person_id);
    const row = await store.lockList(tx, viewer.person_id, id);
    if (!row) throw notFound("list");
    const next = await change(tx, row);
    if (!next) return;
    if (next.deleted_at === null && (await store.isNameTaken(tx, viewer.person_id, next.name, id))) throw nameTaken();
    await store.updateList(tx, next);
    await tellReading(ground.log, tx, name, viewer.person_id, id);
  });
  ground.lists.forget(id);
  ground.wishes.forget(viewer.person_id);
}

const living = (row: store.ListRow): store.ListRow => {
  if (row.deleted_at !== null) throw notFound("list");
  return row;
};

/** @throws Problem 404 `list.not_found`, 409 `list.name_taken` */
export const patchListNow = (
  ground: ReadingGround,
  viewer: SignedIn,
  id: store.ListId,
  change: { name?: string | undefined; out_of_home?: boolean | undefined },
): Promise<void> =>
  changeList(ground, viewer, id, "list_changed", async (_tx, row) => ({
    ...living(row),
    name: change.name ?? row.name,
    out_of_home_at:
      change.out_of_home === undefined
        ? row.out_of_home_at
        : change.out_of_home
          ? (row.out_of_home_at ?? new Date(ground.clock.now()))
          : null,
  }));

export const deleteListNow = (ground: ReadingGround, viewer: SignedIn, id: store.ListId): Promise<void> =>
  changeList(ground, viewer, id, "list_deleted", async (tx, row) => {
    await purgeOld(ground, tx, viewer.person_id);
    return { ...living(row), deleted_at: new Date(ground.clock.now()) };
  });

/** @throws Problem 404 when the time to undo is over, 409 where its name or place was taken meanwhile */
export const restoreListNow = (ground: ReadingGround, viewer: SignedIn, id: store.ListId): Promise<void> =>
  changeList(ground, viewer, id, "list_restored", async (tx, row) => {
    if (row.deleted_at === null) return null;
    if (row.deleted_at.getTime() <= ground.clock.now() - UNDO_MS_MAX) throw notFound("list");
    if ((await store.countLists(tx, viewer.person_id)).living >= LISTS_MAX) throw tooMany();
    return { ...row, deleted_at: null };
  });

/** @throws Problem 404 `list.not_found`, 409 `list.full` */
export async function setListPerson(
  ground: ReadingGround,
  viewer: SignedIn,
  id: store.ListId,
  member_id: PersonId,
  on: boolean,
): Promise<void> {
  const { sql, log, ids, clock } = ground;
  await sql.tx(async (tx) => {
    const row = await store.lockList(tx, viewer.person_id, id);
    if (!row) throw notFound("list");
    living(row);
    if (!on) {
      if (!(await store.deleteListPerson(tx, id, member_id))) return;
      return tellReading(log, tx, "list_person_removed", viewer.person_id, id);
    }
    if (!(await store.insertListPerson(tx, id, member_id, ids.next(), new Date(clock.now())))) return;
    if ((await store.countListPeople(tx, id)) > LIST_PEOPLE_MAX)
      throw conflict("list.full", `A list has at most ${LIST_PEOPLE_MAX} people. Take somebody out first.`);
    await tellReading(log, tx, "list_person_added", viewer.person_id, id);
  });
  ground.lists.forget(id);
  ground.wishes.forget(viewer.person_id);
}
