import type { PostId } from "#kernel/ids.ts";
import type { Clock } from "#ports/clock/index.ts";

import { AFTER_ALL_KEYS, BEFORE_ALL_KEYS, keyOf } from "./key.ts";
import { createLists } from "./lists.ts";
import { createMerge } from "./merge.ts";
import { createRingTable } from "./ring-table.ts";
import type { Ring } from "./ring.ts";

/** What one step of a timeline costs on this machine, now, in µs. */
export interface StepCosts {
  /** One more ring in a merge, and reading from one list alone. */
  ring_us: number;
  list_us: number;
  /** One id put into one list. */
  push_us: number;
}

const RINGS = 2_000;
const RING_KEYS = 24;
const MERGED = 200;
const MERGES = 100;
const LISTS = 500;
const LIST_KEYS = 600;
const LIST_READS = 2_000;
const PUSHES = 20;
const PAGE_ENTRIES = 24;
/** The first rounds run code that is not compiled yet; the quickest is what the machine can do. */
const ROUNDS = 4;

/** Runs the house's own merges and pushes on made-up ids; about 30 ms of work. */
export async function measureSteps(clock: Clock): Promise<StepCosts> {
  const anyKey = () => keyOf(`${1_000_000_000_000_000 + Math.floor(clock.random() * 1e15)}`);
  const keys = (count: number) => Array.from({ length: count }, anyKey).toSorted((a, b) => b - a);
  const table = createRingTable({ entries_max: RING_KEYS });
  const rings = Array.from({ length: RINGS }, (_, i) => table.make(i + 1, keys(RING_KEYS), BEFORE_ALL_KEYS));
  const homes = Array.from({ length: MERGES }, () =>
    Int32Array.from({ length: MERGED }, () => rings[Math.floor(clock.random() * RINGS)]!),
  );
  const lists = createLists({
    clock,
    load: async () => ({ keys: keys(LIST_KEYS), covers_from: BEFORE_ALL_KEYS }),
    since: async () => new Map(),
    bytes_max: 64 * 1024 * 1024,
    list_entries_max: LIST_KEYS * 2,
    idle_ms_max: 60_000,
  });
  const homeLists: Ring[] = [];
  for (let i = 0; i < LISTS; i++) homeLists.push(await lists.of(`${i}`, ["author"]));

  const merge = createMerge();
  let made = 2_100_000_000_000_000;
  const quickest = (steps: number, work: () => void) => {
    let us = Number.POSITIVE_INFINITY;
    for (let round = 0; round < ROUNDS; round++) {
      const began = clock.monotonic();
      work();
      us = Math.min(us, ((clock.monotonic() - began) * 1_000) / steps);
    }
    return us;
  };
  return {
    ring_us: quickest(MERGES * MERGED, () => {
      for (const slots of homes) merge({ rings: { table, slots }, list: null }, AFTER_ALL_KEYS, PAGE_ENTRIES);
    }),
    list_us: quickest(LIST_READS, () => {
      for (let i = 0; i < LIST_READS; i++)
        merge({ rings: null, list: homeLists[i % LISTS]! }, AFTER_ALL_KEYS, PAGE_ENTRIES);
    }),
    push_us: quickest(PUSHES * LISTS, () => {
      for (let i = 0; i < PUSHES; i++) {
        const id = `${made++}` as PostId;
        lists.added({ id, post_id: id, actor_id: "author" }, keyOf(id));
      }
    }),
  };
}
