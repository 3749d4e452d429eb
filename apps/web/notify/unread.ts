import { useQuery } from "@tanstack/react-query";
import { useEffect } from "react";

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
  const count = data?.count ?? 0;
  useEffect(() => {
    if (data !== undefined) void onIcon(data.count);
  }, [data]);
  return count;
}

/** On the icon of the program too, where it stands on a home screen; and what lies on this device about what is read is taken away. */
async function onIcon(count: number): Promise<void> {
  try {
    await (count > 0 ? navigator.setAppBadge?.(count) : navigator.clearAppBadge?.());
    if (count === 0) await (await import("./push.ts")).tidy();
  } catch {
    // A browser that does not want to: the number stands on the bell all the same.
  }
}

export const unreadWords = (count: number): string => (count >= COUNTED_MAX ? `${COUNTED_MAX}+` : String(count));

/** All that has come until now is read, on every device. What comes meanwhile is not. */
export async function readAll(): Promise<void> {
  const { count, up_to } = await queries.fetchQuery({ ...unreadQuery, staleTime: 0 });
  if (count === 0) return;
  await call(notifyRoutes.readNotifications, { body: { up_to } });
  queries.setQueryData(unreadQuery.queryKey, { count: 0, up_to });
}
