import type { PersonId, PostId } from "#kernel/ids.ts";

import { ACT_HALF_LIFE_MS, ACTS_LOOKED_UP_MAX, PAIR_HALF_LIFE_MS } from "./bounds.ts";

/** Something that somebody did with a post and that speaks for their taste. */
export interface Act {
  kind: "like" | "reply" | "repost" | "watch";
  post_id: PostId;
  author_id: PersonId;
  tags: readonly string[];
  at_ms: number;
}

/** What somebody likes, made of what they did: sums that halve with time. */
export interface Profile {
  authors: ReadonlyMap<PersonId, number>;
  tags: ReadonlyMap<string, number>;
  /** Posts of an author of which they asked for less. */
  less: ReadonlyMap<PersonId, number>;
  /** How much of a film they watch, on the average of those they began; 0 where they began none. */
  films_share: number;
}

const ACT_WORTH: Record<Act["kind"], number> = { like: 1, reply: 2, repost: 2, watch: 1 };

export function profileOf(
  acts: readonly Act[],
  less: ReadonlyMap<PersonId, number>,
  films_share: number,
  now_ms: number,
): Profile {
  const authors = new Map<PersonId, number>();
  const tags = new Map<string, number>();
  for (const act of acts) {
    const worth = ACT_WORTH[act.kind] * 2 ** -(Math.max(0, now_ms - act.at_ms) / ACT_HALF_LIFE_MS);
    authors.set(act.author_id, (authors.get(act.author_id) ?? 0) + worth);
    for (const tag of act.tags) tags.set(tag, (tags.get(tag) ?? 0) + worth);
  }
  return { authors, tags, less, films_share };
}

/** A post that others liked together with another. */
export interface Neighbour {
  post_id: PostId;
  other_id: PostId;
  weight: number;
  at_ms: number;
}

/** The latest posts that somebody liked, passed on, answered or watched: what is looked up in the pairs. */
export const lookedUp = (acts: readonly Act[]): PostId[] => [
  ...new Set(
    acts
      .toSorted((a, b) => b.at_ms - a.at_ms || (a.post_id < b.post_id ? 1 : -1))
      .slice(0, ACTS_LOOKED_UP_MAX)
      .map((act) => act.post_id),
  ),
];

/** How much each post was liked together with these. */
export function alikeOf(neighbours: readonly Neighbour[], now_ms: number): Map<PostId, number> {
  const alike = new Map<PostId, number>();
  for (const { other_id, weight, at_ms } of neighbours) {
    const now = weight * 2 ** -(Math.max(0, now_ms - at_ms) / PAIR_HALF_LIFE_MS);
    alike.set(other_id, (alike.get(other_id) ?? 0) + now);
  }
  return alike;
}
