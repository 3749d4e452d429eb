import {
  addToList,
  deleteList,
  listPosts,
  type PeopleList,
  removeFromList,
  restoreList,
} from "#systems/feed/contract.ts";

import { call, queries } from "../../shell/house.ts";
import { say, sorry } from "../../shell/toasts.ts";
import { HOME, listTimeline } from "../timeline/use-timeline.ts";

/** What depends on lists is asked anew: their names, their people and what is on the screen now, the rest when it is next looked at. */
export async function listsChanged(id?: string) {
  queries.removeQueries({ queryKey: HOME.key, type: "inactive" });
  if (id !== undefined) void queries.resetQueries({ queryKey: listTimeline(id).key });
  await queries.invalidateQueries({
    predicate: ({ queryKey }) =>
      typeof queryKey[0] === "string" && queryKey[0].startsWith("/v1/lists") && queryKey[0] !== listPosts.path,
  });
}

export const put = (id: string, handle: string) => call(addToList, { params: { id, handle } });
export const take = (id: string, handle: string) => call(removeFromList, { params: { id, handle } });

/** Deletes at once; the house keeps it for ten minutes. */
export async function removeList(list: Pick<PeopleList, "id" | "name">) {
  const params = { id: list.id };
  try {
    await call(deleteList, { params });
  } catch (error) {
    sorry(error);
    return;
  }
  void listsChanged(list.id);
  say(`“${list.name}” is deleted.`, async () => {
    await call(restoreList, { params });
    await listsChanged(list.id);
  });
}
