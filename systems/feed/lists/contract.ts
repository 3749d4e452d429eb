import { z } from "zod";

import { zPersonCard } from "#kernel/cards.ts";
import { defineRoute } from "#kernel/contract.ts";
import { zId, zIdOut, zPage, zPageQuery, zText, zTime } from "#kernel/wire.ts";

import { zPost } from "../posts/contract.ts";
import { LIST_NAME_CHARS_MAX } from "./bounds.ts";

export * from "./bounds.ts";

export const zPeopleList = z
  .object({
    id: zIdOut<"list">(),
    name: z.string(),
    people_count: z.number(),
    /** Its people's posts stand here and not in home. */
    out_of_home: z.boolean(),
    created_at: zTime,
    /** Only where `handle` was asked for: that person is in it. */
    has_person: z.boolean().nullable(),
  })
  .meta({ id: "PeopleList" });
export type PeopleList = z.output<typeof zPeopleList>;

const own = { who: "signed_in", scope: "read" } as const;
const write = { who: "signed_in", scope: "write" } as const;
const tag = "feed";
const zHandle = z.string().min(1).max(64);
const params = z.strictObject({ id: zId<"list">() });
const withPerson = params.extend({ handle: zHandle });

export const listLists = defineRoute({
  method: "GET",
  path: "/v1/lists",
  summary: "Your lists of people, by name; all on one page. Nobody else sees them",
  tag,
  access: own,
  query: z.strictObject({ handle: zHandle.optional() }),
  answers: { 200: zPage(zPeopleList) },
});

export const createList = defineRoute({
  method: "POST",
  path: "/v1/lists",
  summary: "Begin a list of people to read together",
  tag,
  access: write,
  body: z.strictObject({
    name: zText(LIST_NAME_CHARS_MAX, 1),
    out_of_home: z.boolean().default(false),
    /** The first who is in it. */
    handle: zHandle.optional(),
  }),
  answers: { 201: zPeopleList },
  problems: ["list.too_many", "list.name_taken", "person.not_found"],
  cost_tokens: 2,
});

export const getList = defineRoute({
  method: "GET",
  path: "/v1/lists/{id}",
  summary: "One of your lists",
  tag,
  access: own,
  params,
  answers: { 200: zPeopleList },
  problems: ["list.not_found"],
});

export const patchList = defineRoute({
  method: "PATCH",
  path: "/v1/lists/{id}",
  summary: "Rename a list, or keep its people out of home",
  tag,
  access: write,
  params,
  body: z.strictObject({ name: zText(LIST_NAME_CHARS_MAX, 1).optional(), out_of_home: z.boolean().optional() }),
  answers: { 200: zPeopleList },
  problems: ["list.not_found", "list.name_taken"],
});

export const deleteList = defineRoute({
  method: "DELETE",
  path: "/v1/lists/{id}",
  summary: "Delete a list. For ten minutes it can be restored",
  tag,
  access: write,
  params,
  answers: { 204: null },
  problems: ["list.not_found"],
});

export const restoreList = defineRoute({
  method: "POST",
  path: "/v1/lists/{id}/restore",
  summary: "Undo the deletion of a list, within ten minutes",
  tag,
  access: write,
  params,
  answers: { 200: zPeopleList },
  problems: ["list.not_found", "list.name_taken", "list.too_many"],
});

export const listListPeople = defineRoute({
  method: "GET",
  path: "/v1/lists/{id}/people",
  summary: "Who is in a list, last added first",
  tag,
  access: own,
  params,
  query: zPageQuery,
  answers: { 200: zPage(zPersonCard) },
  problems: ["list.not_found", "cursor.invalid"],
});

export const addToList = defineRoute({
  method: "PUT",
  path: "/v1/lists/{id}/people/{handle}",
  summary: "Put a person into a list; you need not follow them, and they do not learn of it",
  tag,
  access: write,
  params: withPerson,
  answers: { 200: zPeopleList },
  problems: ["list.not_found", "person.not_found", "list.full"],
});

export const removeFromList = defineRoute({
  method: "DELETE",
  path: "/v1/lists/{id}/people/{handle}",
  summary: "Take a person out of a list",
  tag,
  access: write,
  params: withPerson,
  answers: { 200: zPeopleList },
  problems: ["list.not_found"],
});

export const listPosts = defineRoute({
  method: "GET",
  path: "/v1/lists/{id}/posts",
  summary: "Posts and reposts of a list's people that you may see, newest first",
  tag,
  access: own,
  params,
  query: zPageQuery.extend({
    /** Begins with this entry, where no cursor is given. */
    from: zId<"entry">().optional(),
  }),
  answers: { 200: zPage(zPost) },
  problems: ["list.not_found", "cursor.invalid"],
});

export const listRoutes = {
  listLists,
  createList,
  getList,
  patchList,
  deleteList,
  restoreList,
  listListPeople,
  addToList,
  removeFromList,
  listPosts,
} as const;
