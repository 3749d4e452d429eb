import { describe, expect, test } from "bun:test";

import fc from "fast-check";

import { deadlineIn, untilGone } from "#kernel/deadline.ts";
import { Permanent, Throttled, Transient } from "#kernel/errors.ts";
import { createVirtualClock } from "#ports/clock/index.ts";

import {
  ANSWERS_MIN,
  CALL_BOUNDS,
  createCalls,
  type DependencyOptions,
  type EachOptions,
  LINGER_MS_MAX,
  natureOfFetch,
  natureOfStatus,
  type Work,
} from "./index.ts";
import { outcome, pass, seedOf, settled } from "./testing.ts";

function setUp(more: Partial<DependencyOptions> = {}, seed = 1) {
  const clock = createVirtualClock(0, seed);
  const told: string[] = [];
  const calls = createCalls({
    clock,
    onAway: ({ name, reason }) => told.push(`${name} is away: ${reason}`),
    onBack: ({ name }) => told.push(`${name} is back`),
  });
  const dependency = calls.to({ name: "post", away: "Letters wait.", base_ms: 10, delay_ms_max: 50, ...more });
  const stats = () => calls.stats()[0]!;
  /** Work that takes so long, unless it is told to stop. */
  const takes =
    <T>(ms: number, value: T): Work<T> =>
    async (signal) => {
      await clock.sleep(ms, signal);
      return value;
    };
  return { clock, calls, dependency, stats, takes, told };
}
const fails = (error: Error) => async () => Promise.reject(error);

describe("a call's end", () => {
  test("CL10: comes by its own time, and its work is told", async () => {
    const { clock, dependency, stats } = setUp({ try_ms_max: 100 });
    let reason: unknown = null;
    const asked = outcome(
      dependency.call(async (signal) => {
        signal.addEventListener("abort", () => (reason = signal.reason));
        return clock.sleep(5_000, signal);
      }),
    );
    await pass(clock, 110, 10);
    expect(await asked).toBe("TooSlow");
    expect([(reason as Error).name, stats().late, stats().in_flight]).toEqual(["TooSlow", 1, 0]);
  });

  test("CL10: comes by the caller's deadline, or when they leave", async () => {
    const { clock, dependency, takes } = setUp({ try_ms_max: 100 });
    const hurried = outcome(dependency.call(takes(90, "late"), { deadline: deadlineIn(0, 50) }));
    const gone = new AbortController();
    const left = outcome(dependency.call(takes(90, "late"), { deadline: untilGone(gone.signal) }));
    await pass(clock, 60, 10);
    gone.abort(new RangeError("left"));
    expect([await hurried, await left]).toEqual(["DeadlinePassed", "RangeError"]);
  });

  test("CL10: once it has answered, its signal is left alone", async () => {
    const { clock, dependency } = setUp({ try_ms_max: 100 });
    const gone = new AbortController();
    const signal = await dependency.call(async (of) => of, { deadline: deadlineIn(0, 50, gone.signal) });
    await pass(clock, 200, 50);
    gone.abort();
    expect(signal.aborted).toBe(false);
  });

  test("CL11: nothing is sent when it is too late, or for who has left", async () => {
    const { clock, dependency, stats } = setUp();
    let sent = 0;
    const work = async () => void (sent += 1);
    await pass(clock, 10, 10);
    expect(await outcome(dependency.call(work, { deadline: deadlineIn(0, 10) }))).toBe("DeadlinePassed");
    const left = AbortSignal.abort(new RangeError("left"));
    expect(await outcome(dependency.call(work, { deadline: untilGone(left) }))).toBe("RangeError");
    expect([sent, stats().refused_late, stats().first_tries]).toEqual([0, 1, 0]);
  });

  test("CL19: what was told to stop and does not keeps its place, for so long at most", async () => {
    const { clock, dependency, stats } = setUp({ try_ms_max: 100, at_once_max: 1, waiting_max: 0 });
    const deaf = Promise.withResolvers<void>();
    const first = outcome(dependency.call(() => deaf.promise));
    await pass(clock, 110, 10);
    expect([await first, stats().in_flight]).toEqual(["TooSlow", 1]);
    expect(await outcome(dependency.call(async () => "second"))).toBe("DependencyBusy");
    await pass(clock, LINGER_MS_MAX, 500);
    expect(await dependency.call(async () => "third")).toBe("third");
    const other = outcome(dependency.call(() => deaf.promise));
    await pass(clock, 110, 10);
    deaf.resolve();
    await settled();
    expect([await other, stats().in_flight]).toEqual(["TooSlow", 0]);
  });
});

describe("trying again", () => {
  const run = async (work: Work<unknown>, idempotent: boolean, more: Partial<DependencyOptions> = {}) => {
    const { clock, dependency, stats } = setUp({ retry_floor: 100, ...more });
    const asked = outcome(dependency.call(work, { idempotent }));
    await pass(clock, 400, 10);
    return { came: await asked, tries: stats().first_tries + stats().further_tries };
  };

  test("CL12: a call that may not be repeated is tried once, whatever happens", async () => {
    for (const error of [new Transient("away"), new Throttled("slow down")])
      expect((await run(fails(error), false)).tries).toBe(1);
  });

  test("CL12: one that may is tried again for what passes, and for nothing else", async () => {
    expect(await run(fails(new Transient("away")), true)).toEqual({ came: "Transient", tries: CALL_BOUNDS.tries_max });
    expect((await run(fails(new Throttled("slow down")), true)).tries).toBe(CALL_BOUNDS.tries_max);
    expect((await run(fails(new Permanent("no")), true)).tries).toBe(1);
    expect((await run(fails(new TypeError("a bug")), true)).tries).toBe(1);
    const own = await run(fails(new TypeError("the line broke")), true, { nature: () => "transient" });
    expect(own.tries).toBe(CALL_BOUNDS.tries_max);
  });

  test("CL12: each try has a number, and the first that succeeds is the answer", async () => {
    const seen: number[] = [];
    const work = async (_: AbortSignal, attempt: number) => {
      seen.push(attempt);
      if (attempt < 1) throw new Transient("away");
      return "done";
    };
    expect((await run(work, true)).came).toBe("done");
    expect(seen).toEqual([0, 1]);
  });

  test("CL13: with nothing but failures further tries are a share of the first ones, and a floor", async () => {
    const never = { failures_max: 1e9, failing_calls_min: 1e9 };
    const { clock, dependency, stats } = setUp({ ...never, retry_floor: 2, at_once_max: 1_000 });
    const asked = Array.from({ length: 400 }, () =>
      outcome(dependency.call(fails(new Transient("away")), { idempotent: true })),
    );
    await pass(clock, 200, 10);
    await Promise.all(asked);
    expect([stats().first_tries, stats().further_tries]).toEqual([400, 40]);
    expect(stats().refused_budget).toBeGreaterThan(300);
  });
});

describe("what does not answer", () => {
  const away = async (more: Partial<DependencyOptions> = {}) => {
    const made = setUp({ failures_max: 3, away_ms_min: 1_000, away_ms_max: 1_000, ...more });
    for (let i = 0; i < 3; i++) await outcome(made.dependency.call(fails(new Transient(`gone ${i}`))));
    return made;
  };

  test("CL14: refusals, wishes to be asked less, and bugs do not count against it; nor does a caller's hurry", async () => {
    const { clock, dependency, takes } = setUp({ failures_max: 3, try_ms_max: 100 });
    for (let i = 0; i < 20; i++)
      for (const error of [new Permanent("no"), new Throttled("slow down"), new TypeError("a bug")])
        await outcome(dependency.call(fails(error)));
    for (let i = 0; i < 5; i++) {
      const hurried = outcome(dependency.call(takes(90, ""), { deadline: deadlineIn(clock.monotonic(), 20) }));
      await pass(clock, 20, 10);
      expect(await hurried).toBe("DeadlinePassed");
    }
    expect(dependency.state).toBe("closed");
    for (let i = 0; i < 3; i++) {
      const patient = outcome(dependency.call(takes(90, ""), { deadline: deadlineIn(clock.monotonic(), 60) }));
      await pass(clock, 60, 10);
      expect(await patient).toBe("DeadlinePassed");
    }
    expect(dependency.state).toBe("open");
  });

  test("CL15: is not asked, and whoever calls is told at once before when it is in vain", async () => {
    const { dependency, stats } = await away();
    let sent = 0;
    const error = await dependency.call(async () => void (sent += 1), { idempotent: true }).catch((e: unknown) => e);
    expect(error).toMatchObject({ name: "DependencyAway", dependency: "post" });
    expect((error as Transient).retry_after_ms).toBeGreaterThan(0);
    expect([sent, stats().refused_away]).toEqual([0, 1]);
  });

  test("CL15: one at a time tries it, and when it answers all may", async () => {
    const { clock, dependency, takes } = await away();
    await pass(clock, 2_000, 500);
    const trial = dependency.call(takes(50, "there"));
    expect(await outcome(dependency.call(takes(1, "too soon")))).toBe("DependencyAway");
    await pass(clock, 60, 10);
    expect([await trial, dependency.state]).toEqual(["there", "closed"]);
    expect(await dependency.call(async () => "all")).toBe("all");
  });

  test("CL15: who waits for a place learns at once that it went away", async () => {
    const { clock, dependency, stats } = setUp({ failures_max: 3, at_once_max: 3, try_ms_max: 100 });
    const slow = Array.from({ length: 3 }, () => outcome(dependency.call((signal) => clock.sleep(9_999, signal))));
    const waiting = Array.from({ length: 5 }, () => outcome(dependency.call(async () => "sent")));
    await pass(clock, 100, 10);
    expect(await Promise.all(slow)).toEqual(["TooSlow", "TooSlow", "TooSlow"]);
    expect(new Set(await Promise.all(waiting))).toEqual(new Set(["DependencyAway"]));
    expect([stats().waiting, stats().in_flight]).toEqual([0, 0]);
  });

  test("CL22: is told once, with the first reason, and in words for people until it is back", async () => {
    const { clock, calls, dependency, told } = await away();
    expect(calls.away()).toEqual([{ name: "post", because: "Letters wait." }]);
    await pass(clock, 2_000, 500);
    await outcome(dependency.call(fails(new Transient("still gone"))));
    expect(told).toEqual(["post is away: gone 0"]);
    await pass(clock, 2_000, 500);
    await dependency.call(async () => "there");
    expect([calls.away(), told]).toEqual([[], ["post is away: gone 0", "post is back"]]);
  });
});

describe("a second try beside a slow one", () => {
  /** A dependency whose answers took 10 ms, but for the next ones. */
  const warm = async (more: Partial<DependencyOptions> = {}) => {
    const made = setUp({ hedge_percent_max: 50, retry_percent_max: 50, ...more });
    const { clock, dependency, takes } = made;
    for (let i = 0; i < ANSWERS_MIN; i++) {
      const asked = dependency.call(takes(10, i), { idempotent: true, hedge: true });
      await pass(clock, 10, 10);
      await asked;
    }
    return made;
  };
  /** The first takes so long and those after it 5 ms. */
  const slowFirst = (made: Awaited<ReturnType<typeof warm>>) => {
    const signals: AbortSignal[] = [];
    const work: Work<number> = async (signal) => {
      const n = signals.push(signal);
      await made.clock.sleep(n === 1 ? 500 : 5, signal);
      return n;
    };
    return { work, signals };
  };

  test("CL20: begins after 95 of 100 would have answered; the first answer counts and the other is told to stop", async () => {
    const made = await warm();
    const { work, signals } = slowFirst(made);
    const asked = made.dependency.call(work, { idempotent: true, hedge: true });
    await pass(made.clock, 9);
    expect(signals.length).toBe(1);
    await pass(made.clock, 10);
    expect([await asked, signals.map((signal) => signal.aborted)]).toEqual([2, [true, false]]);
    expect(made.stats()).toMatchObject({ hedges: 1, hedges_won: 1, in_flight: 0 });
  });

  test("CL20: never beside what may not be repeated, nor without a place, nor beyond its share", async () => {
    for (const { options, more } of [
      { options: { idempotent: false, hedge: true }, more: {} },
      { options: { idempotent: true }, more: {} },
      { options: { idempotent: true, hedge: true }, more: { at_once_max: 1 } },
      { options: { idempotent: true, hedge: true }, more: { hedge_percent_max: 0 } },
      { options: { idempotent: true, hedge: true }, more: { retry_percent_max: 0, retry_floor: 0 } },
    ]) {
      const made = await warm(more);
      const { work, signals } = slowFirst(made);
      const asked = made.dependency.call(work, options);
      await pass(made.clock, 510, 10);
      expect([await asked, signals.length, made.stats().in_flight]).toEqual([1, 1, 0]);
    }
  });

  test("CL20: when both fail the first failure is told, and when one does the other's answer counts", async () => {
    for (const [first, second, came] of [
      ["RangeError", "TypeError", "RangeError"],
      ["RangeError", "fine", "fine"],
      ["fine", "TypeError", "fine"],
    ] as const) {
      const made = await warm();
      let tries = 0;
      const asked = outcome(
        made.dependency.call(
          async () => {
            const of = tries++ === 0 ? first : second;
            await made.clock.sleep(of === first ? 40 : 15);
            if (of === "fine") return of;
            throw of === "RangeError" ? new RangeError("no") : new TypeError("no");
          },
          { idempotent: true, hedge: true },
        ),
      );
      await pass(made.clock, 60);
      expect([await asked, tries, made.stats().in_flight]).toEqual([came, 2, 0]);
    }
  });
});

describe("places of others", () => {
  const each = (more: Partial<EachOptions> = {}) => {
    const clock = createVirtualClock(0);
    const calls = createCalls({ clock });
    const hosts = calls.toEach({ name: "hosts", all_at_once_max: 4, all_waiting_max: 0, keys_max: 6, ...more });
    return { clock, calls, hosts, stats: () => calls.stats()[0]! };
  };

  test("CL21: each has a state of its own, and none of them is the house's trouble", async () => {
    const { calls, hosts, stats } = each({ failures_max: 2 });
    for (let i = 0; i < 2; i++) await outcome(hosts.of("a").call(fails(new Transient("gone"))));
    expect(await outcome(hosts.of("a").call(async () => "sent"))).toBe("DependencyAway");
    expect(await hosts.of("b").call(async () => "sent")).toBe("sent");
    expect([stats().keys, stats().keys_away, calls.away()]).toEqual([2, 1, []]);
  });

  test("CL21: only so many are known; the longest unused goes, and one that is called never does", async () => {
    const { hosts, stats } = each();
    const hold = Promise.withResolvers<string>();
    const busy = hosts.of("busy").call(() => hold.promise);
    for (let i = 0; i < 2; i++) await outcome(hosts.of("old").call(fails(new Permanent("no"))));
    for (let i = 0; i < 50; i++) await hosts.of(`host-${i}`).call(async () => i);
    expect([stats().keys, stats().in_flight]).toEqual([6, 1]);
    hold.resolve("held");
    expect([await busy, stats().in_flight]).toEqual(["held", 0]);
    expect(() => each({ keys_max: 4 })).toThrow(RangeError);
  });

  test("CL21: one takes no more than its places, and all together no more than theirs", async () => {
    const { hosts, stats } = each({ at_once_max: 2, waiting_max: 0 });
    const hold = Promise.withResolvers<string>();
    const ask = (key: string) => outcome(hosts.of(key).call(() => hold.promise));
    const held = [ask("a"), ask("a"), ask("b"), ask("c")];
    await settled();
    expect(await outcome(hosts.of("a").call(async () => "more"))).toBe("DependencyBusy");
    expect(await outcome(hosts.of("d").call(async () => "more"))).toBe("DependencyBusy");
    expect(stats()).toMatchObject({ in_flight: 4, refused_busy: 2 });
    hold.resolve("held");
    await Promise.all(held);
    await settled();
    expect(await hosts.of("d").call(async () => "more")).toBe("more");
  });
});

describe("what others throw", () => {
  test("CL26: a line that broke may be whole the next time; a request that cannot be sent is a bug", async () => {
    using silent = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { open: (one) => void one.end(), data() {} } });
    const thrown = (url: string, given: RequestInit = {}) => fetch(url, given).then(String, (error: unknown) => error);
    for (const error of [
      await thrown("http://127.0.0.1:1/"),
      await thrown(`http://127.0.0.1:${silent.port}/`),
      await thrown(`https://127.0.0.1:${silent.port}/`),
      await thrown(`http://127.0.0.1:${silent.port}/`, { signal: AbortSignal.timeout(0) }),
    ])
      expect([String(error), natureOfFetch(error)]).toEqual([String(error), "transient"]);
    expect(natureOfFetch(await thrown("nonsense"))).toBe("bug");
    for (const error of [new TypeError("x is not a function"), null, "text"]) expect(natureOfFetch(error)).toBe("bug");
  });

  test("CL26: a status says whether the same may go through later", () => {
    const natures = (...all: number[]) => [...new Set(all.map(natureOfStatus))];
    expect(natures(408, 425, 500, 502, 503, 504, 507, 520)).toEqual(["transient"]);
    expect(natures(429)).toEqual(["throttled"]);
    expect(natures(301, 400, 401, 403, 404, 409, 410, 412, 418, 501, 505)).toEqual(["permanent"]);
  });
});

test("CL10, CL11, CL12, CL17: whatever it does, no try begins too late, bounds hold, everybody is answered, no place is lost", async () => {
  const call = fc.record({
    at_ms: fc.nat(40),
    takes_ms: fc.nat(120),
    comes_to: fc.constantFrom("fine", "fine", "fine", "transient", "throttled", "permanent", "bug"),
    patience_ms: fc.integer({ min: 1, max: 200 }),
    leaves: fc.boolean(),
    idempotent: fc.boolean(),
    hedge: fc.boolean(),
    deaf: fc.boolean(),
  });
  const errors = {
    transient: () => new Transient("away"),
    throttled: () => new Throttled("later", { retry_after_ms: 5 }),
    permanent: () => new Permanent("no"),
    bug: () => new TypeError("a bug"),
  };
  await fc.assert(
    fc.asyncProperty(fc.array(call, { minLength: 1, maxLength: 60 }), fc.nat(), async (all, seed) => {
      const made = setUp({ at_once_max: 3, waiting_max: 4, try_ms_max: 80, failures_max: 4, away_ms_min: 50 }, seed);
      const { clock, dependency, stats } = made;
      let under_way = 0;
      const asked: Promise<unknown>[] = [];
      for (const one of all) {
        await pass(clock, one.at_ms, 10);
        const gone = new AbortController();
        const began_ms = clock.monotonic();
        const deadline = deadlineIn(began_ms, one.patience_ms, gone.signal);
        let tries = 0;
        const work = async (signal: AbortSignal) => {
          tries += 1;
          expect([signal.aborted, clock.monotonic() < deadline.at_ms, gone.signal.aborted]).toEqual([
            false,
            true,
            false,
          ]);
          expect(++under_way).toBeLessThanOrEqual(3);
          try {
            await clock.sleep(one.takes_ms, one.deaf ? undefined : signal);
            if (one.comes_to !== "fine") throw errors[one.comes_to]();
            return "fine";
          } finally {
            under_way -= 1;
          }
        };
        const { idempotent, hedge } = one;
        asked.push(
          outcome(dependency.call(work, { deadline, idempotent, hedge })).then(() => {
            if (!idempotent) expect(tries).toBeLessThanOrEqual(1);
            expect(tries).toBeLessThanOrEqual(CALL_BOUNDS.tries_max + 1);
            expect(clock.monotonic()).toBeLessThanOrEqual(deadline.at_ms + 10);
          }),
        );
        if (one.leaves) void clock.sleep(one.takes_ms / 2).then(() => gone.abort(new Error("left")));
      }
      await pass(clock, 400, 10);
      await Promise.all(asked);
      expect(stats()).toMatchObject({ in_flight: 0, waiting: 0, calls: all.length });
      const { first_tries, further_tries, hedges } = stats();
      expect(further_tries + hedges).toBeLessThanOrEqual(Math.max(CALL_BOUNDS.retry_floor, first_tries / 10));
    }),
    { numRuns: 60, seed: seedOf("calls") },
  );
});
