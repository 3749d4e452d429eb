import {
  type InfiniteData,
  infiniteQueryOptions,
  notifyManager,
  QueryClient,
  queryOptions,
} from "@tanstack/react-query";

import type { AnswerOf, Route } from "#kernel/contract.ts";
import type { Page } from "#kernel/paging.ts";
import { type House, peopleRoutes } from "#systems/people/contract.ts";

import { createAgain } from "../again.ts";
import { type Asked, createClient } from "../client.ts";
import { reached } from "./reachable.ts";

const again = createAgain({ now: () => performance.now(), random: Math.random });

/** The page's single client and cache. Everything on the page asks through here. */
export const call = createClient({
  fetch(request) {
    if (request.method === "GET") again.asked();
    return fetch(request);
  },
  origin: location.origin,
  reached,
});

export const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 30_000,
      gcTime: 30 * 60_000,
      retry: again.may,
      retryDelay: again.waitMs,
      refetchOnWindowFocus: false,
      // A house on this machine answers although the line to the world is down.
      networkMode: "always",
    },
    mutations: { networkMode: "always" },
  },
});

// What is pressed shows before the next thing happens: after a timer, as the library does it, a switch springs back for a moment.
notifyManager.setScheduler(queueMicrotask);

/** A query by contract: the key is the route and what was asked of it. */
export const ask = <R extends Route>(route: R, asked: Pick<Asked<R>, "params" | "query"> = {}) =>
  queryOptions<AnswerOf<R>>({
    queryKey: [route.path, asked.params ?? {}, asked.query ?? {}],
    queryFn: ({ signal }) => call(route, { ...asked, signal }),
  });

export type ItemOf<R extends Route> = AnswerOf<R> extends Page<infer T> ? T : never;

/** A list by contract, page after page along its cursor. */
export const askPages = <R extends Route>(route: R, asked: Pick<Asked<R>, "params" | "query"> = {}) =>
  infiniteQueryOptions<Page<ItemOf<R>>, Error, InfiniteData<Page<ItemOf<R>>>, readonly unknown[], string | null>({
    queryKey: [route.path, asked.params ?? {}, asked.query ?? {}, "pages"],
    queryFn: async ({ signal, pageParam }) => {
      const query = { ...asked.query, ...(pageParam === null ? {} : { cursor: pageParam }) };
      return (await call(route, { ...asked, query: query as NonNullable<Asked<R>["query"]>, signal })) as Page<
        ItemOf<R>
      >;
    },
    initialPageParam: null,
    getNextPageParam: (last) => last.next_cursor,
  });

const FACTS_UNKNOWN: House = { name: "folkhus", sign_up: "invitation", needs_setup: false, notes: [] };

/** What the HTML already told about the house. */
export function embeddedHouse(): House {
  const text = document.getElementById("house")?.textContent;
  return text ? (JSON.parse(text) as House) : FACTS_UNKNOWN;
}

export const houseQuery = { ...ask(peopleRoutes.house), initialData: embeddedHouse, staleTime: 60_000 };
