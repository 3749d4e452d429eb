import { describe, expect, test } from "bun:test";

import { deadlineIn, untilGone } from "#kernel/deadline.ts";
import { Throttled } from "#kernel/errors.ts";
import { createVirtualClock } from "#ports/clock/index.ts";

import { askerHere, createFlights, gather, PARTS_AT_ONCE_MAX, PARTS_MAX } from "./index.ts";
import { outcome, pass, settled } from "./testing.ts";

describe("flights", () => {
  const setUp = (at_once_max = 2) => {
    const counts = { loads: 0, load_failures: 0, refusals: 0 };
    const flights = createFlights<string>({
      clock: createVirtualClock(),
      at_once_max,
      counts,
      busy: () => new Throttled("busy"),
    });
    const begun: { signal: AbortSignal; land: PromiseWithResolvers<string> }[] = [];
    const load = (signal: AbortSignal) => {
      const land = Promise.withResolvers<string>();
      begun.push({ signal, land });
      return land.promise;
    };
    return { flights, counts, begun, load };
  };

  test("CL23: the same asked for by many is done once, and a failure is everybody's and is not kept", async () => {
    const { flights, begun, load, counts } = setUp();
    const asked = Array.from({ length: 5 }, () => outcome(flights.join("a", load)));
    begun[0]!.land.reject(new RangeError("no"));
    expect(await Promise.all(asked)).toEqual(Array.from({ length: 5 }, () => "RangeError"));
    const again = flights.join("a", load);
    begun[1]!.land.resolve("yes");
    expect([await again, begun.length, flights.under_way]).toEqual(["yes", 2, 0]);
    expect(counts).toEqual({ loads: 2, load_failures: 1, refusals: 0 });
  });

  test("CL23: who leaves takes nobody along; when the last has left it is told to stop, and nobody joins it", async () => {
    const { flights, begun, load } = setUp();
    const [one, two] = [new AbortController(), new AbortController()];
    const first = outcome(flights.join("a", load, { signal: one.signal }));
    const second = outcome(flights.join("a", load, { signal: two.signal }));
    one.abort(new RangeError("left"));
    expect([await first, begun[0]!.signal.aborted]).toEqual(["RangeError", false]);
    two.abort(new RangeError("left"));
    expect([await second, begun[0]!.signal.aborted]).toEqual(["RangeError", true]);
    const third = flights.join("a", load);
    begun[1]!.land.resolve("fresh");
    expect(await third).toBe("fresh");
    expect(await outcome(flights.join("a", load, { signal: AbortSignal.abort(new RangeError("left")) }))).toBe(
      "RangeError",
    );
    expect(begun.length).toBe(2);
  });

  test("CL23: so many keys are under way, forgotten ones among them, and one more is refused", async () => {
    const { flights, begun, load, counts } = setUp();
    const landed: string[] = [];
    const kept = flights.join("a", load, { land: (value) => landed.push(value) });
    const forgotten = flights.join("b", load, { land: (value) => landed.push(value) });
    flights.forget("b");
    expect(await outcome(flights.join("c", load))).toBe("Throttled");
    flights.refresh("c", load);
    expect([begun.length, counts.refusals, flights.under_way]).toEqual([2, 2, 2]);
    begun[0]!.land.resolve("kept");
    begun[1]!.land.resolve("forgotten");
    expect([await kept, await forgotten, landed]).toEqual(["kept", "forgotten", ["kept"]]);
    expect(flights.under_way).toBe(0);
  });

  test("CL23: one that was begun for nobody lands all the same, and who joins it and leaves does not end it", async () => {
    const { flights, begun, load } = setUp();
    const landed: string[] = [];
    flights.refresh("a", load, (value) => landed.push(value));
    flights.refresh("a", load);
    const gone = new AbortController();
    const joined = outcome(flights.join("a", load, { signal: gone.signal }));
    gone.abort(new RangeError("left"));
    begun[0]!.land.resolve("value");
    await settled();
    expect([await joined, begun.length, begun[0]!.signal.aborted, landed]).toEqual(["RangeError", 1, false, ["value"]]);
  });
});

describe("an answer of several parts", () => {
  const setUp = () => {
    const clock = createVirtualClock(0);
    const failed: string[] = [];
    const needs = { clock, ms_max: 100, onFailed: (name: string) => void failed.push(name) };
    const takes =
      <T>(ms: number, value: T) =>
      async (signal: AbortSignal) => {
        await clock.sleep(ms, signal);
        return value;
      };
    return { clock, failed, needs, takes };
  };

  test("CL24: says that it is whole, or which parts are late or broken, and gives those that came", async () => {
    const { clock, failed, needs, takes } = setUp();
    const whole = gather({ a: takes(10, 1), b: takes(20, "two") }, needs);
    await pass(clock, 20, 10);
    expect(await whole).toEqual({
      status: "ok",
      components: { a: { status: "ok" }, b: { status: "ok" } },
      values: { a: 1, b: "two" },
    });
    let told = false;
    const some = gather(
      {
        fine: takes(10, 1),
        late: async (signal) => {
          signal.addEventListener("abort", () => (told = true));
          return clock.sleep(500, signal);
        },
        broken: async () => Promise.reject(new Throttled("no", { retry_after_ms: 700 })),
      },
      needs,
    );
    await pass(clock, 100, 10);
    expect(await some).toEqual({
      status: "partial",
      components: {
        fine: { status: "ok" },
        late: { status: "late", retry_after_ms: 0 },
        broken: { status: "failed", retry_after_ms: 700 },
      },
      values: { fine: 1 },
    });
    expect([told, failed.sort()]).toEqual([true, ["broken", "late"]]);
  });

  test("CL24: so many at once, in one time for all, and those whose turn came too late are not begun", async () => {
    const { clock, needs, takes } = setUp();
    let begun = 0;
    let most = 0;
    let now = 0;
    const part = async (signal: AbortSignal) => {
      begun += 1;
      most = Math.max(most, ++now);
      await takes(40, null)(signal).finally(() => (now -= 1));
      return null;
    };
    const parts = Object.fromEntries(Array.from({ length: 30 }, (_, i) => [`p${i}`, part]));
    const asked = gather(parts, needs);
    await pass(clock, 110, 10);
    const { status, components } = await asked;
    const states = Object.values(components).map((one) => one.status);
    expect([status, states.filter((one) => one === "ok").length]).toEqual(["partial", 2 * PARTS_AT_ONCE_MAX]);
    expect([begun, most]).toEqual([3 * PARTS_AT_ONCE_MAX, PARTS_AT_ONCE_MAX]);
    const many = Object.fromEntries(Array.from({ length: PARTS_MAX + 1 }, (_, i) => [`p${i}`, part]));
    expect(await outcome(gather(many, needs))).toBe("RangeError");
  });

  test("CL24: a part that is late ends with all that it asks for", async () => {
    const clock = createVirtualClock();
    const ended: string[] = [];
    const whole = gather(
      {
        quick: async () => (askerHere()!.hold({ cancel: () => ended.push("quick") }), 1),
        slow: () => (askerHere()!.hold({ cancel: () => ended.push("slow") }), new Promise<number>(() => {})),
      },
      { clock, ms_max: 100, onFailed: () => {} },
    );
    await pass(clock, 100, 10);
    expect([(await whole).status, ended]).toEqual(["partial", ["slow"]]);
  });

  test("CL24: ends with its caller: by their deadline if that is sooner, and without an answer when they leave", async () => {
    const { clock, needs, takes } = setUp();
    const hurried = gather({ a: takes(10, 1), b: takes(50, 2) }, { ...needs, deadline: deadlineIn(0, 30) });
    await pass(clock, 30, 10);
    expect((await hurried).components).toMatchObject({ a: { status: "ok" }, b: { status: "late" } });
    const gone = new AbortController();
    const left = outcome(gather({ a: takes(50, 1) }, { ...needs, deadline: untilGone(gone.signal) }));
    await settled();
    gone.abort(new RangeError("left"));
    expect(await left).toBe("RangeError");
  });
});
