import { describe, expect, test } from "bun:test";

import { createSystemClock, createVirtualClock } from "./index.ts";

describe("ports/clock", () => {
  for (const [name, make] of [
    ["system", createSystemClock],
    ["virtual", () => createVirtualClock()],
  ] as const) {
    test(`CL1: (${name}) a sleep ends with the reason of its signal, also one that fired before`, async () => {
      const clock = make();
      const stop = new AbortController();
      const sleeping = clock.sleep(60_000, stop.signal);
      stop.abort(new Error("enough"));
      expect(await sleeping.catch((e: unknown) => (e as Error).message)).toBe("enough");
      expect(await clock.sleep(1, stop.signal).catch((e: unknown) => (e as Error).message)).toBe("enough");
    });
  }

  test("CL2: (system) a periodic task never overlaps itself and ends with its disposal", async () => {
    const clock = createSystemClock();
    let running = 0;
    let most = 0;
    let runs = 0;
    const done = Promise.withResolvers<void>();
    {
      using _ = clock.every(1, async () => {
        most = Math.max(most, ++running);
        await clock.sleep(5);
        running--;
        if (++runs === 3) done.resolve();
      });
      await done.promise;
    }
    const after = runs;
    await clock.sleep(15);
    expect([most, runs]).toEqual([1, after]);
  });

  test("CL3: (virtual) what falls due runs in order, and the same seed gives the same chance", async () => {
    const clock = createVirtualClock(1_000, 7);
    const seen: string[] = [];
    const note = (name: string) => () => void seen.push(`${name}@${clock.now()}`);
    void clock.sleep(30).then(note("late"));
    void clock.sleep(10).then(note("early"));
    using _ = clock.every(20, note("tick"));
    await clock.advance(40);
    expect(seen).toEqual(["early@1010", "tick@1020", "late@1030", "tick@1040"]);
    const other = createVirtualClock(0, 7);
    const draws = Array.from({ length: 5 }, () => other.random());
    const again = createVirtualClock(99, 7);
    expect(Array.from({ length: 5 }, () => again.random())).toEqual(draws);
    expect(new Set(draws).size).toBe(5);
  });

  test("CL4: (virtual) a step of the wall clock does not move the monotonic one", () => {
    const clock = createVirtualClock(1_000);
    clock.step(-500);
    expect([clock.now(), clock.monotonic()]).toEqual([500, 0]);
  });
});
