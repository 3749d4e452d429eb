import { describe, expect, test } from "bun:test";

import fc from "fast-check";

import { createVirtualClock } from "#ports/clock/index.ts";

import { type BreakerBounds, createBreaker, FAILING_WINDOW_MS, type Pass } from "./index.ts";
import { seedOf } from "./testing.ts";

const BOUNDS: BreakerBounds = {
  failures_max: 3,
  failing_percent_max: 50,
  failing_calls_min: 10,
  away_ms_min: 1_000,
  away_ms_max: 8_000,
};

function setUp(more: Partial<BreakerBounds> = {}) {
  const clock = createVirtualClock();
  const told: string[] = [];
  const breaker = createBreaker({
    clock,
    bounds: { ...BOUNDS, ...more },
    onAway: (reason) => told.push(`away: ${reason}`),
    onBack: () => told.push("back"),
  });
  const run = (how: "answered" | "failed" | "unknown", reason = "gone") => breaker.end(breaker.begin()!, how, reason);
  /** Until one may try. */
  const wait = () => clock.advance(breaker.away_ms());
  return { clock, breaker, told, run, wait };
}

describe("a breaker", () => {
  test("CL14: opens after so many failures in a row, and an answer between them begins anew", () => {
    const { breaker, run, told } = setUp();
    for (const how of ["failed", "failed", "answered", "failed", "failed"] as const) run(how);
    expect([breaker.state, breaker.away_ms()]).toEqual(["closed", 0]);
    run("failed", "the third");
    expect([breaker.state, breaker.begin(), told]).toEqual(["open", null, ["away: gone"]]);
  });

  test("CL14: opens when more than so many of a hundred fail, once there were enough, and old ones are forgotten", async () => {
    const { clock, breaker, run } = setUp();
    const rounds = async (times: number) => {
      for (let i = 0; i < times; i++) for (const how of ["failed", "failed", "answered"] as const) run(how);
    };
    await rounds(3);
    expect(breaker.state).toBe("closed");
    await clock.advance(FAILING_WINDOW_MS);
    await rounds(3);
    expect(breaker.state).toBe("closed");
    run("failed");
    expect(breaker.state).toBe("open");
  });

  test("CL14: where some fail every day, so many in a row must be that it is no chance", () => {
    const { breaker, run } = setUp();
    for (let i = 0; i < 30; i++) for (const how of ["failed", "answered", "answered", "answered"] as const) run(how);
    // A quarter to the tenth is one in a million.
    for (let i = 0; i < 9; i++) run("failed");
    expect(breaker.state).toBe("closed");
    run("failed");
    expect(breaker.state).toBe("open");
  });

  test("CL14: what ended for another reason says nothing", () => {
    const { breaker, run } = setUp();
    for (let i = 0; i < 50; i++) run("unknown");
    for (const how of ["failed", "unknown", "failed", "unknown", "failed"] as const) run(how);
    expect(breaker.state).toBe("open");
  });

  test("CL15: leaves it alone, longer each time up to a bound, and then one at a time tries", async () => {
    const { clock, breaker, run, wait, told } = setUp();
    for (let i = 0; i < 3; i++) run("failed");
    for (const pause_ms of [1_000, 2_000, 4_000, 8_000, 8_000]) {
      const away_ms = breaker.away_ms();
      expect(away_ms).toBeGreaterThanOrEqual(pause_ms);
      expect(away_ms).toBeLessThanOrEqual(2 * pause_ms);
      await clock.advance(away_ms - 0.5);
      expect([breaker.state, breaker.begin()]).toEqual(["open", null]);
      await wait();
      expect(breaker.state).toBe("half_open");
      const trial = breaker.begin();
      expect([trial === null, breaker.begin()]).toEqual([false, null]);
      breaker.end(trial!, "failed", "still");
    }
    await wait();
    // One whose caller left makes room for the next.
    run("unknown");
    run("answered");
    expect([breaker.state, breaker.away_ms(), told]).toEqual(["closed", 0, ["away: gone", "back"]]);
    for (let i = 0; i < 3; i++) run("failed");
    expect(breaker.away_ms()).toBeLessThanOrEqual(2_000);
  });

  test("CL16: calls that were begun before the state changed change it no more", async () => {
    const { breaker, run, wait } = setUp();
    const [late_answer, late_failure, later] = [breaker.begin()!, breaker.begin()!, breaker.begin()!];
    for (let i = 0; i < 3; i++) run("failed");
    breaker.end(late_answer, "answered");
    expect(breaker.state).toBe("open");
    await wait();
    const trial = breaker.begin()!;
    breaker.end(late_failure, "failed");
    expect([breaker.state, breaker.begin()]).toEqual(["half_open", null]);
    breaker.end(trial, "answered");
    breaker.end(later, "failed");
    for (const how of ["failed", "failed"] as const) run(how);
    expect(breaker.state).toBe("closed");
  });

  test("CL15, CL16: whatever happens, nothing goes while it is open and one at a time while it is half open", async () => {
    const step = fc.oneof(
      fc.constant({ do: "begin" as const }),
      fc.record({
        do: fc.constant("end" as const),
        which: fc.nat(20),
        how: fc.constantFrom("answered", "failed", "unknown"),
      }),
      fc.record({ do: fc.constant("wait" as const), ms: fc.nat(3_000) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 200 }), async (steps) => {
        const { clock, breaker } = setUp();
        const under_way: { pass: Pass; trial: boolean }[] = [];
        for (const one of steps) {
          if (one.do === "wait") await clock.advance(one.ms);
          else if (one.do === "begin") {
            const state = breaker.state;
            const pass = breaker.begin();
            if (state === "open") expect(pass).toBeNull();
            if (state === "closed") expect(pass).not.toBeNull();
            if (pass !== null) under_way.push({ pass, trial: state === "half_open" });
            const trials = under_way.filter((each) => each.trial && each.pass === pass);
            expect(trials.length).toBeLessThanOrEqual(1);
          } else if (under_way.length > 0) {
            const [ended] = under_way.splice(one.which % under_way.length, 1);
            breaker.end(ended!.pass, one.how as "answered");
          }
        }
        // It always comes back: nothing that was lost on the way holds it open for ever.
        for (const { pass } of under_way) breaker.end(pass, "unknown");
        await clock.advance(breaker.away_ms());
        breaker.end(breaker.begin()!, "answered");
        expect(breaker.state).toBe("closed");
      }),
      { numRuns: 100, seed: seedOf("breaker") },
    );
  });
});
