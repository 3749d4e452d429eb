import { expect, test } from "bun:test";

import { liveThrough } from "./line-simulation/run.ts";

const SEED = Number(process.env.LINE_SEED ?? Math.floor(Math.random() * 2 ** 31));
const LIVES = Number(process.env.LINE_LIVES ?? 40);

test("RT21, RT22: who is in no room and whose line died unseen hears of a new room once it has noticed (seed 1993231944)", async () => {
  expect((await liveThrough(1_993_231_944)).faults).toEqual([]);
});

test(`RT21, RT22: through crashes, cuts and a bus that loses, repeats and reorders, all converge without a loss (LINE_SEED=${SEED})`, async () => {
  let items = 0;
  let lost = 0;
  for (let seed = SEED; seed < SEED + LIVES; seed++) {
    const life = await liveThrough(seed);
    items += life.items;
    lost += life.lost;
    expect({ seed, faults: life.faults }).toEqual({ seed, faults: [] });
  }
  expect(items).toBeGreaterThan(LIVES * 20);
  expect(lost).toBeGreaterThan(LIVES);
}, 60_000);
