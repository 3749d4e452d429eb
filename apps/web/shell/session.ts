import { useQuery } from "@tanstack/react-query";

import { type Me, peopleRoutes } from "#systems/people/contract.ts";

import { Refusal } from "../client.ts";
import { call, queries } from "./house.ts";

const KEY = ["me"] as const;

/** Who is signed in: a person, null for nobody, undefined while we do not know yet. */
export function useMe(): Me | null | undefined {
  return useQuery(meQuery).data;
}

export const meQuery = {
  queryKey: KEY,
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

/** After signing in or up: nothing that nobody saw is kept. */
export async function enter(me: Me) {
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
  location.assign("/");
}
