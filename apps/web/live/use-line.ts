import { useEffect, useState, useSyncExternalStore } from "react";

import type { Follower } from "./followed.ts";
import type { LineState } from "./line.ts";
import { type PageLine, pageLine } from "./page-line.ts";

/** The line of whoever is signed in; null until it is there, and for nobody. */
export function useLine(person_id: string | null): PageLine | null {
  const [page, setPage] = useState<{ of: string; line: PageLine } | null>(null);
  useEffect(() => {
    if (person_id === null) return;
    let left = false;
    // It never rejects: a browser that keeps nothing has a line all the same.
    void pageLine(person_id).then((line) => {
      if (!left) setPage({ of: person_id, line });
    });
    return () => {
      left = true;
    };
  }, [person_id]);
  return page && page.of === person_id ? page.line : null;
}

const STOPPED: LineState = { connection: "stopped", unsent: 0, tries: 0 };
const never = () => () => {};

export const useLineState = (page: PageLine | null): LineState =>
  useSyncExternalStore(page?.onState ?? never, page?.state ?? (() => STOPPED));

/**
 * Follows a stream while the screen is there, from where this browser last stood: what it kept comes first, as items that
 * come next. `follower` must stay the same object.
 */
export function useFollowed(page: PageLine | null, stream: string | null, follower: Follower): void {
  useEffect(() => {
    if (!page || stream === null) return;
    let end = () => {};
    let left = false;
    const { line, kept } = page;
    void kept.stream(stream).then((known) => {
      if (left) return;
      if (known && known.items.length > 0) follower.items(known.items, known.cursor);
      end = line.follow(stream, known?.cursor ?? null, {
        ...follower,
        items(items, cursor) {
          kept.add(stream, items, cursor);
          follower.items(items, cursor);
        },
        anew(cursor) {
          kept.anew(stream, cursor);
          follower.anew(cursor);
        },
      });
    });
    return () => {
      left = true;
      end();
    };
  }, [page, stream, follower]);
}
