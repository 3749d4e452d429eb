import type { InfiniteData } from "@tanstack/react-query";

import type { Page } from "#kernel/paging.ts";
import type { Post } from "#systems/feed/contract.ts";

/**
 * A timeline on the page: newest first, with gaps where more came than one page holds. Pure, so that it can be shown that
 * nothing is lost and nothing stands twice, in whatever order pages arrive.
 */
export interface Gap {
  /** The entry above and the entry below it. */
  above: string;
  below: string;
  cursor: string;
}

export interface TimelinePage extends Page<Post> {
  gaps?: Gap[];
}
export type TimelineData = InfiniteData<TimelinePage, string | null>;

/** A post's place: the entry's id; for one that was just written here, its own. */
export const entryOf = (post: Post): string => post.entry_id ?? post.id;

/** One article on the page; a post may have been passed on anew. */
export const articleKey = (post: Post): string => `${post.id}${post.reposted_by ? `-${post.reposted_by.id}` : ""}`;

export const isNewer = (entry: string, than: string): boolean => BigInt(entry) > BigInt(than);

/** The newest entry that the house gave; what was written here since does not count, for others may have written between. */
export function newestOf(data: TimelineData | undefined): string | null {
  for (const page of data?.pages ?? []) for (const post of page.items) if (post.entry_id !== null) return post.entry_id;
  return null;
}

/**
 * The first page of a timeline that opens where its reader stopped: the newest, and what begins at the position, with a
 * gap between them where they do not meet.
 */
export function joined(top: TimelinePage, from: TimelinePage): TimelinePage {
  const [first] = from.items;
  const last = top.items.at(-1);
  if (!first || !last || top.next_cursor === null) return top;
  const known = new Set(top.items.map((post) => post.id));
  const rest = from.items.filter((post) => !known.has(post.id));
  if (!isNewer(entryOf(last), entryOf(first)))
    return {
      items: [...top.items, ...rest.filter((post) => isNewer(entryOf(last), entryOf(post)))],
      next_cursor: from.next_cursor,
    };
  return {
    items: [...top.items, ...rest],
    next_cursor: from.next_cursor,
    gaps: [{ above: entryOf(last), below: entryOf(first), cursor: top.next_cursor }],
  };
}

const withFirst = (data: TimelineData, page: TimelinePage): TimelineData => ({
  ...data,
  pages: [page, ...data.pages.slice(1)],
});

/** A new first page on top of what is there; where it does not reach down to it, a gap stands between. */
export function withNewest(data: TimelineData, top: TimelinePage): TimelineData {
  const [first] = data.pages;
  const newest = newestOf(data);
  if (!first || newest === null) return { pages: [top], pageParams: [null] };
  const fresh = top.items.filter((post) => isNewer(entryOf(post), newest));
  const meets = fresh.length < top.items.length || top.next_cursor === null;
  const known = new Set(fresh.map((post) => post.id));
  // What was written here is now among what the house gave.
  const rest = first.items.filter((post) => post.entry_id !== null || !known.has(post.id));
  const last = fresh.at(-1);
  const gaps = [
    ...(meets || !last ? [] : [{ above: entryOf(last), below: newest, cursor: top.next_cursor! }]),
    ...(first.gaps ?? []),
  ];
  return withFirst(data, {
    items: [...fresh, ...rest],
    next_cursor: first.next_cursor,
    ...(gaps.length > 0 ? { gaps } : {}),
  });
}

/** A page of what lay in a gap; the gap goes when it is full, and else moves down. */
export function withFilled(data: TimelineData, gap: Gap, page: TimelinePage): TimelineData {
  const at = data.pages.findIndex(({ gaps }) => gaps?.some(({ above }) => above === gap.above));
  const holder = data.pages[at];
  if (!holder) return data;
  const known = new Set(holder.items.map(articleKey));
  const fresh = page.items.filter((post) => isNewer(entryOf(post), gap.below) && !known.has(articleKey(post)));
  const isFull = page.next_cursor === null || page.items.some((post) => !isNewer(entryOf(post), gap.below));
  const place = holder.items.findIndex((post) => entryOf(post) === gap.above) + 1;
  const last = fresh.at(-1);
  const gaps = holder.gaps!.flatMap((other) =>
    other.above !== gap.above
      ? other
      : isFull
        ? []
        : { above: last ? entryOf(last) : gap.above, below: gap.below, cursor: page.next_cursor! },
  );
  const next: TimelinePage = {
    items: [...holder.items.slice(0, place), ...fresh, ...holder.items.slice(place)],
    next_cursor: holder.next_cursor,
    ...(gaps.length > 0 ? { gaps } : {}),
  };
  return { ...data, pages: data.pages.map((other, i) => (i === at ? next : other)) };
}

export interface Drawn {
  post: Post;
  /** What is missing right below it. */
  gap: Gap | null;
}

/** All of it as it is drawn; what stands twice stands where it is newest. */
export function drawn(data: TimelineData): Drawn[] {
  const posts = new Set<string>();
  const all: Drawn[] = [];
  for (const page of data.pages) {
    for (const post of page.items) {
      const gap = page.gaps?.find(({ above }) => above === entryOf(post)) ?? null;
      if (!posts.has(post.id)) all.push({ post, gap });
      else if (gap && all.length > 0) all.at(-1)!.gap ??= gap;
      posts.add(post.id);
    }
  }
  return all;
}
