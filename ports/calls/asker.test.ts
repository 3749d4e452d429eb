import { describe, expect, test } from "bun:test";

import { deadlineIn, leftMs, NO_DEADLINE } from "#kernel/deadline.ts";
import { createVirtualClock } from "#ports/clock/index.ts";

import {
  ASKER_LINGERS_MS_MAX,
  askerHere,
  createAsker,
  createCalls,
  createFlights,
  deadlineHere,
  isUnasked,
  onOwnTime,
  STATEMENTS_HELD_MAX,
} from "./index.ts";
import { outcome, settled } from "./testing.ts";

const GONE = new Error("they left");
const LATE = new Error("too late");

/** A place that is away from nobody, and how often it was asked. */
function place() {
  const clock = createVirtualClock();
  const server = createCalls({ clock }).to({ name: "server", away: "-" });
  const seen: AbortSignal[] = [];
  const ask = () =>
    server.call(async (signal) => {
      seen.push(signal);
      await clock.sleep(1_000, signal);
      return "answered";
    });
  return { clock, ask, seen, server };
}

describe("who waits", () => {
  test("CL27: a call has the deadline of its asker, whom nobody handed on, and is not begun after it", async () => {
    const { clock, ask, seen } = place();
    const asker = createAsker({ clock, at_ms: 500 });
    await asker.run(async () => {
      await settled();
      const call = ask();
      await settled();
      await clock.advance(500);
      await expect(call).rejects.toThrow("no answer came in time");
      expect(isUnasked(await ask().catch((error: unknown) => error))).toBe(true);
    });
    expect(seen).toHaveLength(1);
    // The same call of nobody in particular has its own time.
    const free = ask();
    await settled();
    await clock.advance(1_000);
    expect(await free).toBe("answered");
  });

  test("CL27: the sooner counts of the asker's deadline and one that is given", async () => {
    const { clock, server } = place();
    const asker = createAsker({ clock, at_ms: 500 });
    const never = () => new Promise<never>(() => {});
    await asker.run(async () => {
      const calls = [100, 900].map((ms) => outcome(server.call(never, { deadline: deadlineIn(0, ms) })));
      await settled();
      await clock.advance(100);
      expect(await calls[0]).toBe("DeadlinePassed");
      await clock.advance(400);
      expect(await calls[1]).toBe("DeadlinePassed");
    });
  });

  test("CL28: who gives up ends what is under way, with the reason, and nothing more is begun for them", async () => {
    const { clock, ask, seen } = place();
    const asker = createAsker({ clock });
    await asker.run(async () => {
      const call = ask();
      await settled();
      asker.giveUp(GONE);
      await expect(call).rejects.toBe(GONE);
      expect(seen[0]!.reason).toBe(GONE);
      await expect(ask()).rejects.toBe(GONE);
      expect(() => askerHere()!.mustWait()).toThrow(GONE);
    });
    expect(seen).toHaveLength(1);
  });

  test("CL28: of many statements the last ones are stopped", () => {
    const asker = createAsker({ clock: createVirtualClock() });
    const stopped: number[] = [];
    for (let i = 0; i < 3 * STATEMENTS_HELD_MAX; i++) asker.hold({ cancel: () => stopped.push(i) });
    asker.giveUp(GONE);
    expect(stopped.toSorted((a, b) => a - b)).toEqual(
      Array.from({ length: STATEMENTS_HELD_MAX }, (_, i) => 2 * STATEMENTS_HELD_MAX + i),
    );
  });

  test("CL29: what goes on after the answer is the house's own, and so is what is owed to others", async () => {
    const { clock, ask } = place();
    const asker = createAsker({ clock, at_ms: 500 });
    const went_on = Promise.withResolvers<void>();
    const after = asker.run(async () => {
      await went_on.promise;
      return ask();
    });
    asker.end();
    asker.giveUp(LATE);
    await clock.advance(600);
    went_on.resolve();
    await settled();
    await clock.advance(1_000);
    expect(await after).toBe("answered");

    const gone = createAsker({ clock, at_ms: 2_000 });
    gone.run(() => {
      gone.giveUp(GONE);
      expect(leftMs(deadlineHere(), clock.monotonic())).toBeLessThan(Infinity);
      expect(onOwnTime(deadlineHere)).toBe(NO_DEADLINE);
    });
  });

  test("CL29: a loop that somebody's request began goes on a minute after they gave up", async () => {
    const clock = createVirtualClock();
    const asker = createAsker({ clock, at_ms: 500 });
    asker.giveUp(GONE);
    await clock.advance(ASKER_LINGERS_MS_MAX);
    expect(() => asker.mustWait()).toThrow(GONE);
    await clock.advance(1);
    asker.mustWait();
    expect(asker.deadline).toBe(NO_DEADLINE);
  });

  test("CL30: what many wait for is nobody's own: the first one's leaving ends it for no other, the last one's for all", async () => {
    const clock = createVirtualClock();
    const flights = createFlights<string>({ clock, at_once_max: 4, busy: () => new Error("busy") });
    const done = Promise.withResolvers<string>();
    let inner: AbortSignal | null = null;
    const load = async () => {
      inner = deadlineHere().signal;
      return done.promise;
    };
    const [first, second] = [createAsker({ clock, at_ms: 10 }), createAsker({ clock, at_ms: 20 })];
    const one = first.run(() => flights.join("key", load));
    const other = second.run(() => flights.join("key", load));
    first.giveUp(GONE);
    await expect(one).rejects.toBe(GONE);
    expect(inner!.aborted).toBe(false);
    done.resolve("whole");
    expect(await other).toBe("whole");

    const last = createAsker({ clock });
    const third = last.run(() => flights.join("key", () => ((inner = deadlineHere().signal), new Promise(() => {}))));
    last.giveUp(GONE);
    await expect(third).rejects.toBe(GONE);
    expect(inner!.aborted).toBe(true);
  });
});
