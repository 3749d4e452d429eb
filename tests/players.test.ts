import { afterAll, describe, expect, test } from "bun:test";

import type { Video } from "#systems/media/contract.ts";

import { CORPUS } from "./media-corpus/index.ts";
import { openCinema, PLAYERS } from "./players/play.ts";

/** `bun tests/long/players.ts` plays all that is playable. */
const MINUTES = 60_000;
const cinema = await openCinema();
afterAll(() => cinema[Symbol.asyncDispose]());

describe.each(CORPUS.filter(({ in_browser }) => in_browser))("$name", (entry) => {
  let shown: Promise<Video | null> | null = null;
  test.each(PLAYERS)(
    "PL1: %s shows its first frame, goes over a boundary, to the end and back, with the right length and no complaint",
    async (player) => {
      shown ??= cinema.show(entry);
      const video = await shown;
      if (!video) throw new Error("it is refused");
      expect(await cinema.play(video, player)).toEqual([]);
    },
    2 * MINUTES,
  );
});
