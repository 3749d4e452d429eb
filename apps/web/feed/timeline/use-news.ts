import { useQuery } from "@tanstack/react-query";

import { feedNews } from "#systems/feed/contract.ts";

import { call } from "../../shell/house.ts";
import { LOOK_MS_MIN, waitAfter } from "./place.ts";

export const newsKey = (timeline: string) => ["news", timeline] as const;

const nothingSince = (since: string) => ({
  count: 0,
  people: [],
  newest_entry_id: null as string | null,
  since,
  fruitless: 0,
});

/**
 * How many posts of others are newer than `since`, asked now and then while the page is looked at, ever less often while
 * nothing comes, and at once when somebody comes back to it.
 */
export function useNews(timeline: string, since: string | null, atTop: boolean) {
  return useQuery({
    queryKey: newsKey(timeline),
    queryFn: async ({ signal, client }) => {
      const before = client.getQueryData<{ fruitless: number }>(newsKey(timeline))?.fruitless ?? 0;
      const news = await call(feedNews, { params: { timeline }, query: { since: since! }, signal });
      return { ...news, since: since!, fruitless: news.count === 0 ? before + 1 : 0 };
    },
    enabled: since !== null,
    // Who just got the newest need not ask what is newer.
    ...(atTop && since !== null ? { initialData: nothingSince(since) } : {}),
    refetchInterval: ({ state }) => waitAfter((state.data?.fruitless ?? 0) + state.fetchFailureCount),
    refetchOnWindowFocus: "always",
    staleTime: LOOK_MS_MIN,
    // Nobody is told that there may be news.
    retry: false,
  }).data;
}
