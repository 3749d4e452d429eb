import type { PersonId, PostId } from "#kernel/ids.ts";
import { DAY_MS, HOUR_MS } from "#kernel/time.ts";

import { chanceOf, shuffle } from "./chance.ts";
import { featuresOf, type PostFacts, type ViewerFacts } from "./features.ts";
import { type Model, score } from "./model.ts";
import { rank } from "./rank.ts";
import { createWorld, type History, type HistoryAct, inTime, type World } from "./replay.ts";

/** How good a way to choose posts is at finding what people then did. */
export interface Score {
  method: string;
  /** The part of moments at which one of the first k was acted on within the day after. */
  hit: Record<number, number>;
  /** Discounted by place, 1 where all that was acted on stands first. */
  ndcg: Record<number, number>;
  /** Likes to expect of the first `EXPECTED_OF`, where the history is made up and its truth is known. */
  expected?: number;
}

export interface Evaluation {
  moments: number;
  people: number;
  /** Of all that was there: how much of what they then did is among the first. Favours whatever people were shown in truth. */
  scores: Score[];
  /**
   * Of what was on their screen at that visit alone: how far in front stands what they acted on. What they were shown does not
   * matter here. Empty where nobody remembers what they saw.
   */
  order: Score[];
  /** Visits of which that could be measured. */
  visits: number;
}

export interface EvaluationAsked {
  /** Named models that are compared, each as For you would use it. */
  models: Readonly<Record<string, Model>>;
  /** The part of the time before which nothing is measured. */
  from_share: number;
  moments_max: number;
  seed: number;
  ks?: readonly number[];
  order_ks?: readonly number[];
  /** Of a history that was made up: how likely this person likes this post if it is shown to them then. */
  worth?: ((person_id: PersonId, post_id: PostId, at_ms: number) => number) | undefined;
}

export const EXPECTED_OF = 10;

/** After this long without an act, somebody is taken to have come back; at that moment each method makes its list. */
const AWAY_MS = 6 * HOUR_MS;
const HORIZON_MS = DAY_MS;
/** What was on the screen within this after somebody came back is one visit. */
const VISIT_MS = HOUR_MS;
/** Of fewer posts there is no order to speak of. */
const MET_POSTS_MIN = 5;

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
  const order_ks = asked.order_ks ?? [1, 3, 10];
  const orders = ordersOf(asked);
  const ordered = orders.map(() => nothing(order_ks));
  let visits = 0;
  const moments = momentsOf(history, asked);
  const world = createWorld(history);
  const sums = methods.map(() => nothing(ks));
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
      const wanted = new Set([...then.wanted].filter((id) => open.has(id)));
      const met = [...then.met].filter((id) => open.has(id));
      const worth = new Set(met.filter((id) => wanted.has(id)));
      if (met.length >= MET_POSTS_MIN && worth.size > 0 && worth.size < met.length) {
        visits += 1;
        const viewer = world.viewer(act.person_id, act.at_ms);
        const posts = met.map((id) => world.post(id)!);
        orders.forEach(([, order], m) => add(ordered[m]!, order(posts, viewer, act.at_ms, visits), worth, order_ks));
      }
      if (wanted.size > 0) {
        measured += 1;
        people.add(act.person_id);
        methods.forEach(([, method], m) => {
          const list = method(world, act.person_id, act.at_ms, asked.seed + measured);
          add(sums[m]!, list, wanted, ks);
          for (const id of asked.worth ? list.slice(0, EXPECTED_OF) : [])
            sums[m]!.expected += asked.worth!(act.person_id, id, act.at_ms);
        });
      }
    }
    world.happen(act);
  }
  const told = (method: string, sum: Sums, of: readonly number[], times: number): Score => ({
    method,
    hit: Object.fromEntries(of.map((k, i) => [k, times === 0 ? 0 : sum.hit[i]! / times])),
    ndcg: Object.fromEntries(of.map((k, i) => [k, times === 0 ? 0 : sum.ndcg[i]! / times])),
  });
  return {
    moments: measured,
    people: people.size,
    visits,
    scores: methods.map(([method], m) => ({
      ...told(method, sums[m]!, ks, measured),
      ...(asked.worth && measured > 0 ? { expected: sums[m]!.expected / measured } : {}),
    })),
    order: visits === 0 ? [] : orders.map(([method], m) => told(method, ordered[m]!, order_ks, visits)),
  };
}

interface Sums {
  hit: number[];
  ndcg: number[];
  expected: number;
}

const nothing = (ks: readonly number[]): Sums => ({ hit: ks.map(() => 0), ndcg: ks.map(() => 0), expected: 0 });

function add(sums: Sums, list: readonly PostId[], wanted: ReadonlySet<PostId>, ks: readonly number[]): void {
  ks.forEach((k, i) => {
    const first = list.slice(0, k);
    sums.hit[i]! += first.some((id) => wanted.has(id)) ? 1 : 0;
    sums.ndcg[i]! += ndcgOf(first, wanted, k);
  });
}

type Order = (posts: readonly PostFacts[], viewer: ViewerFacts, now_ms: number, at: number) => PostId[];

/** Ways to order the same few posts; chance is what the others have to beat. */
function ordersOf({ models, seed }: EvaluationAsked): [string, Order][] {
  const by =
    (worth: (post: PostFacts, viewer: ViewerFacts, now_ms: number) => number): Order =>
    (posts, viewer, now_ms, at) =>
      // Ties fall by chance, so that none is helped by the order in which posts were met.
      shuffle([...posts], chanceOf(seed + at))
        .map((post) => ({ post, worth: worth(post, viewer, now_ms) }))
        .toSorted((a, b) => b.worth - a.worth)
        .map(({ post }) => post.post_id);
  return [
    ...Object.entries(models).map(([name, model]): [string, Order] => [
      name,
      by((post, viewer, now_ms) => score(model, featuresOf(post, viewer, now_ms))),
    ]),
    ["popularity", by((post) => post.likes + 2 * post.reposts + 2 * post.comments)],
    ["recency", by((post) => post.at_ms)],
    ["chance", by(() => 0)],
  ];
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

/** Acts that speak for nothing. */
const UNWANTED: ReadonlySet<HistoryAct["kind"]> = new Set(["seen", "hide", "report"]);

interface Moment {
  act: HistoryAct;
  /** What they did something with within the day after. */
  wanted: Set<PostId>;
  /** What was on their screen at that visit. */
  met: Set<PostId>;
}

/** Acts with which somebody came back after the cut, and what they went on to do; of more than the bound, some by chance. */
function momentsOf(history: History, { from_share, moments_max, seed }: EvaluationAsked): Map<HistoryAct, Moment> {
  const from_ms = momentAt(history, from_share);
  const last = new Map<PersonId, number>();
  const open = new Map<PersonId, Moment>();
  const all: Moment[] = [];
  for (const act of history.acts) {
    const { person_id, at_ms, kind } = act;
    const isBack = at_ms - (last.get(person_id) ?? Number.NEGATIVE_INFINITY) > AWAY_MS;
    if (isBack && at_ms >= from_ms) {
      const moment = { act, wanted: new Set<PostId>(), met: new Set<PostId>() };
      open.set(person_id, moment);
      all.push(moment);
    }
    last.set(person_id, at_ms);
    const moment = open.get(person_id);
    if (moment && kind === "seen" && at_ms - moment.act.at_ms <= VISIT_MS) moment.met.add(act.post_id);
    if (moment && !UNWANTED.has(kind) && at_ms - moment.act.at_ms <= HORIZON_MS) moment.wanted.add(act.post_id);
  }
  const some = shuffle(all, chanceOf(seed)).slice(0, moments_max);
  return new Map(some.map((moment) => [moment.act, moment]));
}
