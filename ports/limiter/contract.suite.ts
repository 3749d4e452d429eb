import { expect, test } from "bun:test";

import fc from "fast-check";

import { createModel } from "./contract.model.ts";
import type { LimitClaim, Limiter, LimitRule } from "./index.ts";

/** A limiter with nothing in it, and its time in a hand. */
export interface LimiterUnderTest extends AsyncDisposable {
  limiter: Limiter;
  advance(ms: number): Promise<void>;
}

const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31));

export const claim = (key: string, rule: LimitRule, cost_tokens = 1): LimitClaim => ({ key, rule, cost_tokens });
const bucket = (burst_tokens: number, tokens_per_s: number, name = "bucket"): LimitRule => ({
  name,
  burst_tokens,
  tokens_per_s,
});

/** @param numRuns of each property */
export function limiterContract(engine: string, make: () => Promise<LimiterUnderTest>, numRuns: number): void {
  const runs = { seed, numRuns };
  console.log(`limiter on ${engine}: seed ${seed}`);
  const on = (title: string, work: (made: LimiterUnderTest) => Promise<void>) =>
    test(`${title} (${engine})`, async () => {
      await using made = await make();
      await work(made);
    });
  const allowed = async ({ limiter }: LimiterUnderTest, ...claims: LimitClaim[]) =>
    (await limiter.take(claims)).allowed;
  const left = async ({ limiter }: LimiterUnderTest, key: string, rule: LimitRule) =>
    (await limiter.take([claim(key, rule, 0)])).remaining_tokens;

  on("LI11: claims that cannot be meant are thrown back, and take nothing", async ({ limiter, ...made }) => {
    const good = bucket(5, 1);
    const bad: LimitRule[] = [
      bucket(0, 1),
      bucket(1.5, 1),
      bucket(1, NaN),
      { kind: "fixed", name: "f", tokens: 0, window_ms: 10 },
      { kind: "log", name: "l", tokens: 10_001, window_ms: 10 },
      { kind: "log", name: "l", tokens: 10, window_ms: 0.5 },
      { kind: "counter", name: "c", tokens: 10, window_ms: 1_000, slices: 3 },
      { kind: "counter", name: "c", tokens: 1e9, window_ms: 86_400_000 },
      { kind: "gcra", name: "g", tokens: 10, window_ms: 1_000, burst_tokens: 0 },
      { kind: "slots", name: "s", slots: 0, hold_ms: 10 },
    ];
    for (const rule of bad)
      await expect(limiter.take([claim("k", good), claim("b", rule)])).rejects.toThrow(RangeError);
    await expect(limiter.take([claim("k", good), claim("k", bucket(5, 1))])).rejects.toThrow("two rules");
    await expect(limiter.take([claim("k", good)], 5_001)).rejects.toThrow("waits");
    await expect(limiter.take([])).rejects.toThrow("claims");
    await expect(limiter.penalise([claim("s", { kind: "slots", name: "s", slots: 1, hold_ms: 10 })])).rejects.toThrow(
      "tokens",
    );
    expect(await left({ limiter, ...made }, "k", good)).toBe(5);
  });

  on("LI14: gcra lets its burst through and then its rate, exactly for any whole numbers", async (made) => {
    const sevenInThree: LimitRule = { kind: "gcra", name: "g", tokens: 7, window_ms: 3_000, burst_tokens: 2 };
    expect([await allowed(made, claim("k", sevenInThree, 2)), await allowed(made, claim("k", sevenInThree))]).toEqual([
      true,
      false,
    ]);
    // A token each 428 4/7 ms: in 3 s exactly seven.
    let granted = 0;
    for (let ms = 0; ms < 3_000; ms++) {
      await made.advance(1);
      if (ms % 100 === 99 && (await allowed(made, claim("k", sevenInThree)))) granted++;
    }
    expect(granted).toBe(7);
  });

  on("LI15: a fixed window begins with a request, and ends at its end", async (made) => {
    const three: LimitRule = { kind: "fixed", name: "f", tokens: 3, window_ms: 1_000 };
    await made.advance(700);
    expect(await allowed(made, claim("k", three, 2))).toBe(true);
    await made.advance(600);
    expect(await allowed(made, claim("k", three, 1))).toBe(true);
    expect(await made.limiter.take([claim("k", three)])).toMatchObject({ allowed: false, retry_after_ms: 400 });
    await made.advance(399);
    expect(await allowed(made, claim("k", three))).toBe(false);
    await made.advance(1);
    expect(await made.limiter.take([claim("k", three, 3)])).toMatchObject({ allowed: true, reset_after_ms: 1_000 });
  });

  on("LI16: a log holds its limit over every span of its window", async (made) => {
    const three: LimitRule = { kind: "log", name: "l", tokens: 3, window_ms: 1_000 };
    for (const ms of [0, 400, 400]) {
      await made.advance(ms);
      expect(await allowed(made, claim("k", three))).toBe(true);
    }
    expect(await made.limiter.take([claim("k", three)])).toMatchObject({ allowed: false, retry_after_ms: 200 });
    expect(await made.limiter.take([claim("k", three, 2)])).toMatchObject({ allowed: false, retry_after_ms: 600 });
    await made.advance(200);
    expect(await allowed(made, claim("k", three))).toBe(true);
    expect(await allowed(made, claim("k", three))).toBe(false);
  });

  on("LI17: a counter weighs the slice that leaves by the part that is still inside", async (made) => {
    const ten: LimitRule = { kind: "counter", name: "c", tokens: 10, window_ms: 1_000, slices: 1 };
    expect(await allowed(made, claim("k", ten, 10))).toBe(true);
    await made.advance(1_000);
    expect(await made.limiter.take([claim("k", ten)])).toMatchObject({ allowed: false, retry_after_ms: 100 });
    await made.advance(300);
    expect(await left(made, "k", ten)).toBe(3);
    expect(await allowed(made, claim("k", ten, 4))).toBe(false);
    expect(await allowed(made, claim("k", ten, 3))).toBe(true);
    await made.advance(1_700);
    expect(await left(made, "k", ten)).toBe(10);
  });

  on("LI18: slots are held by so many at a time, until they are released or run out", async (made) => {
    const two: LimitRule = { kind: "slots", name: "s", slots: 2, hold_ms: 1_000 };
    const first = await made.limiter.take([claim("k", two)]);
    await made.advance(400);
    const second = await made.limiter.take([claim("k", two)]);
    expect(await made.limiter.take([claim("k", two)])).toMatchObject({
      allowed: false,
      retry_after_ms: 600,
      hold: null,
    });
    await made.limiter.release(first.hold!);
    await made.limiter.release(first.hold!);
    expect(await allowed(made, claim("k", two))).toBe(true);
    expect(await allowed(made, claim("k", two))).toBe(false);
    await made.advance(900);
    expect(await made.limiter.renew(second.hold!)).toBe(true);
    await made.advance(900);
    expect(await left(made, "k", two)).toBe(1);
    await made.advance(100);
    expect(await made.limiter.renew(second.hold!)).toBe(false);
    expect(await left(made, "k", two)).toBe(2);
  });

  on("LI18: nobody waits in line for a slot, and a refused one holds no slot", async (made) => {
    const one: LimitRule = { kind: "slots", name: "s", slots: 1, hold_ms: 1_000 };
    const none: LimitRule = { kind: "fixed", name: "f", tokens: 1, window_ms: 100_000 };
    expect(await allowed(made, claim("f", none))).toBe(true);
    expect(await allowed(made, claim("k", one), claim("f", none))).toBe(false);
    expect(await allowed(made, claim("k", one))).toBe(true);
    expect(await made.limiter.take([claim("k", one)], 5_000)).toMatchObject({ allowed: false, retry_after_ms: 1_000 });
  });

  on("LI30: slots that are granted for later are held from then on, and not a moment less", async (made) => {
    const one: LimitRule = { kind: "slots", name: "s", slots: 1, hold_ms: 1_000 };
    const drop: LimitRule = { kind: "gcra", name: "g", tokens: 1, window_ms: 3_000, burst_tokens: 1 };
    expect(await allowed(made, claim("d", drop))).toBe(true);
    expect(await made.limiter.take([claim("k", one), claim("d", drop)], 5_000)).toMatchObject({ wait_ms: 3_000 });
    for (const ms of [0, 1_500, 1_500, 999]) {
      await made.advance(ms);
      expect(await allowed(made, claim("k", one))).toBe(false);
    }
    await made.advance(1);
    expect(await allowed(made, claim("k", one))).toBe(true);
  });

  on("LI19: with patience a request is granted for later, and has its place", async (made) => {
    const drop: LimitRule = { kind: "gcra", name: "g", tokens: 10, window_ms: 1_000, burst_tokens: 1 };
    const waits: (number | null)[] = [];
    for (let i = 0; i < 5; i++) {
      const { allowed: is, wait_ms, retry_after_ms } = await made.limiter.take([claim("k", drop)], 300);
      waits.push(is ? wait_ms : null);
      if (!is) expect(retry_after_ms).toBe(400);
    }
    expect(waits).toEqual([0, 100, 200, 300, null]);
    expect(await allowed(made, claim("k", drop))).toBe(false);
    await made.advance(400);
    expect(await allowed(made, claim("k", drop))).toBe(true);
  });

  on(
    "LI20: a fine takes without asking, down to a debt of one capacity, and a reward never gives more than all",
    async (made) => {
      const rules: LimitRule[] = [
        bucket(10, 10, "b"),
        { kind: "gcra", name: "g", tokens: 10, window_ms: 1_000, burst_tokens: 10 },
        { kind: "fixed", name: "f", tokens: 10, window_ms: 1_000 },
        { kind: "log", name: "l", tokens: 10, window_ms: 1_000 },
        { kind: "counter", name: "c", tokens: 10, window_ms: 1_000, slices: 10 },
      ];
      for (const rule of rules) {
        const key = `k-${rule.name}`;
        for (let i = 0; i < 5; i++) await made.limiter.penalise([claim(key, rule, 8)]);
        expect(await left(made, key, rule)).toBe(0);
        const { allowed: is, retry_after_ms } = await made.limiter.take([claim(key, rule)]);
        expect(is).toBe(false);
        expect(retry_after_ms).toBeLessThanOrEqual(1_100);
        for (const back of [10, 4]) await made.limiter.giveBack([claim(key, rule, back)]);
        expect(await left(made, key, rule)).toBe(4);
        for (let i = 0; i < 3; i++) await made.limiter.giveBack([claim(key, rule, 10)]);
        expect(await left(made, key, rule)).toBe(10);
      }
    },
  );

  on("LI13: what is given back is there again, and a key that is not held gains nothing", async (made) => {
    const three = bucket(3, 1);
    await expect(made.limiter.giveBack([])).rejects.toThrow("claims");
    for (let i = 0; i < 20; i++) {
      expect(await allowed(made, claim("k", three, 2))).toBe(true);
      await made.limiter.giveBack([claim("k", three, 2), claim("nobody", three)]);
    }
    expect(await left(made, "nobody", three)).toBe(3);
  });

  on("LI12, LI23: a rule that changes applies at once; of another kind or window, it begins anew", async (made) => {
    await made.limiter.take([claim("k", bucket(100, 1), 10)]);
    expect(await left(made, "k", bucket(5, 1))).toBe(5);
    const fixed = (tokens: number): LimitRule => ({ kind: "fixed", name: "f", tokens, window_ms: 1_000 });
    await made.limiter.take([claim("f", fixed(10), 4)]);
    expect(await left(made, "f", fixed(5))).toBe(1);
    const counter = (window_ms: number): LimitRule => ({ kind: "counter", name: "c", tokens: 10, window_ms });
    await made.limiter.take([claim("c", counter(1_000), 4)]);
    expect(await left(made, "c", counter(1_000))).toBe(6);
    expect(await left(made, "c", counter(2_000))).toBe(10);
  });

  const ruleOf = fc.oneof(
    fc.record({ burst_tokens: fc.integer({ min: 1, max: 8 }), tokens_per_s: fc.integer({ min: 50, max: 3_000 }) }),
    fc.record({
      kind: fc.constant("gcra" as const),
      tokens: fc.integer({ min: 1, max: 9 }),
      window_ms: fc.integer({ min: 5, max: 70 }),
      burst_tokens: fc.integer({ min: 1, max: 6 }),
    }),
    fc.record({
      kind: fc.constantFrom("fixed" as const, "log" as const),
      tokens: fc.integer({ min: 1, max: 9 }),
      window_ms: fc.integer({ min: 1, max: 60 }),
    }),
    fc
      .record({
        tokens: fc.integer({ min: 1, max: 9 }),
        slices: fc.integer({ min: 1, max: 6 }),
        slice_ms: fc.integer({ min: 1, max: 15 }),
      })
      .map(({ tokens, slices, slice_ms }) => ({
        kind: "counter" as const,
        tokens,
        slices,
        window_ms: slices * slice_ms,
      })),
  );
  const steps = fc.array(
    fc.record({
      pause_ms: fc.oneof(fc.constant(0), fc.nat(5), fc.nat(90)),
      patience_ms: fc.oneof(fc.constant(0), fc.constant(0), fc.nat(80)),
      claims: fc.array(fc.record({ key: fc.nat(3), cost_tokens: fc.nat(10) }), { minLength: 1, maxLength: 4 }),
    }),
    { maxLength: 40 },
  );

  test(`LI1, LI2, LI4, LI5, LI7, LI8, LI19, LI21: any mix decides as a model that recounts the whole history (${engine})`, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(ruleOf, { minLength: 4, maxLength: 4 }), steps, async (kinds, history) => {
        await using made = await make();
        const rules = kinds.map((kind, i): LimitRule => ({ ...kind, name: `rule ${i}` }));
        const models = rules.map(createModel);
        let now = 0;
        for (const { pause_ms, patience_ms, claims } of history) {
          await made.advance(pause_ms);
          now += pause_ms;
          const costs = new Map<number, number>();
          for (const { key, cost_tokens } of claims) costs.set(key, (costs.get(key) ?? 0) + cost_tokens);
          for (const [key, cost] of costs) costs.set(key, Math.min(cost, capacityOf(rules[key]!)));
          const waits = [...costs].map(([key, cost]) => models[key]!.wait(now, cost));
          const wait_ms = Math.max(...waits);
          const passes = wait_ms <= patience_ms;
          const decision = await made.limiter.take(
            claims.map(({ key, cost_tokens }) => claim(`k${key}`, rules[key]!, cost_tokens)),
            patience_ms,
          );
          expect(decision).toMatchObject({
            allowed: passes,
            wait_ms: passes ? wait_ms : 0,
            retry_after_ms: passes ? 0 : wait_ms,
          });
          if (!passes) expect(decision.rule).toEqual(rules[[...costs.keys()][waits.indexOf(wait_ms)]!]!);
          if (passes) for (const [key, cost] of costs) models[key]!.spend(now + wait_ms, cost);
        }
      }),
      runs,
    );
  });

  test(`LI5: after the stated wait the request passes, and 1 ms earlier it does not (${engine})`, async () => {
    await fc.assert(
      fc.asyncProperty(ruleOf, ruleOf, fc.nat(9), fc.nat(90), fc.integer({ min: 1, max: 9 }), async (a, b, ...rest) => {
        const [first, pause_ms, cost_tokens] = rest;
        await using made = await make();
        const rules = [a, b].map((kind, i): LimitRule => ({ ...kind, name: `rule ${i}` }));
        const asked = rules.map((rule, i) => claim(`k${i}`, rule, cost_tokens));
        await made.limiter.take([claim("k0", rules[0]!, first)]);
        await made.advance(pause_ms);
        await made.limiter.take([claim("k1", rules[1]!, first)]);
        const { allowed: is, retry_after_ms } = await made.limiter.take(asked);
        if (is) return;
        await made.advance(retry_after_ms - 1);
        expect((await made.limiter.take(asked)).allowed).toBe(false);
        await made.advance(1);
        expect((await made.limiter.take(asked)).allowed).toBe(true);
      }),
      runs,
    );
  });
}

function capacityOf(rule: LimitRule): number {
  switch (rule.kind) {
    case undefined:
    case "bucket":
    case "gcra":
      return rule.burst_tokens;
    case "slots":
      return rule.slots;
    default:
      return rule.tokens;
  }
}
