import type { VideoId } from "#kernel/ids.ts";

/** The order in which a playlist is played, and where one stands in it. Pure; what is known of it comes from the house. */
export interface Place {
  at: number;
  count: number;
  previous: VideoId | null;
  next: VideoId | null;
}

/** Where a film stands; null where it is not in the list, and then nothing goes on by itself. */
export function placeIn(order: readonly VideoId[], video_id: VideoId): Place | null {
  const at = order.indexOf(video_id);
  if (at < 0) return null;
  return { at, count: order.length, previous: order[at - 1] ?? null, next: order[at + 1] ?? null };
}

/**
 * A shuffled order that is the same for the same seed, so that a reload and going back stay in it. What was added
 * meanwhile finds a place of its own without moving the others: each film's place hangs on the seed and its id alone.
 */
export function shuffled(order: readonly VideoId[], seed: string): VideoId[] {
  return order
    .map((id) => ({ id, rank: hash(`${seed}:${id}`) }))
    .toSorted((a, b) => a.rank - b.rank || (a.id < b.id ? -1 : 1))
    .map(({ id }) => id);
}

/** FNV-1a, with a last stir so that ids that differ in their last digit do not lie beside each other. */
function hash(text: string): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** What a link to a shuffled playlist carries. */
export const newSeed = (): string => crypto.randomUUID().slice(0, 8);
