import { useQuery } from "@tanstack/react-query";

import { waiting } from "#systems/moderation/contract.ts";

import { ask } from "../shell/house.ts";
import { useMe } from "../shell/session.ts";

/** Looked at again when somebody comes back to the page, and now and then while they look at it; acts ask anew at once. */
const LOOK_EVERY_MS = 3 * 60_000;
interface Waiting {
  cases: number;
  appeals: number;
  warnings: number;
}

/** What waits for this person: for officers cases and appeals, for everybody their own unread warnings. One call for all of it. */
export function useWaiting(): Waiting | undefined {
  const me = useMe();
  return useQuery({
    ...ask(waiting),
    enabled: !!me,
    refetchInterval: LOOK_EVERY_MS,
    refetchOnWindowFocus: true,
  }).data;
}

/** Whether there is something on this person's desk. */
export function useDesk(): boolean {
  const counts = useWaiting();
  return !!counts && counts.cases + counts.appeals > 0;
}
