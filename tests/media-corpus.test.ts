import { afterAll, describe, expect, setDefaultTimeout, test } from "bun:test";

import { machineFfmpeg, mediaHouse } from "#systems/media/testing.ts";

import { meet } from "./media-corpus/fate.ts";
import { CORPUS } from "./media-corpus/index.ts";

/** `bun tests/long/media-corpus.ts` has all of it. */
setDefaultTimeout(60_000);
const has = machineFfmpeg() !== null;
// Only the lowest rung and the sound are made by themselves: the others are made because somebody watches them.
const media = await mediaHouse({ limits: { eager_side_px_max: 1 } });
afterAll(() => media[Symbol.asyncDispose]());
const { token } = await media.person("astrid");
const short = CORPUS.filter((entry) => entry.short);

describe.skipIf(!has)("a film that nobody should send, or that people do send", () => {
  test.each(short.filter(({ fate }) => "refused" in fate))(
    "HM1: $name is refused with its reason and leaves nothing",
    async (entry) => {
      expect((await meet(media, token, entry)).faults).toEqual([]);
    },
  );
  test.each(short.filter(({ fate }) => "plays" in fate))(
    "HM2: $name plays: its size, its length, its sounds, each frame of each rung once and on time",
    async (entry) => {
      expect((await meet(media, token, entry)).faults).toEqual([]);
    },
  );
  test.each(short.filter(({ fate }) => "either" in fate))(
    "HM3: $name plays to its end or is refused with a reason, and is never half",
    async (entry) => {
      expect((await meet(media, token, entry)).faults).toEqual([]);
    },
  );

  test("HM4: none of them was a fault of ours, and deleted they leave nothing", async () => {
    await media.settled();
    expect(media.house.broken).toEqual([]);
    expect(media.failures.filter(({ end }) => end !== "retry")).toEqual([]);
    expect((await media.stored()).filter((name) => /videos\/|uploads\//.test(name))).toEqual([]);
  });
});

test("HM5: every entry has a name of its own and a fate", () => {
  const names = CORPUS.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  for (const { fate } of CORPUS)
    expect("plays" in fate || ("refused" in fate ? fate.refused : fate.either).length > 0).toBe(true);
});
