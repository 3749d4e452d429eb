import { expect, test } from "bun:test";

import { liveThrough } from "./feed-oracle/run.ts";

const SEED = Number(process.env.FEED_SEED ?? Math.floor(Math.random() * 2 ** 32));
const OPERATIONS = Number(process.env.FEED_OPERATIONS ?? 250);

test(
  `FD130: every page of every list, strategy and node is what plain rules over all that ever happened give (FEED_SEED=${SEED} FEED_OPERATIONS=${OPERATIONS})`,
  async () => {
    // One house whose memory is too small for anything, and one with room for all.
    const rooms = process.env.FEED_OPERATIONS === undefined ? (["tiny", "wide"] as const) : [undefined];
    for (const room of rooms) {
      const { operations, checks } = await liveThrough(SEED, OPERATIONS, room);
      expect(operations).toBe(OPERATIONS);
      expect(checks).toBeGreaterThan(OPERATIONS / 4);
    }
  },
  60_000 + OPERATIONS * 20,
);
