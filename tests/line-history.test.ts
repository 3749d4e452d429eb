import { describe, expect, test } from "bun:test";

import { REDIS_SERVER } from "#engines/redis/testing.ts";

import { liveHistory } from "./line-history/run.ts";

const SEED = Number(process.env.LINE_SEED ?? Math.floor(Math.random() * 2 ** 31));
const CERTAIN = [
  "killed",
  "frozen",
  "cut",
  "crashed",
  "removed",
  "cut_in_the_handshake",
  "readers_slow",
  "database_away",
  "clocks_off",
] as const;
const HISTORY_MS_MAX = 240_000;

/** Redis is a program of the system; the house needs none. Where it is not installed, this says so and tests nothing. */
describe.skipIf(REDIS_SERVER === null)("processes of the line on Redis", () => {
  test(
    `RT29: killed, stopped, cut off and without a database, with clocks that disagree and a bus that loses one in ten, all histories agree (LINE_SEED=${SEED})`,
    async () => {
      const { faults, items, acked, happened } = await liveHistory(SEED, 4_000, 2);
      expect(faults).toEqual([]);
      // What never happened proves nothing. (How often the bus failed is told by processes that are killed, so that is not asked.)
      for (const trouble of CERTAIN) expect({ trouble, times: happened[trouble] }).not.toEqual({ trouble, times: 0 });
      expect(items).toBeGreaterThan(10);
      expect(acked).toBeGreaterThan(10);
    },
    HISTORY_MS_MAX,
  );
});
