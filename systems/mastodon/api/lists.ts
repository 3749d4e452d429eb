import { z } from "zod";

import { feedRoutes as r } from "#systems/feed/index.ts";

import { parseFields } from "../wire/fields.ts";
import { zFlag, zList, zSomeId, zWords } from "../wire/shapes.ts";
import { pageOfPeople } from "./accounts.ts";
import { type Asked, type Desk, handleOf, person, type Serve } from "./endpoint.ts";
import { pageOf } from "./timelines.ts";

const read = person("read:lists");
const write = person("write:lists");
const PEOPLE_MAX = 200;
const zSaid = z.object({ title: zWords(500), exclusive: zFlag, replies_policy: zWords(40) });
const zPeople = z.object({ account_ids: zList(zSomeId, PEOPLE_MAX) });

/** Answers are no entries of a list here, so its policy for them is the same for all. */
const entity = ({ id, name, out_of_home }: { id: string; name: string; out_of_home: boolean }) => ({
  id,
  title: name,
  replies_policy: "none",
  exclusive: out_of_home,
});

export function serveLists(serve: Serve, desk: Desk): void {
  const params = (asked: Asked) => ({ id: asked.params.id! });

  serve("GET", "/api/v1/lists", read, async (asked) => ({
    body: (await asked.call(r.listLists)).items.map(entity),
  }));
  serve("GET", "/api/v1/accounts/:id/lists", read, async (asked) => {
    const handle = await handleOf(desk, asked.params.id!);
    const { items } = await asked.call(r.listLists, { query: { handle } });
    return { body: items.filter(({ has_person }) => has_person === true).map(entity) };
  });
  serve("POST", "/api/v1/lists", write, async (asked) => {
    const { title, exclusive } = parseFields(zSaid, asked.fields);
    return {
      body: entity(await asked.call(r.createList, { body: { name: title ?? "", out_of_home: exclusive ?? false } })),
    };
  });
  serve("GET", "/api/v1/lists/:id", read, async (asked) => ({
    body: entity(await asked.call(r.getList, { params: params(asked) })),
  }));
  serve("PUT", "/api/v1/lists/:id", write, async (asked) => {
    const { title, exclusive } = parseFields(zSaid, asked.fields);
    const body = {
      ...(title === undefined ? {} : { name: title }),
      ...(exclusive === undefined ? {} : { out_of_home: exclusive }),
    };
    return { body: entity(await asked.call(r.patchList, { params: params(asked), body })) };
  });
  serve("DELETE", "/api/v1/lists/:id", write, async (asked) => {
    await asked.call(r.deleteList, { params: params(asked) });
    return { body: {} };
  });

  serve("GET", "/api/v1/lists/:id/accounts", read, (asked) =>
    pageOfPeople(asked, desk, (query) => asked.call(r.listListPeople, { params: params(asked), query })),
  );
  for (const [method, route] of [
    ["POST", r.addToList],
    ["DELETE", r.removeFromList],
  ] as const) {
    serve(method, "/api/v1/lists/:id/accounts", write, async (asked) => {
      const { account_ids } = parseFields(zPeople, asked.fields);
      for (const id of account_ids) {
        const handle = await handleOf(desk, id);
        await asked.call(route as typeof r.addToList, { params: { ...params(asked), handle } });
      }
      return { body: {} };
    });
  }

  serve("GET", "/api/v1/timelines/list/:id", read, (asked) =>
    pageOf(asked, desk, { list: "list", id: asked.params.id! }),
  );
}
