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
  const person_id = me?.id ?? null;
  useEffect(() => (person_id === null ? undefined : hearOwn(person_id)), [person_id]);
  useEffect(() => {
    if (data !== undefined) void onIcon(data.count);
  }, [data]);
  return count;
}

/** Several come together: asked once. */
const HEARD_MS = 250;

/** What arrives, or is read on another device, shows at once where the line is open; where it is not, the next look finds it. */
function hearOwn(person_id: string): () => void {
  let left = false;
  let end = () => {};
  let timer = 0;
  const again = () => {
    clearTimeout(timer);
    timer = window.setTimeout(() => {
      void queries.invalidateQueries({ queryKey: unreadQuery.queryKey });
      // Whoever stands at the top of the list sees it there too; whoever reads further down is not moved.
      const at_top = window.scrollY < 100;
      void queries.invalidateQueries({
        queryKey: [notifyRoutes.listNotifications.path],
        refetchType: at_top ? "active" : "none",
      });
    }, HEARD_MS);
  };
  void import("../live/page-line.ts")
    .then(({ pageLine }) => pageLine(person_id))
    .then((page) => {
      if (left) return;
      end = page.hear(`person:${person_id}`, {
        items: (items) => {
          if (items.some(({ kind }) => kind.startsWith("notify."))) again();
        },
        anew: again,
        ended: () => {},
      });
    })
    .catch(() => {});
  return () => {
    left = true;
    clearTimeout(timer);
    end();
  };
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
