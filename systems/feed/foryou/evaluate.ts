import type { PersonId, PostId } from "#kernel/ids.ts";
import { DAY_MS, HOUR_MS } from "#kernel/time.ts";

import { chanceOf, shuffle } from "./chance.ts";
import type { Model } from "./model.ts";
import { rank } from "./rank.ts";
import { createWorld, type History, type HistoryAct, inTime, type World } from "./replay.ts";

/** How good a way to choose posts is at finding what people then did. */
export interface Score {
  method: string;
  /** The part of moments at which one of the first k was acted on within the day after. */
  hit: Record<number, number>;
  /** Discounted by place, 1 where all that was acted on stands first. */
  ndcg: Record<number, number>;
}

export interface Evaluation {
  moments: number;
  people: number;
  scores: Score[];
}

export interface EvaluationAsked {
  /** Named models that are compared, each as For you would use it. */
  models: Readonly<Record<string, Model>>;
  /** The part of the time before which nothing is measured. */
  from_share: number;
  moments_max: number;
  seed: number;
  ks?: readonly number[];
}

/** After this long without an act, somebody is taken to have come back; at that moment each method makes its list. */
const AWAY_MS = 6 * HOUR_MS;
const HORIZON_MS = DAY_MS;

/** The moment at which this part of a history's acts had happened. */
export const momentAt = (history: Pick<History, "acts">, share: number): number =>
  history.acts[Math.min(history.acts.length - 1, Math.floor(history.acts.length * share))]?.at_ms ?? 0;

type Method = (world: World, person_id: PersonId, now_ms: number, seed: number) => readonly PostId[];

const popularity: Method = (world, person_id, now_ms) =>
  world
    .open(person_id, now_ms)
    .filter((post) => now_ms - post.at_ms < 2 * DAY_MS)
    .toSorted(
      (a, b) =>
        b.likes + 2 * b.reposts + 2 * b.comments - (a.likes + 2 * a.reposts + 2 * a.comments) || b.at_ms - a.at_ms,
    )
    .map((post) => post.post_id);
const recency: Method = (world, person_id, now_ms) =>
  world
    .open(person_id, now_ms)
    .toReversed()
    .map((post) => post.post_id);
const followed: Method = (world, person_id, now_ms) => {
  const open = new Set(world.open(person_id, now_ms).map((post) => post.post_id));
  return [...new Set(world.home(person_id, now_ms))].filter((id) => open.has(id));
};
const forYou =
  (model: Model, places_max: number): Method =>
  (world, person_id, now_ms, seed) =>
    rank(
      // What home shows first is not held back here: that is a matter of two lists side by side, not of finding.
      world.candidates(person_id, now_ms).map((candidate) => ({ ...candidate, at_home: false })),
      model,
      seed,
      places_max,
    ).map((place) => place.post_id);

/**
 * Replays a history, and at moments when people came back lets each method choose from what was there then. What they did
 * within the day after with posts that were there is what should have been found. Nobody's choice is fed back: all methods
 * meet the same people, who in truth had met other lists.
 */
export function evaluate(history: History, asked: EvaluationAsked): Evaluation {
  const ks = asked.ks ?? [10, 20];
  const most = Math.max(...ks);
  const methods: [string, Method][] = [
    ...Object.entries(asked.models).map(([name, model]): [string, Method] => [name, forYou(model, most)]),
    ["followed, newest first", followed],
    ["popularity of two days", popularity],
    ["recency", recency],
  ];
  const moments = momentsOf(history, asked);
  const world = createWorld(history);
  const sums = methods.map(() => ({ hit: ks.map(() => 0), ndcg: ks.map(() => 0) }));
  let measured = 0;
  const people = new Set<PersonId>();
  for (const { post, act } of inTime(history)) {
    if (post) {
      world.write(post);
      continue;
    }
    const then = moments.get(act);
    if (then) {
      // Only what can be found counts: what was there, and what rules let them see.
      const open = new Set(world.open(act.person_id, act.at_ms).map((one) => one.post_id));
      const wanted = new Set([...then].filter((id) => open.has(id)));
      if (wanted.size > 0) {
        measured += 1;
        people.add(act.person_id);
        methods.forEach(([, method], m) => {
          const list = method(world, act.person_id, act.at_ms, asked.seed + measured);
          ks.forEach((k, i) => {
            const first = list.slice(0, k);
            sums[m]!.hit[i]! += first.some((id) => wanted.has(id)) ? 1 : 0;
            sums[m]!.ndcg[i]! += ndcgOf(first, wanted, k);
          });
        });
      }
    }
    world.happen(act);
  }
  const mean = (sum: number) => (measured === 0 ? 0 : sum / measured);
  return {
    moments: measured,
    people: people.size,
    scores: methods.map(([method], m) => ({
      method,
      hit: Object.fromEntries(ks.map((k, i) => [k, mean(sums[m]!.hit[i]!)])),
      ndcg: Object.fromEntries(ks.map((k, i) => [k, mean(sums[m]!.ndcg[i]!)])),
    })),
  };
}

export function ndcgOf(list: readonly PostId[], wanted: ReadonlySet<PostId>, k: number): number {
  let gained = 0;
  list.forEach((id, i) => {
    if (wanted.has(id)) gained += 1 / Math.log2(i + 2);
  });
  let best = 0;
  for (let i = 0; i < Math.min(k, wanted.size); i++) best += 1 / Math.log2(i + 2);
  return best === 0 ? 0 : gained / best;
}

/** Acts with which somebody came back after the cut, and what they went on to do; of more than the bound, some by chance. */
function momentsOf(history: History, { from_share, moments_max, seed }: EvaluationAsked): Map<HistoryAct, Set<PostId>> {
  const from_ms = momentAt(history, from_share);
  const last = new Map<PersonId, number>();
  const open = new Map<PersonId, { act: HistoryAct; wanted: Set<PostId> }>();
  const all: { act: HistoryAct; wanted: Set<PostId> }[] = [];
  for (const act of history.acts) {
    const { person_id, at_ms, kind } = act;
    const isBack = at_ms - (last.get(person_id) ?? Number.NEGATIVE_INFINITY) > AWAY_MS;
    if (isBack && at_ms >= from_ms) {
      const moment = { act, wanted: new Set<PostId>() };
      open.set(person_id, moment);
      all.push(moment);
    }
    last.set(person_id, at_ms);
    const moment = open.get(person_id);
    if (moment && kind !== "seen" && kind !== "hide" && at_ms - moment.act.at_ms <= HORIZON_MS)
      moment.wanted.add(act.post_id);
  }
  const some = shuffle(all, chanceOf(seed)).slice(0, moments_max);
  return new Map(some.map(({ act, wanted }) => [act, wanted]));
}
