import { z } from "zod";

import { zPersonCard } from "#kernel/cards.ts";
import { defineRoute } from "#kernel/contract.ts";
import { zTime } from "#kernel/wire.ts";

import { PUSH_FOLLOWERS_BOUND } from "../bounds.ts";

export const STRATEGIES = ["pull", "push", "hybrid", "plain"] as const;
const zStrategy = z.enum(STRATEGIES);

const zChoice = z.object({ strategy: zStrategy, push_followers_max: z.int() });

/** Means over the last day, of the whole house. */
const zNumbers = z.object({
  people: z.number(),
  active_people: z.number(),
  follows_per_reader: z.number(),
  heavy_per_reader: z.number(),
  home_reads_per_s: z.number(),
  entries_per_s: z.number(),
  followers_per_entry: z.number(),
  light_followers_per_entry: z.number(),
  followed_people: z.number(),
  heavy_people: z.number(),
  followers_most: z.number(),
  followers_p50: z.number(),
  followers_p90: z.number(),
  followers_p99: z.number(),
});

const zSteps = z.object({
  ring_us: z.number(),
  list_us: z.number(),
  push_us: z.number(),
  load_us: z.number(),
  plain_us: z.number(),
});

const zCost = z.object({
  strategy: zStrategy,
  us_per_s: z.number(),
  reads_us_per_s: z.number(),
  writes_us_per_s: z.number(),
  database_us_per_s: z.number(),
  bytes: z.number(),
  bytes_max: z.number(),
});

/** Of the process that answers, since it started. */
const zRings = z.object({
  rings: z.number(),
  keys: z.number(),
  bytes: z.number(),
  held_bytes: z.number(),
  loads: z.number(),
  dropped: z.number(),
});
const zLists = z.object({
  lists: z.number(),
  entries: z.number(),
  bytes: z.number(),
  subscriber_bytes: z.number(),
  loads: z.number(),
  changes: z.number(),
  dropped: z.number(),
  pushes: z.number(),
});

/** Where lists are shared with other nodes (`REDIS_URL`). */
const zShared = z.object({
  reads: z.number(),
  pulled: z.number(),
  loads: z.number(),
  pushes: z.number(),
  begun_anew: z.number(),
  answered: z.number(),
  failed: z.number(),
  refused: z.number(),
  is_away: z.boolean(),
});

export const zTimelines = z
  .object({
    strategy: zStrategy,
    push_followers_max: z.int(),
    /** Null where the configuration decides. */
    changed_at: zTime.nullable(),
    changed_by: zPersonCard.nullable(),
    by_config: zChoice,
    numbers: zNumbers,
    steps: zSteps,
    costs: z.array(zCost),
    advice: z.object({ strategy: zStrategy, because: z.array(z.string()) }),
    rings: zRings,
    lists: zLists,
    shared: zShared.nullable(),
  })
  .meta({ id: "FeedTimelines" });
export type Timelines = z.output<typeof zTimelines>;

const tag = "feed";
const admin = { who: "admin", scope: "people:admin" } as const;
/** It reads all counts and runs for a moment to measure. */
const cost_tokens = 20;

export const getTimelines = defineRoute({
  method: "GET",
  path: "/v1/admin/feed/timelines",
  summary: "How homes are made here, what each way costs, measured now, and which is the cheapest",
  tag,
  access: admin,
  cost_tokens,
  answers: { 200: zTimelines },
});

export const setTimelines = defineRoute({
  method: "PUT",
  path: "/v1/admin/feed/timelines",
  summary: "Choose how homes are made, on every node at once; no page changes by it",
  tag,
  access: admin,
  body: z.strictObject({ strategy: zStrategy, push_followers_max: z.int().min(0).max(PUSH_FOLLOWERS_BOUND) }),
  cost_tokens,
  answers: { 200: zTimelines },
});

export const resetTimelines = defineRoute({
  method: "DELETE",
  path: "/v1/admin/feed/timelines",
  summary: "Make homes as the configuration says",
  tag,
  access: admin,
  cost_tokens,
  answers: { 200: zTimelines },
});

export const timelinesRoutes = { getTimelines, setTimelines, resetTimelines } as const;
