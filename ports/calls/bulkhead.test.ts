import { describe, expect, test } from "bun:test";

import fc from "fast-check";

import { type Deadline, deadlineIn, NO_DEADLINE, untilGone } from "#kernel/deadline.ts";
import { Throttled } from "#kernel/errors.ts";
import { createVirtualClock } from "#ports/clock/index.ts";

import { createBulkhead } from "./bulkhead.ts";
import { outcome, pass, seedOf, settled } from "./testing.ts";

function setUp(at_once_max = 2, waiting_max = 3) {
  const clock = createVirtualClock();
  const busy = (retry_after_ms: number) => new Throttled("busy", { retry_after_ms });
  const bulkhead = createBulkhead({ clock, at_once_max, waiting_max, busy });
  const enter = async (deadline: Deadline = NO_DEADLINE) => {
    await bulkhead.enter(deadline);
    return "in";
  };
  return { clock, bulkhead, enter };
}

describe("a bulkhead", () => {
  test("CL17: so many at once, so many who wait in their order, and one more is refused", async () => {
    const { bulkhead, enter } = setUp();
    const order: number[] = [];
    await enter();
    await enter();
    const waits = [1, 2, 3].map(async (n) => {
      await enter();
      order.push(n);
    });
    expect([bulkhead.in_flight, bulkhead.waiting, bulkhead.tryEnter()]).toEqual([2, 3, false]);
    expect(await outcome(enter())).toBe("Throttled");
    for (let i = 0; i < 3; i++) {
      bulkhead.leave(10);
      await settled();
    }
    await Promise.all(waits);
    expect([order, bulkhead.in_flight, bulkhead.waiting]).toEqual([[1, 2, 3], 2, 0]);
    bulkhead.leave(10);
    bulkhead.leave(10);
    expect([bulkhead.in_flight, bulkhead.tryEnter()]).toEqual([0, true]);
  });

  test("CL17: who leaves or is late gives up their turn and nobody else's", async () => {
    const { clock, bulkhead, enter } = setUp(1, 5);
    await enter();
    const gone = new AbortController();
    const one = outcome(enter(untilGone(gone.signal)));
    const two = outcome(enter(deadlineIn(clock.monotonic(), 50)));
    const three = outcome(enter());
    gone.abort(new Error("left"));
    expect(await one).toBe("Error");
    await pass(clock, 60);
    expect([await two, bulkhead.waiting]).toEqual(["DeadlinePassed", 1]);
    // In the same moment: the place is handed over, and who gets it has just left.
    const gone_too = new AbortController();
    bulkhead.leave(1);
    expect(await three).toBe("in");
    const four = outcome(enter(untilGone(gone_too.signal)));
    const five = outcome(enter());
    gone_too.abort(new Error("left"));
    bulkhead.leave(1);
    expect([await four, await five, bulkhead.in_flight]).toEqual(["Error", "in", 1]);
  });

  test("CL18: who would wait beyond their deadline is told at once, and how long it would have been", async () => {
    const { clock, bulkhead, enter } = setUp(2, 100);
    await enter();
    await enter();
    bulkhead.leave(100);
    await enter();
    const waits = Array.from({ length: 8 }, () => enter());
    // Nine turns of 100 ms at two places: 450 ms, and 100 of one's own.
    const asked = enter(deadlineIn(clock.monotonic(), 540)).catch((error: unknown) => error);
    expect(await asked).toMatchObject({ name: "Throttled", retry_after_ms: 450 });
    const patient = outcome(enter(deadlineIn(clock.monotonic(), 560)));
    expect(bulkhead.waiting).toBe(9);
    for (let i = 0; i < 10; i++) {
      bulkhead.leave(100);
      await settled();
    }
    await Promise.all(waits);
    expect(await patient).toBe("in");
  });

  test("CL18: whose turn comes when most would not be done in time any more gives it to the next", async () => {
    const { clock, bulkhead, enter } = setUp(1, 5);
    await enter();
    bulkhead.leave(100);
    await enter();
    // One turn of 100 ms, and 100 of one's own; but this turn takes 200.
    const hopeless = outcome(enter(deadlineIn(clock.monotonic(), 250)));
    const next = outcome(enter(deadlineIn(clock.monotonic(), 900)));
    await pass(clock, 200, 50);
    bulkhead.leave(100);
    expect([await hopeless, await next, bulkhead.in_flight]).toEqual(["Throttled", "in", 1]);
  });

  test("CL15: who waits for what went away learns it at once", async () => {
    const { bulkhead, enter } = setUp(1, 5);
    await enter();
    const waits = [1, 2].map(() => outcome(enter()));
    bulkhead.refuseAll(() => new RangeError("away"));
    expect(await Promise.all(waits)).toEqual(["RangeError", "RangeError"]);
    bulkhead.leave(1);
    expect([bulkhead.in_flight, bulkhead.waiting]).toEqual([0, 0]);
  });

  test("CL17: whatever happens, the bounds hold, everybody gets an answer, and no place is lost", async () => {
    const step = fc.record({
      what: fc.constantFrom("enter", "enter", "enter", "try", "leave", "leave", "gone", "refuse", "wait"),
      ms: fc.nat(200),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 120 }), async (steps) => {
        const { clock, bulkhead, enter } = setUp(3, 4);
        const asked: Promise<unknown>[] = [];
        const leavers: AbortController[] = [];
        let inside = 0;
        let answered = 0;
        for (const { what, ms } of steps) {
          if (what === "enter") {
            const gone = new AbortController();
            leavers.push(gone);
            const one = outcome(enter(deadlineIn(clock.monotonic(), ms, gone.signal))).then((came) => {
              answered += 1;
              if (came === "in") inside += 1;
            });
            asked.push(one);
          } else if (what === "try") inside += bulkhead.tryEnter() ? 1 : 0;
          else if (what === "leave" && inside > 0) {
            inside -= 1;
            bulkhead.leave(ms);
          } else if (what === "gone") leavers[ms % (leavers.length || 1)]?.abort(new Error("left"));
          else if (what === "refuse" && ms < 20) bulkhead.refuseAll(() => new Error("away"));
          else if (what === "wait") await clock.advance(ms);
          if (ms % 3 === 0) await settled();
          expect(inside).toBeLessThanOrEqual(3);
          expect(bulkhead.waiting).toBeLessThanOrEqual(4);
        }
        await pass(clock, 250, 50);
        await Promise.all(asked);
        expect([answered, bulkhead.in_flight, bulkhead.waiting]).toEqual([asked.length, inside, 0]);
        while (inside-- > 0) bulkhead.leave(1);
        expect(bulkhead.in_flight).toBe(0);
      }),
      { numRuns: 60, seed: seedOf("bulkhead") },
    );
  });
});
