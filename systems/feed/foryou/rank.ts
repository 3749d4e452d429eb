import type { PersonId, PostId } from "#kernel/ids.ts";

import { AUTHOR_TURN, EXPLORE_EVERY_PLACES, POSTS_PER_AUTHOR_MAX, QUEUE_POSTS_MAX } from "./bounds.ts";
import { chanceOf } from "./chance.ts";
import type { FeatureRow } from "./features.ts";
import { type Model, score } from "./model.ts";

/** Where a candidate came from; the first that found it is told. The order is the order of the bits in `marks`. */
export const SOURCES = ["network", "friends_liked", "alike", "trending", "new_voice", "latest"] as const;
export type Source = (typeof SOURCES)[number];

export interface Candidate {
  post_id: PostId;
  author_id: PersonId;
  sources: readonly Source[];
  features: FeatureRow;
  /** It stands at the top of home already. */
  at_home: boolean;
}

/** A place in a list, with all that its score was made of. */
export interface Place {
  post_id: PostId;
  author_id: PersonId;
  sources: readonly Source[];
  features: FeatureRow;
  /** Posts of the same author that stand before it. */
  turn: number;
  /** Here by chance, and not for its score. */
  explored: boolean;
}

/** What of a place is not its features, in one integer: bits 0–7 sources, 8 explored, 9 and up the turn. */
export const marksOf = ({ sources, explored, turn }: Pick<Place, "sources" | "explored" | "turn">): number =>
  sources.reduce((bits, source) => bits | (1 << SOURCES.indexOf(source)), 0) | (explored ? 256 : 0) | (turn << 9);

export const fromMarks = (marks: number): Pick<Place, "sources" | "explored" | "turn"> => ({
  sources: SOURCES.filter((_, bit) => (marks & (1 << bit)) !== 0),
  explored: (marks & 256) !== 0,
  turn: marks >> 9,
});

/** Each further post of one author counts less, so that nobody fills a list alone. */
export const turnFactor = (turn: number): number => AUTHOR_TURN ** turn;

/**
 * A list from candidates: the best first, authors in turn; one place of each ten, at a spot that the seed draws, goes to
 * something new that the seed draws too. What home shows already stands behind all else. The same candidates, model and
 * seed give the same list.
 */
export function rank(
  candidates: readonly Candidate[],
  model: Model,
  seed: number,
  places_max = QUEUE_POSTS_MAX,
): Place[] {
  const chance = chanceOf(seed);
  const waiting = candidates
    .map((candidate) => ({ candidate, score: score(model, candidate.features) }))
    // Where a reader would rather be spared, no place is given.
    .filter((one) => one.score > 0)
    .toSorted((a, b) => b.score - a.score || (a.candidate.post_id < b.candidate.post_id ? 1 : -1));
  const elsewhere = waiting.filter(({ candidate }) => !candidate.at_home);
  const places = fill(elsewhere, chance, places_max, new Map());
  if (places.length >= places_max) return places;
  const turns = new Map<PersonId, number>();
  for (const { author_id } of places) turns.set(author_id, (turns.get(author_id) ?? 0) + 1);
  const athome = waiting.filter(({ candidate }) => candidate.at_home);
  return [...places, ...fill(athome, null, places_max - places.length, turns)];
}

interface Waiting {
  candidate: Candidate;
  score: number;
}

function fill(
  waiting: Waiting[],
  chance: (() => number) | null,
  places_max: number,
  turns: Map<PersonId, number>,
): Place[] {
  const left = [...waiting];
  const places: Place[] = [];
  let spot = -1;
  while (places.length < places_max && left.length > 0) {
    const inBlock = places.length % EXPLORE_EVERY_PLACES;
    if (chance && inBlock === 0) spot = Math.floor(chance() * EXPLORE_EVERY_PLACES);
    const drawn = chance && inBlock === spot ? draw(left, chance, turns) : -1;
    const at = drawn >= 0 ? drawn : best(left, turns);
    if (at < 0) break;
    const [{ candidate }] = left.splice(at, 1) as [Waiting];
    const turn = turns.get(candidate.author_id) ?? 0;
    turns.set(candidate.author_id, turn + 1);
    const { at_home: _, ...rest } = candidate;
    places.push({ ...rest, turn, explored: drawn >= 0 });
  }
  return places;
}

/** Sorted by score, so that the search ends where no later one can be better. @returns -1 when all authors had their share */
function best(left: readonly Waiting[], turns: ReadonlyMap<PersonId, number>): number {
  let found = -1;
  let most = 0;
  for (const [i, { candidate, score: own }] of left.entries()) {
    if (own <= most) break;
    const turn = turns.get(candidate.author_id) ?? 0;
    if (turn >= POSTS_PER_AUTHOR_MAX) continue;
    const now = own * turnFactor(turn);
    if (now > most) [found, most] = [i, now];
  }
  return found;
}

/** Something by somebody who is not in the list yet: new voices and the latest, each as likely. @returns -1 when there is none */
function draw(left: readonly Waiting[], chance: () => number, turns: ReadonlyMap<PersonId, number>): number {
  const pool = left.flatMap(({ candidate }, i) =>
    (candidate.sources.includes("new_voice") || candidate.sources.includes("latest")) && !turns.has(candidate.author_id)
      ? [i]
      : [],
  );
  return pool.length === 0 ? -1 : pool[Math.floor(chance() * pool.length)]!;
}
