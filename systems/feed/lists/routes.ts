import type { PersonCard } from "#kernel/cards.ts";
import { notFound } from "#kernel/errors.ts";
import { isId, type PersonId } from "#kernel/ids.ts";
import type { SignedIn } from "#kernel/viewer.ts";
import type { Api } from "#ports/http/index.ts";

import type { ReadingGround } from "../reading/ground.ts";
import { fillPage } from "../reading/pages.ts";
import type { PageAsked } from "../reading/reader.ts";
import { rulesFor } from "../reading/rules.ts";
import { listSkeleton } from "../reading/skeleton.ts";
import {
  createListNow,
  deleteListNow,
  listNow,
  patchListNow,
  presentList,
  restoreListNow,
  setListPerson,
} from "./change.ts";
import { listRoutes as r } from "./contract.ts";
import { type ListId, listPeopleBelow, listsOf } from "./store.ts";

export function serveLists(api: Api, ground: ReadingGround): void {
  const { sql, people, lists, reader, timeline } = ground;

  /** Whom this viewer may look at. @throws Problem 404 `person.not_found` */
  async function personOf(viewer: SignedIn, handle: string): Promise<PersonCard> {
    const card = (await people.byHandles([handle.toLowerCase()])).get(handle.toLowerCase());
    if (!card || !(await rulesFor(viewer, ground)).person("read", card).ok) throw notFound("person");
    return card;
  }

  async function peopleOf(viewer: SignedIn, id: ListId, page: PageAsked, signal: AbortSignal) {
    await lists.peopleIn(viewer.person_id, id);
    const rules = await rulesFor(viewer, ground);
    const source = {
      name: `list.people.${id}`,
      isKey: isId,
      read: async (after: string | null, listed_max: number) =>
        (await listPeopleBelow(sql.pool, id, after, listed_max)).map((row) => ({ ...row, key: row.place_id })),
      async judge(listed: readonly { person_id: PersonId }[]) {
        const cards = await people.cards(listed.map((row) => row.person_id));
        return listed.map(({ person_id }) => {
          const card = cards.get(person_id);
          return card && rules.person("read", card).ok ? card : null;
        });
      },
    };
    type Row = { key: string; person_id: PersonId };
    const { shown, next_cursor } = await fillPage<Row, PersonCard>(source, page, signal);
    return { items: shown, next_cursor };
  }

  api.serve(r.listLists, async ({ viewer, query }) => {
    const member = query.handle === undefined ? null : await personOf(viewer, query.handle);
    const rows = await listsOf(sql.pool, viewer.person_id, member?.id ?? null);
    return { status: 200, body: { items: rows.map((row) => presentList(row, member !== null)), next_cursor: null } };
  });
  api.serve(r.createList, async ({ viewer, body }) => {
    const member = body.handle === undefined ? null : await personOf(viewer, body.handle);
    const id = await createListNow(ground, viewer, { ...body, member_id: member?.id ?? null });
    return { status: 201, body: await listNow(ground, viewer, id), headers: { location: `/v1/lists/${id}` } };
  });
  api.serve(r.getList, async ({ viewer, params }) => ({ status: 200, body: await listNow(ground, viewer, params.id) }));
  api.serve(r.patchList, async ({ viewer, params, body }) => {
    await patchListNow(ground, viewer, params.id, body);
    return { status: 200, body: await listNow(ground, viewer, params.id) };
  });
  api.serve(r.deleteList, async ({ viewer, params }) => {
    await deleteListNow(ground, viewer, params.id);
    return { status: 204 };
  });
  api.serve(r.restoreList, async ({ viewer, params }) => {
    await restoreListNow(ground, viewer, params.id);
    return { status: 200, body: await listNow(ground, viewer, params.id) };
  });
  api.serve(r.listListPeople, async ({ viewer, params, query, signal }) => ({
    status: 200,
    body: await peopleOf(viewer, params.id, query, signal),
  }));
  api.serve(r.addToList, async ({ viewer, params }) => {
    await setListPerson(ground, viewer, params.id, (await personOf(viewer, params.handle)).id, true);
    return { status: 200, body: await listNow(ground, viewer, params.id) };
  });
  api.serve(r.removeFromList, async ({ viewer, params }) => {
    // Whom one blocked since may be taken out too; of who is not in it nothing is told.
    const handle = params.handle.toLowerCase();
    const card = (await people.byHandles([handle])).get(handle);
    if (card) await setListPerson(ground, viewer, params.id, card.id, false);
    return { status: 200, body: await listNow(ground, viewer, params.id) };
  });
  api.serve(r.listPosts, async ({ viewer, params, query, signal }) => {
    const actors = await lists.peopleIn(viewer.person_id, params.id);
    return {
      status: 200,
      json: await reader.list(viewer, () => listSkeleton(timeline, params.id, actors), query, "timeline", signal),
    };
  });
}
