import { expect, test } from "bun:test";

import { REDIS_SERVER } from "#engines/redis/testing.ts";

import { kindOf, liveThrough } from "./feed-oracle/run.ts";

const SEED = Number(process.env.FEED_SEED ?? Math.floor(Math.random() * 2 ** 32));
const OPERATIONS = Number(process.env.FEED_OPERATIONS ?? 250);

test(
  `FD130: every page of every list, strategy and node is what plain rules over all that ever happened give (FEED_SEED=${SEED} FEED_OPERATIONS=${OPERATIONS})`,
  async () => {
    // A house whose memory is too small for anything, one with room for all, and each with homes in Redis.
    const kinds = [
      { room: "tiny", shared: false },
      { room: "wide", shared: false },
      ...(REDIS_SERVER === null ? [] : [{ room: SEED % 2 === 0 ? "tiny" : "wide", shared: true } as const]),
    ] as const;
    for (const kind of process.env.FEED_OPERATIONS === undefined ? kinds : [kindOf(SEED)]) {
      const { operations, checks, shared } = await liveThrough(SEED, OPERATIONS, kind);
      expect(operations).toBe(OPERATIONS);
      expect(checks).toBeGreaterThan(OPERATIONS / 4);
      if (kind.shared) expect(shared.read).toBeGreaterThan(0);
    }
  },
  60_000 + OPERATIONS * 20,
);
