import { useQuery } from "@tanstack/react-query";

import {
  getReadingPreferences,
  patchReadingPreferences,
  READING_PREFERENCES_USUAL,
  type ReadingPreferences,
} from "#systems/feed/contract.ts";

import { ask, call, queries } from "../../shell/house.ts";
import { useMe } from "../../shell/session.ts";
import { sorry } from "../../shell/toasts.ts";
import { HOME } from "../timeline/use-timeline.ts";

const asked = ask(getReadingPreferences);
export const preferencesQuery = { ...asked, staleTime: 5 * 60_000 };

/** How the viewer reads; as most do while it is not known, and for nobody. */
export function usePreferences(): ReadingPreferences {
  const me = useMe();
  const { data } = useQuery({ ...preferencesQuery, enabled: me != null });
  return data ?? READING_PREFERENCES_USUAL;
}

/** Holds at once, and goes back where the house refuses. */
export async function prefer(change: Partial<ReadingPreferences>): Promise<void> {
  const before = queries.getQueryData<ReadingPreferences>(asked.queryKey) ?? READING_PREFERENCES_USUAL;
  queries.setQueryData(asked.queryKey, { ...before, ...change });
  try {
    queries.setQueryData(asked.queryKey, await call(patchReadingPreferences, { body: change }));
    listsAnew();
  } catch (error) {
    queries.setQueryData(asked.queryKey, before);
    sorry(error);
  }
}

/** What lists show has changed: they are asked for anew when they are next opened. */
export function listsAnew() {
  queries.removeQueries({ queryKey: HOME.key, type: "inactive" });
  queries.removeQueries({
    predicate: ({ queryKey }) => queryKey[3] === "pages",
    type: "inactive",
  });
}
