import { useQuery } from "@tanstack/react-query";

import { notifyRoutes } from "#systems/notify/contract.ts";

import { ask, call, queries } from "../shell/house.ts";
import { useMe } from "../shell/session.ts";

const LOOK_EVERY_MS = 45_000;
/** The house counts no further. */
const COUNTED_MAX = 50;
const unreadQuery = ask(notifyRoutes.unreadNotifications);

/** How many are not read: asked now and then, and not while nobody looks at the page. 0 for nobody. */
export function useUnread(): number {
  const me = useMe();
  const { data } = useQuery({
    ...unreadQuery,
    enabled: me !== null && me !== undefined,
    staleTime: 20_000,
    refetchInterval: LOOK_EVERY_MS,
    refetchOnWindowFocus: true,
  });
  return data?.count ?? 0;
}

export const unreadWords = (count: number): string => (count >= COUNTED_MAX ? `${COUNTED_MAX}+` : String(count));

/** All that has come until now is read, on every device. What comes meanwhile is not. */
export async function readAll(): Promise<void> {
  const { count, up_to } = await queries.fetchQuery({ ...unreadQuery, staleTime: 0 });
  if (count === 0) return;
  await call(notifyRoutes.readNotifications, { body: { up_to } });
  queries.setQueryData(unreadQuery.queryKey, { count: 0, up_to });
}
