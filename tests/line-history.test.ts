import { describe, expect, test } from "bun:test";

import { REDIS_SERVER } from "#engines/redis/testing.ts";

import { liveHistory } from "./line-history/run.ts";

const SEED = Number(process.env.LINE_SEED ?? Math.floor(Math.random() * 2 ** 31));
const HISTORY_MS_MAX = 240_000;

/** Redis is a program of the system; the house needs none. Where it is not installed, this says so and tests nothing. */
describe.skipIf(REDIS_SERVER === null)("processes of the line on Redis", () => {
  test(
    `RT29: killed, stopped and cut off, with a bus that loses one in ten, all histories agree (LINE_SEED=${SEED})`,
    async () => {
      const { faults, items, acked } = await liveHistory(SEED, 6_000, 2);
      expect(faults).toEqual([]);
      expect(items).toBeGreaterThan(10);
      expect(acked).toBeGreaterThan(10);
    },
    HISTORY_MS_MAX,
  );
});
