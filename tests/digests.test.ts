import { expect, test } from "bun:test";

import { digestRun } from "./digest-run.ts";

test("NO28, NO29: 1,500 acts over two days, workers killed at random: each is in one letter, and each letter comes once", async () => {
  const seed = Date.now() % 1_000_000;
  const report = await digestRun({ events: 1_500, people: 60, days: 2, workers: 2, ms_between_kills: 900, seed });
  expect(report.faults, `seed ${seed}`).toEqual([]);
  expect(report.events_told).toBe(1_500);
  // One each at least: windows that a slow day let lie are one letter.
  expect(report.letters).toBeGreaterThanOrEqual(60);
}, 180_000);
