import { useQuery } from "@tanstack/react-query";
import { useEffect, useSyncExternalStore } from "react";

import { notifyRoutes } from "#systems/notify/contract.ts";

import { ask, call, queries } from "../shell/house.ts";
import { useMe } from "../shell/session.ts";

const LOOK_EVERY_MS = 45_000;
/** The house counts no further. */
const COUNTED_MAX = 50;
const unreadQuery = ask(notifyRoutes.unreadNotifications);

/** How many are not read. The line says when that changes; only while it is away is it asked now and then. 0 for nobody. */
export function useUnread(): number {
  const me = useMe();
  const person_id = me?.id ?? null;
  const live = useLive(person_id);
  const { data } = useQuery({
    ...unreadQuery,
    enabled: person_id !== null,
    staleTime: live ? Infinity : 20_000,
    refetchInterval: live ? false : LOOK_EVERY_MS,
    refetchOnWindowFocus: !live,
  });
  useEffect(() => {
    if (data !== undefined) void onIcon(data.count);
  }, [data]);
  return data?.count ?? 0;
}

/** One bell for all badges of the page. */
let badges = 0;
let takeDown = () => {};
let is_live = false;
const listeners = new Set<() => void>();

function useLive(person_id: string | null): boolean {
  useEffect(() => (person_id === null ? undefined : hang(person_id)), [person_id]);
  return useSyncExternalStore(listen, () => is_live);
}

function listen(listener: () => void): () => void {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}

function hang(person_id: string): () => void {
  if (badges++ === 0) takeDown = hear(person_id);
  return () => {
    if (--badges === 0) takeDown();
  };
}

function hear(person_id: string): () => void {
  let left = false;
  let end = () => {};
  void Promise.all([import("./bell.ts"), import("../live/page-line.ts").then(({ pageLine }) => pageLine(person_id))])
    .then(([{ startBell }, line]) => {
      if (left) return;
      end = startBell({
        line,
        person_id,
        ask: askAnew,
        live(is) {
          is_live = is;
          for (const listener of listeners) listener();
        },
        after(ms, work) {
          const timer = setTimeout(work, ms);
          return () => clearTimeout(timer);
        },
      });
    })
    // Without the line it is asked now and then.
    .catch(() => {});
  return () => {
    left = true;
    end();
  };
}

function askAnew(): void {
  void queries.invalidateQueries({ queryKey: unreadQuery.queryKey });
  // Whoever stands at the top of the list sees it there too; whoever reads further down is not moved.
  const at_top = window.scrollY < 100;
  void queries.invalidateQueries({
    queryKey: [notifyRoutes.listNotifications.path],
    refetchType: at_top ? "active" : "none",
  });
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
