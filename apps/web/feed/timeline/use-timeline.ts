import { useInfiniteQuery } from "@tanstack/react-query";
import { useCallback, useRef } from "react";

import type { Page } from "#kernel/paging.ts";
import { getPosition, homeFeed, listPosts, type Post, type ReadingPosition } from "#systems/feed/contract.ts";

import { askPages, call, queries } from "../../shell/house.ts";
import {
  drawn,
  entryOf,
  type Gap,
  isNewer,
  joined,
  type TimelineData,
  type TimelinePage,
  withFilled,
  withNewest,
} from "./pages.ts";

/** `home`, or a list's id. */
export interface Timeline {
  id: string;
  key: readonly unknown[];
  read(query: { cursor?: string; from?: string }, signal?: AbortSignal): Promise<Page<Post>>;
}

export const HOME: Timeline = {
  id: "home",
  key: askPages(homeFeed).queryKey,
  read: (query, signal) => call(homeFeed, { query, ...(signal ? { signal } : {}) }),
};

export const listTimeline = (id: string): Timeline => ({
  id,
  key: askPages(listPosts, { params: { id } }).queryKey,
  read: (query, signal) => call(listPosts, { params: { id }, query, ...(signal ? { signal } : {}) }),
});

/** Where a timeline opened below its top; the list goes there once, and says so for as long as it stands. */
interface Landing {
  position: ReadingPosition;
  isDone: boolean;
}
const landings = new Map<string, Landing>();
export const stoppedAt = (id: string): ReadingPosition | null => landings.get(id)?.position ?? null;

/** Where to go, the first time that it is asked. */
export function takeLanding(id: string): ReadingPosition | null {
  const landing = landings.get(id);
  if (!landing || landing.isDone) return null;
  landing.isDone = true;
  return landing.position;
}

/** So few posts above where one stopped are no reason to begin below them. */
const LANDING_POSTS_MIN = 2;

/** The newest, and what begins where its reader stopped; asked for side by side. */
async function open(timeline: Timeline, signal: AbortSignal): Promise<TimelinePage> {
  landings.delete(timeline.id);
  // Who does not learn where they stopped begins with the newest.
  const asked = call(getPosition, { params: { timeline: timeline.id }, signal }).catch(() => null);
  const [top, place] = await Promise.all([timeline.read({}, signal), asked]);
  const position = place?.position;
  if (!position || place.opens === "top") return top;
  const last = top.items.at(-1);
  const reaches = !last || top.next_cursor === null || !isNewer(entryOf(last), position.entry_id);
  const page = reaches ? top : joined(top, await timeline.read({ from: position.entry_id }, signal));
  const above = page.items.findIndex((post) => !isNewer(entryOf(post), position.entry_id));
  if (above >= LANDING_POSTS_MIN) landings.set(timeline.id, { position, isDone: false });
  return page;
}

export function useTimeline(timeline: Timeline) {
  const { key, read } = timeline;
  const pages = useInfiniteQuery<TimelinePage, Error, TimelineData, readonly unknown[], string | null>({
    queryKey: key,
    queryFn: ({ signal, pageParam }) => {
      if (pageParam !== null) return read({ cursor: pageParam }, signal);
      return queries.getQueryData(key) === undefined ? open(timeline, signal) : read({}, signal);
    },
    initialPageParam: null,
    getNextPageParam: (last) => last.next_cursor,
    // What is on the screen is never exchanged under the eye; newer ones are told and come on top.
    staleTime: Number.POSITIVE_INFINITY,
  });
  const fetching = useRef<Promise<void> | null>(null);

  const change = useCallback(
    (with_: (data: TimelineData) => TimelineData) =>
      queries.setQueryData<TimelineData>(key, (data) => (data ? with_(data) : data)),
    [key],
  );
  /** `before` is called right before the list changes, for whoever holds something in its place. */
  const loadNewest = useCallback(
    (before: () => void = () => {}) =>
      (fetching.current ??= read({})
        .then((top) => {
          before();
          change((data) => withNewest(data, top));
        })
        .finally(() => {
          fetching.current = null;
        })),
    [read, change],
  );
  const fill = useCallback(
    async (gap: Gap, before: () => void) => {
      const page = await read({ cursor: gap.cursor });
      before();
      change((data) => withFilled(data, gap, page));
    },
    [read, change],
  );
  return { pages, posts: pages.data ? drawn(pages.data) : [], loadNewest, fill };
}
