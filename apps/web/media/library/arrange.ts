import type { InfiniteData } from "@tanstack/react-query";

import type { Page } from "#kernel/paging.ts";

/** The list with what stood at `from` at `to`. */
export function moved<T>(list: readonly T[], from: number, to: number): T[] {
  const next = [...list];
  const [one] = next.splice(from, 1);
  if (one === undefined) return next;
  next.splice(Math.max(0, Math.min(to, next.length)), 0, one);
  return next;
}

/** Behind which one it stands now; null is the very front. It is what the house is told, so that others' edits are not undone. */
export const behind = <T>(list: readonly T[], at: number): T | null => list[at - 1] ?? null;

type Pages<T> = InfiniteData<Page<T>>;

/** The pages that were read, put together to one with other items, so that what comes next still comes from their end. */
export function withItems<T>(data: Pages<T>, change: (items: T[]) => T[]): Pages<T> {
  const items = change(data.pages.flatMap((page) => page.items));
  return { pages: [{ items, next_cursor: data.pages.at(-1)?.next_cursor ?? null }], pageParams: [null] };
}

/** How much of a film was seen, for the line below its picture: 0 for what is not begun. */
export function shareSeen({
  position_ms,
  duration_ms,
}: {
  position_ms: number | null;
  duration_ms: number | null;
}): number {
  if (!position_ms || !duration_ms) return 0;
  return Math.min(1, Math.max(0.03, position_ms / duration_ms));
}
