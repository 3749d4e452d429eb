import { actSome, heal, STRATEGIES } from "./acts.ts";
import { seedOf } from "./dice.ts";
import { readAll, readSome } from "./reading.ts";
import { settle } from "./settle.ts";
import { checkTruth } from "./truth.ts";
import { openWorld, type World, type WorldKind } from "./world.ts";

export interface WorldRun {
  operations: number;
  /** Pages that were held against the model. */
  checks: number;
  did: ReadonlyMap<string, { times: number; refused: number }>;
  /** Homes that were read from Redis, and those for which it was away or did not reach. */
  shared: { read: number; pulled: number };
}

/** Reads among the operations; the rest are acts. */
const READS_PERCENT = 45;
/** Every so many operations everything is at rest: all nodes hear of all, and all read everything. */
const REST_EVERY = 1_000;

/** Lives one world through. @throws OracleFault where a page, an answer or a row is not what it must be */
export async function liveThrough(seed: number, operations: number, kind?: WorldKind): Promise<WorldRun> {
  await using world = await openWorld(seed, kind);
  while (world.operations < operations) {
    world.operations += 1;
    if (world.dice(100) < READS_PERCENT) await readSome(world);
    else await actSome(world);
    if (world.operations % REST_EVERY === 0) await rest(world);
  }
  await rest(world);
  const { operations: lived, checks, did } = world;
  const of = world.nodes.map((node) => node.feed.stats().shared);
  const pulled = of.reduce((sum, stats) => sum + (stats?.pulled ?? 0), 0);
  const read = of.reduce((sum, stats) => sum + (stats?.reads ?? 0), 0) - pulled;
  return { operations: lived, checks, did, shared: { read, pulled } };
}

async function rest(world: World): Promise<void> {
  // Here everything is at rest, so it is well again too.
  await heal(world);
  await checkTruth(world);
  const { choices } = world.nodes[world.at]!.feed.rooms;
  const { strategy, push_followers_max } = await choices.chosen();
  for (const each of STRATEGIES) {
    await choices.choose({ strategy: each, push_followers_max }, null);
    await readAll(world, world.at, "homes");
  }
  await choices.choose({ strategy, push_followers_max }, null);
  for (const node of world.nodes.keys()) await settle(world, node);
  await readAll(world, world.at, "all");
  for (const node of world.nodes) {
    if (node.broken.length > 0) throw new Error("something broke on our side", { cause: node.broken[0] });
  }
}

export { kindOf } from "./world.ts";
export { seedOf };
