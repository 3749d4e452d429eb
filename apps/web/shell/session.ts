import { useQuery } from "@tanstack/react-query";

import { type Me, peopleRoutes } from "#systems/people/contract.ts";

import { Refusal } from "../client.ts";
import { forgetLines } from "../live/forget-lines.ts";
import { call, queries } from "./house.ts";

const KEY = ["me"] as const;

/** Who is signed in: a person, null for nobody, undefined while we do not know yet. */
export function useMe(): Me | null | undefined {
  return useQuery(meQuery).data;
}

/** What the HTML already told of who is asking: null for nobody, undefined where it did not say. */
function embeddedMe(): Me | null | undefined {
  const text = document.getElementById("me")?.textContent;
  return text ? (JSON.parse(text) as Me | null) : undefined;
}

export const meQuery = {
  queryKey: KEY,
  initialData: embeddedMe,
  staleTime: 60_000,
  queryFn: async ({ signal }: { signal: AbortSignal }): Promise<Me | null> => {
    try {
      return await call(peopleRoutes.me, { signal });
    } catch (error) {
      if (error instanceof Refusal && error.status === 401) return null;
      throw error;
    }
  },
};

const OWNER = "folkhus.owner";
/** Told when what this browser keeps belongs to somebody else; whoever holds a draft lets go of it. */
export const FORGET = "folkhus:forget";

/** Drafts and half-sent files are their writer's: nobody who signs in after them on the same machine finds them. */
async function forgetKept() {
  window.dispatchEvent(new Event(FORGET));
  localStorage.removeItem("folkhus.draft");
  for (const key of Object.keys(localStorage)) if (key.startsWith("folkhus.kept.")) localStorage.removeItem(key);
  localStorage.removeItem(OWNER);
  // Also where this page opened no line: a session that ended elsewhere leaves what was kept of it.
  await forgetLines();
  await new Promise<void>((resolve) => {
    const asked = indexedDB.deleteDatabase("folkhus");
    // Blocked: the open connection lets go as soon as the page is left; the store was emptied by the event above.
    asked.onsuccess = asked.onerror = asked.onblocked = () => resolve();
  });
}

/** After signing in or up: nothing that nobody saw is kept. */
export async function enter(me: Me) {
  if (localStorage.getItem(OWNER) !== me.id) await forgetKept();
  localStorage.setItem(OWNER, me.id);
  await queries.cancelQueries();
  queries.removeQueries({ predicate: (query) => query.queryKey[0] !== "me" });
  queries.setQueryData(KEY, me);
}

export const setMe = (me: Me) => queries.setQueryData(KEY, me);

/** Signs out and starts the page anew, so that nothing of the person stays in its memory. */
export async function leave() {
  await call(peopleRoutes.signOut).catch((error: unknown) => {
    if (!(error instanceof Refusal)) throw error;
  });
  await forgetKept();
  location.assign("/");
}
