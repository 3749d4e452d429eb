import { idAtMs, type PersonId } from "#kernel/ids.ts";
import type { Clock } from "#ports/clock/index.ts";
import type { Sql } from "#ports/sql/index.ts";
import type { GraphNumbers } from "#systems/people/index.ts";

import type { FeedPeople } from "../needs.ts";
import { measureSteps } from "./calibrate.ts";
import type { Choices, Chosen } from "./choice.ts";
import {
  type Advice,
  adviceOf,
  type CostBounds,
  type CostNumbers,
  costsOf,
  type CostSteps,
  type StrategyCost,
} from "./cost.ts";
import type { LiveTimeline } from "./live.ts";
import * as store from "./store.ts";

/** What homes cost in this house by each strategy, from its own numbers, and what to choose. */
export interface Explanation {
  chosen: Chosen;
  numbers: CostNumbers;
  graph: GraphNumbers;
  steps: CostSteps;
  costs: StrategyCost[];
  advice: Advice;
  /** Of this process since it started. */
  stats: ReturnType<LiveTimeline["stats"]>;
}

const DAY_MS = 24 * 3_600_000;
/** Of the newest entries it is looked up how many follow their makers. */
const SAMPLED_ENTRIES_MAX = 5_000;
const SAMPLED_READERS = 3;
const PAGE_ENTRIES = 24;

export interface ExplainNeeds {
  sql: Sql;
  clock: Clock;
  people: Pick<FeedPeople, "followerCounts" | "graphNumbers">;
  choices: Pick<Choices, "chosen">;
  bounds: CostBounds & { load_entries_max: number };
  timeline: Pick<LiveTimeline, "stats" | "measureShared">;
}

export async function explainTimelines(needs: ExplainNeeds): Promise<Explanation> {
  const { sql, clock, people, bounds } = needs;
  const { pool } = sql;
  const chosen = await needs.choices.chosen();
  const since_ms = clock.now() - DAY_MS;
  const from_id = idAtMs(since_ms);
  const [graph, reads, entries, actors] = await Promise.all([
    people.graphNumbers(chosen.push_followers_max, new Date(since_ms)),
    store.homeReadsSince(pool, new Date(since_ms)),
    store.entriesMadeSince(pool, from_id),
    store.newestActors(pool, from_id, SAMPLED_ENTRIES_MAX),
  ]);
  const followers = await people.followerCounts(actors.map((row) => row.actor_id));
  const sampled = { entries: 0, followers: 0, light: 0 };
  for (const row of actors) {
    const count = followers.get(row.actor_id) ?? 0;
    sampled.entries += row.entries;
    sampled.followers += row.entries * count;
    if (count <= chosen.push_followers_max) sampled.light += row.entries * count;
  }
  const mean = (sum: number) => (sampled.entries === 0 ? 0 : sum / sampled.entries);
  const numbers: CostNumbers = {
    people: graph.people,
    active_people: graph.active_people,
    follows_per_reader: graph.active_people === 0 ? 0 : graph.active_follows / graph.active_people,
    heavy_per_reader: graph.people === 0 ? 0 : graph.heavy_follows / graph.people,
    home_reads_per_s: reads / (DAY_MS / 1_000),
    entries_per_s: entries / (DAY_MS / 1_000),
    followers_per_entry: mean(sampled.followers),
    light_followers_per_entry: mean(sampled.light),
    followed_people: graph.followed_people,
    heavy_people: graph.heavy_people,
    followers_most: graph.followers_most,
  };
  const shared = await needs.timeline.measureShared();
  const steps: CostSteps = {
    ...(await measureSteps(clock)),
    ...(await measureDatabase(needs, numbers)),
    ...shared,
  };
  // Redis has its own bound, of which this house knows nothing.
  const lists_bytes_max = shared === null ? bounds.lists_bytes_max : Number.MAX_SAFE_INTEGER;
  const costs = costsOf(numbers, steps, { ...bounds, lists_bytes_max });
  const advice = adviceOf(costs, chosen.strategy, numbers, steps);
  return { chosen, numbers, graph, steps, costs, advice, stats: needs.timeline.stats() };
}

/** Time of the two questions that a reader of so many followees costs the database, the quickest of a few. */
async function measureDatabase(
  { sql, clock, bounds }: ExplainNeeds,
  numbers: CostNumbers,
): Promise<Pick<CostSteps, "load_us" | "plain_us">> {
  const followees = Math.max(1, Math.min(5_000, Math.round(numbers.follows_per_reader)));
  const actors = await store.someActors(sql.pool, followees);
  if (actors.length === 0) return { load_us: 0, plain_us: 0 };
  const asked: PersonId[] = Array.from({ length: followees }, (_, i) => actors[i % actors.length]!);
  const per_actor = Math.min(48, Math.max(4, Math.floor(bounds.load_entries_max / followees)));
  const quickest = async (work: () => Promise<unknown>) => {
    let us = Number.POSITIVE_INFINITY;
    for (let i = 0; i < SAMPLED_READERS; i++) {
      const began = clock.monotonic();
      await work();
      us = Math.min(us, (clock.monotonic() - began) * 1_000);
    }
    return us;
  };
  return {
    load_us: await quickest(() => store.newestEntries(sql.pool, asked, per_actor)),
    plain_us: await quickest(() => store.entriesBelow(sql.pool, asked, null, PAGE_ENTRIES)),
  };
}
