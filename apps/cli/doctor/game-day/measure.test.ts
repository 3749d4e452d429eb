import { describe, expect, test } from "bun:test";

import { createVirtualClock } from "#ports/clock/index.ts";

import { createAsk } from "./ask.ts";
import { SLOW_MS, UNDER_WAY_MAX } from "./bounds.ts";
import { DRILLS } from "./drills.ts";
import { figuresOf, quantile, reasonsOf } from "./figures.ts";
import { healedAfter } from "./healing.ts";
import { PROBE_NAMES } from "./probes.ts";
import { judge, percent, type Seen } from "./verdict.ts";
import { type Sample, watch } from "./watch.ts";

const sample = (due_ms: number, more: Partial<Sample> = {}): Sample => ({
  probe: "home",
  due_ms,
  took_ms: 5,
  fate: "ok",
  because: "200",
  ...more,
});
const every = (from_ms: number, to_ms: number, more: Partial<Sample> = {}) =>
  Array.from({ length: (to_ms - from_ms) / 100 }, (_, i) => sample(from_ms + i * 100, more));

describe("measuring", () => {
  test("DR11: requests are due at their times whether others were answered or not, and whoever waited has waited", async () => {
    const clock = createVirtualClock();
    const gate = Promise.withResolvers<void>();
    const answered = { fate: "ok", because: "200", body: null, etag: null } as const;
    const watching = watch(clock, [
      {
        name: "home",
        every_ms: 100,
        async run(turn) {
          if (turn >= 5) await gate.promise;
          return answered;
        },
      },
    ]);
    const began_ms = clock.monotonic();
    /** Time, and then all that was waiting for it. */
    const pass = async (ms: number) => {
      await clock.advance(ms);
      await Bun.sleep(0);
    };
    await Bun.sleep(0);
    for (let i = 0; i < UNDER_WAY_MAX + 15; i++) await pass(100);
    expect(watching.oldest_due_ms()).toBe(began_ms + 500);
    const refused = watching.samples().filter(({ because }) => because === "too many wait already");
    expect(refused.length).toBeGreaterThan(0);
    gate.resolve();
    await Bun.sleep(0);
    expect(watching.oldest_due_ms()).toBeNull();
    const sixth = watching.samples().find(({ due_ms }) => due_ms === began_ms + 500);
    expect(sixth?.took_ms).toBe((UNDER_WAY_MAX + 10) * 100);
    await watching.stop();
  });

  test("DR12: what people saw is told by what they saw: a clear refusal is one, an error that says nothing is none", async () => {
    const problem = { code: "a.reason", detail: "Come back in a moment." };
    const answers: Record<string, () => Response> = {
      "/ok": () => Response.json({}),
      "/later": () => problemOf(503, problem, { "retry-after": "1" }),
      "/full": () => problemOf(507, problem),
      "/never": () => problemOf(503, problem),
      "/silent": () => new Response("oops", { status: 503, headers: { "retry-after": "1" } }),
      "/broken": () => problemOf(500, problem, { "retry-after": "1" }),
      "/who": () => problemOf(401, problem),
    };
    await using server = Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      fetch: (request) => answers[new URL(request.url).pathname]!(),
    });
    const ask = createAsk(`http://127.0.0.1:${server.port}`);
    const fates: string[] = [];
    for (const path of Object.keys(answers)) fates.push((await ask("GET", path)).fate);
    expect(fates).toEqual(["ok", "refused", "refused", "failed", "failed", "failed", "failed"]);
    await server.stop(true);
    expect((await ask("GET", "/ok")).fate).toBe("unanswered");
  });

  test("DR12: shares and times count each request once; what is a little is never told as nothing", () => {
    const samples = [
      ...every(0, 300),
      sample(400, { took_ms: SLOW_MS + 1 }),
      sample(500, { fate: "refused", because: "limit.exceeded" }),
      sample(600, { fate: "failed", because: "internal" }),
      sample(700, { fate: "unanswered", because: "ECONNREFUSED" }),
      sample(800, { fate: "unanswered", because: "ECONNREFUSED" }),
    ];
    expect(figuresOf(samples)).toEqual({
      asked: 8,
      ok: 3,
      slow: 1,
      refused: 1,
      failed: 1,
      unanswered: 2,
      p50_ms: 5,
      p99_ms: SLOW_MS + 1,
    });
    expect(reasonsOf(samples, 1)).toEqual([{ because: "home: ECONNREFUSED", count: 2 }]);
    expect([quantile([], 0.5), quantile([1, 2, 3, 4], 0.5), quantile([1, 2, 3, 4], 0.99)]).toEqual([null, 2, 4]);
    expect([0, 0.0001, 0.5, 0.9999, 1].map(percent)).toEqual(["0 %", "< 0.1 %", "50 %", "> 99.9 %", "100 %"]);
  });

  test("DR13: healed is when all is answered as well as before and nobody waits any more who came before", () => {
    const before = every(0, 2_000);
    const bad = every(5_000, 6_000, { fate: "refused" });
    const good = every(6_000, 9_000);
    expect(healedAfter([...bad, ...good], before, 5_000, 7_000)).toBeNull();
    expect(healedAfter([...bad, ...good], before, 5_000, 9_000)).toBe(901);
    expect(healedAfter(good, before, 6_000, 9_000)).toBe(0);
    expect(healedAfter([sample(5_900, { took_ms: 700 }), ...good], before, 6_000, 9_000)).toBe(600);
    expect(healedAfter(every(6_000, 9_000, { took_ms: 300 }), before, 6_000, 9_000)).toBeNull();
    const two = [...before, ...every(0, 2_000, { probe: "post" })];
    expect(healedAfter(good, two, 6_000, 9_000)).toBeNull();
  });

  test("DR14: a drill fails by each thing that was expected and was not so, and by no other", () => {
    const expects = DRILLS.find(({ name }) => name === "disk-full")!.expects;
    const kept = { written: 9, acknowledged: 9, lost: 0, doubled: 0, sent_again: 0, open: 0 };
    const refused = sample(1, { probe: "upload", fate: "refused" });
    const good: Seen = { during: [...every(0, 10_000), refused], kept, healed_ms: 100, told: ["disk"] };
    const missed = (seen: Partial<Seen>) =>
      judge(expects, { ...good, ...seen })
        .filter(({ met }) => !met)
        .map(({ says }) => says.split(":")[0]);
    expect(missed({})).toEqual([]);
    expect(missed({ kept: { ...kept, lost: 1 } })).toEqual(["nothing acknowledged is lost or doubled"]);
    expect(missed({ kept: { ...kept, doubled: 1 } })).toEqual(["nothing acknowledged is lost or doubled"]);
    expect(missed({ healed_ms: null })).toHaveLength(1);
    expect(missed({ healed_ms: expects.heal_ms_max + 1 })).toHaveLength(1);
    expect(missed({ told: ["limits"] })).toHaveLength(1);
    expect(missed({ during: [] })).toHaveLength(1);
    expect(missed({ during: [...good.during, sample(2, { fate: "failed" })] })).toEqual([
      "errors that say nothing at most 0 %",
    ]);
    expect(missed({ during: [...good.during, ...every(0, 200, { fate: "refused" })] })).toEqual([
      "answered well at least 99 %",
    ]);
  });

  test("DR14: every drill says what it does and what it promises, within its bounds", () => {
    for (const { name, does, promise, advice, expects, guests } of DRILLS) {
      const told = [does, promise, advice].map(({ length }) => length > 20);
      expect([name, ...told, guests <= 6]).toEqual([name, true, true, true, true]);
      expect(expects.may_refuse.filter((probe) => !PROBE_NAMES.includes(probe))).toEqual([]);
    }
    expect(new Set(DRILLS.map(({ name }) => name)).size).toBe(DRILLS.length);
  });
});

const problemOf = (status: number, body: object, headers: Record<string, string> = {}) =>
  new Response(JSON.stringify(body), { status, headers: { "content-type": "application/problem+json", ...headers } });
