import { useQuery } from "@tanstack/react-query";

import { waiting } from "#systems/moderation/contract.ts";

import { cx } from "../parts/class.ts";
import { ask } from "../shell/house.ts";
import { useMe } from "../shell/session.ts";
import { deskWords } from "./desk-words.ts";

/** Looked at again when somebody comes back to the page, and now and then while they look at it; acts ask anew at once. */
const LOOK_EVERY_MS = 3 * 60_000;
const NOTHING = { cases: 0, appeals: 0, warnings: 0 };

/** What waits for this person: for officers cases and appeals, for everybody their own unread warnings. One call for all of it. */
export function useWaiting(): typeof NOTHING {
  const me = useMe();
  const { data } = useQuery({
    ...ask(waiting),
    enabled: me !== null && me !== undefined,
    staleTime: 60_000,
    // Whom nothing waits for is looked up when they come back, and not in between.
    refetchInterval: ({ state }) => (me?.role !== "member" || isAny(state.data) ? LOOK_EVERY_MS : false),
    refetchOnWindowFocus: true,
  });
  return data ?? NOTHING;
}

const isAny = (counts: typeof NOTHING | undefined) => counts !== undefined && counts.cases + counts.appeals > 0;

/** Whether there is something on this person's desk. */
export function useDesk(): boolean {
  return isAny(useWaiting());
}

/** How many cases and appeals wait, on a corner of the scales. */
export function CasesBadge({ className }: { className?: string }) {
  const count = deskWords(useWaiting());
  if (count === null) return null;
  return (
    <span
      className={cx(
        "grid h-4.5 min-w-4.5 place-items-center rounded-full bg-accent px-1 text-[0.6875rem] leading-none font-bold text-on-accent tabular-nums",
        className,
      )}
    >
      {count}
      <span className="sr-only"> {count === "1" ? "waits" : "wait"}</span>
    </span>
  );
}
