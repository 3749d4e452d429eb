import { expect, test } from "bun:test";

import fc from "fast-check";

import { createVirtualClock } from "#ports/clock/index.ts";

import { createLocalLimiter, LIMIT_CLAIMS_MAX, type LimitClaim, type LimitRule } from "./index.ts";

const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31));
const runs = { seed, numRuns: 200 };
console.log(`ports/limiter seed ${seed}`);

const rule = (burst_tokens: number, tokens_per_s: number, name = "rule"): LimitRule => ({
  name,
  burst_tokens,
  tokens_per_s,
});
const claim = (key: string, of: LimitRule, cost_tokens = 1): LimitClaim => ({ key, rule: of, cost_tokens });
function make(keys_max = 1_000) {
  const clock = createVirtualClock();
  return { clock, limiter: createLocalLimiter({ clock, keys_max }) };
}

test("LI11: claims that cannot be meant are thrown back", async () => {
  const { limiter } = make();
  const good = rule(5, 1);
  expect(() => limiter.takeNow([])).toThrow("claims");
  expect(() => limiter.takeNow(Array.from({ length: LIMIT_CLAIMS_MAX + 1 }, () => claim("k", good)))).toThrow("claims");
  expect(() => limiter.takeNow([claim("k".repeat(257), good)])).toThrow("characters");
  expect(() => limiter.takeNow([claim("k", good), claim("", good)])).toThrow("characters");
  for (const cost of [0.5, -1, Infinity, NaN])
    expect(() => limiter.takeNow([claim("k", good, cost)])).toThrow("whole tokens");
  for (const bad of [rule(0, 1), rule(1.5, 1), rule(1, 0), rule(1, -1), rule(1, NaN), rule(2e9, 1), rule(1, 0.0001)]) {
    expect(() => limiter.takeNow([claim("k", good), claim("b", bad)])).toThrow(RangeError);
  }
  expect(limiter.takeNow([claim("k", good, 0)]).remaining_tokens).toBe(5);
  await expect(limiter.take([])).rejects.toThrow("claims");
});

test("LI1, LI5: a burst passes, the next is refused with the exact wait", async () => {
  const { clock, limiter } = make();
  const three = rule(3, 2, "person");
  for (const left of [2, 1, 0])
    expect(limiter.takeNow([claim("p", three)])).toMatchObject({ allowed: true, remaining_tokens: left });
  expect(await limiter.take([claim("p", three)])).toEqual({
    allowed: false,
    rule: three,
    remaining_tokens: 0,
    wait_ms: 0,
    retry_after_ms: 500,
    reset_after_ms: 1_500,
    hold: null,
  });
  await clock.advance(499);
  expect(limiter.takeNow([claim("p", three)])).toMatchObject({ allowed: false, retry_after_ms: 1 });
  await clock.advance(1);
  expect(limiter.takeNow([claim("p", three)]).allowed).toBe(true);
});

test("LI4, LI5: one refusal leaves every bucket as it was, and names the one that waits longest", async () => {
  const { limiter } = make();
  const wide = rule(10, 1, "address");
  const narrow = rule(1, 1, "person");
  const slow = rule(1, 0.1, "sign-up");
  limiter.takeNow([claim("n", narrow), claim("s", slow)]);
  const refused = limiter.takeNow([claim("w", wide, 4), claim("n", narrow), claim("s", slow)]);
  expect(refused).toMatchObject({ allowed: false, rule: slow, retry_after_ms: 10_000 });
  expect(limiter.takeNow([claim("w", wide, 0)]).remaining_tokens).toBe(10);
});

test("LI6: a grant names the claim with the smallest share left", () => {
  const { limiter } = make();
  const wide = rule(100, 1, "address");
  const narrow = rule(4, 1, "person");
  expect(limiter.takeNow([claim("w", wide, 1), claim("n", narrow, 3)])).toMatchObject({
    allowed: true,
    rule: narrow,
    remaining_tokens: 1,
    retry_after_ms: 0,
    reset_after_ms: 3_000,
  });
});

test("LI7: one key claimed twice pays twice", () => {
  const { limiter } = make();
  const three = rule(3, 1);
  limiter.takeNow([claim("k", three)]);
  expect(limiter.takeNow([claim("k", three, 2), claim("k", three, 2)])).toMatchObject({
    allowed: false,
    retry_after_ms: 1_000,
  });
  expect(limiter.takeNow([claim("k", three, 1), claim("k", three, 1)])).toMatchObject({
    allowed: true,
    remaining_tokens: 0,
  });
  expect(limiter.takeNow([claim("full", three, 2), claim("full", three, 2)]).allowed).toBe(true);
});

test("LI8: a cost above the bucket waits until it is full and empties it; a cost of zero only asks", async () => {
  const { clock, limiter } = make();
  const five = rule(5, 1);
  limiter.takeNow([claim("k", five, 1)]);
  expect(limiter.takeNow([claim("k", five, 500)])).toMatchObject({ allowed: false, retry_after_ms: 1_000 });
  await clock.advance(1_000);
  expect(limiter.takeNow([claim("k", five, 500)])).toMatchObject({ allowed: true, remaining_tokens: 0 });
  expect(limiter.takeNow([claim("k", five, 0)])).toMatchObject({ allowed: true, remaining_tokens: 0 });
});

test("LI13: what is given back is there again, and never more than a full bucket", async () => {
  const { clock, limiter } = make();
  const three = rule(3, 1);
  await expect(limiter.giveBack([])).rejects.toThrow("claims");
  for (let i = 0; i < 100; i++) {
    expect(limiter.takeNow([claim("k", three, 2)]).allowed).toBe(true);
    await limiter.giveBack([claim("k", three, 2)]);
  }
  limiter.takeNow([claim("k", three, 1)]);
  await clock.advance(1_000);
  await limiter.giveBack([claim("k", three, 3), claim("nobody", three)]);
  expect(limiter.takeNow([claim("k", three, 0)]).remaining_tokens).toBe(3);
  expect(limiter.keys).toBe(1);
});

test("LI9: at the bound the fullest goes first, and who has spent all stays refused", async () => {
  const { limiter } = make(32);
  const ten = rule(10, 0.001);
  limiter.takeNow([claim("greedy", ten, 10)]);
  for (let i = 0; i < 5_000; i++) limiter.takeNow([claim(`passer-${i}`, ten, 1)]);
  expect(limiter.keys).toBe(32);
  expect(limiter.takeNow([claim("greedy", ten)]).allowed).toBe(false);
});

test("LI9: claims of one request never push one another out", () => {
  expect(() => make(LIMIT_CLAIMS_MAX)).toThrow("keys_max");
  const { limiter } = make(2 * LIMIT_CLAIMS_MAX);
  const two = rule(2, 0.001);
  for (let i = 0; i < 100; i++) limiter.takeNow([claim(`before-${i}`, two)]);
  const claims = Array.from({ length: LIMIT_CLAIMS_MAX }, (_, i) => claim(`k${i}`, two));
  expect([1, 2, 3].map(() => limiter.takeNow(claims).allowed)).toEqual([true, true, false]);
});

test("LI25: what was granted elsewhere is drained down to nothing, and what is missing can be told", async () => {
  const { clock, limiter } = make();
  const five = rule(5, 1);
  const log: LimitRule = { kind: "log", name: "log", tokens: 4, window_ms: 1_000 };
  const slots: LimitRule = { kind: "slots", name: "slots", slots: 2, hold_ms: 1_000 };
  limiter.drain([claim("k", five, 3)]);
  limiter.drain([claim("k", five, 3), claim("l", log, 1), claim("s", slots, 1), claim("full", five, 0)]);
  limiter.takeNow([claim("s", slots)]);
  await clock.advance(500);
  expect([...limiter.missing()]).toEqual([claim("k", five, 5), claim("l", log, 1)]);
  await clock.advance(500);
  expect([...limiter.missing()]).toEqual([claim("k", five, 4)]);
});

test("LI10: setting the wall clock changes nothing", async () => {
  const { clock, limiter } = make();
  const one = rule(1, 1);
  limiter.takeNow([claim("k", one)]);
  clock.step(3_600_000);
  expect(limiter.takeNow([claim("k", one)])).toMatchObject({ allowed: false, retry_after_ms: 1_000 });
  clock.step(-7_200_000);
  await clock.advance(1_000);
  expect(limiter.takeNow([claim("k", one)]).allowed).toBe(true);
});

test("LI12: a rule that changes applies at once", () => {
  const { limiter } = make();
  limiter.takeNow([claim("k", rule(100, 1), 10)]);
  expect(limiter.takeNow([claim("k", rule(5, 1), 0)]).remaining_tokens).toBe(5);
});

const steps = fc.array(
  fc.record({
    wait_ms: fc.oneof(fc.constant(0), fc.nat(50), fc.nat(20_000), fc.nat(100_000_000)),
    claims: fc.array(fc.record({ key: fc.nat(4), cost_tokens: fc.nat(12) }), { minLength: 1, maxLength: 4 }),
  }),
  { maxLength: 60 },
);
const rules = fc.array(
  fc.record({
    name: fc.constant("r"),
    burst_tokens: fc.integer({ min: 1, max: 10 }),
    tokens_per_s: fc.integer({ min: 1, max: 5_000 }).map((m) => m / 1_000),
  }),
  { minLength: 5, maxLength: 5 },
);

test("LI1, LI2, LI4, LI5, LI7: it decides as a model that recounts the whole history in exact fractions", async () => {
  await fc.assert(
    fc.asyncProperty(rules, steps, async (of, history) => {
      const { clock, limiter } = make();
      const spent: { at_ms: number; micro: bigint }[][] = of.map(() => []);
      // The level now, recounted from the first grant on.
      const level = (key: number, now_ms: number) => {
        const burst = BigInt(of[key]!.burst_tokens) * 1_000_000n;
        const per_ms = BigInt(Math.round(of[key]!.tokens_per_s * 1_000));
        let micro = burst;
        let at = 0;
        for (const event of [...spent[key]!, { at_ms: now_ms, micro: 0n }]) {
          micro += BigInt(event.at_ms - at) * per_ms;
          if (micro > burst) micro = burst;
          micro -= event.micro;
          at = event.at_ms;
        }
        return micro;
      };
      let now_ms = 0;
      for (const { wait_ms, claims } of history) {
        await clock.advance(wait_ms);
        now_ms += wait_ms;
        const cost = (key: number, tokens: number) => BigInt(Math.min(tokens, of[key]!.burst_tokens)) * 1_000_000n;
        const wanted = new Map<number, bigint>();
        for (const { key, cost_tokens } of claims) wanted.set(key, (wanted.get(key) ?? 0n) + cost(key, cost_tokens));
        const full = (key: number) => BigInt(of[key]!.burst_tokens) * 1_000_000n;
        for (const [key, micro] of wanted) if (micro > full(key)) wanted.set(key, full(key));
        const allowed = [...wanted].every(([key, micro]) => level(key, now_ms) >= micro);
        const asked = claims.map(({ key, cost_tokens }) => claim(`k${key}`, of[key]!, cost_tokens));
        const decision = limiter.takeNow(asked);
        expect(decision.allowed).toBe(allowed);
        if (allowed) for (const [key, micro] of wanted) spent[key]!.push({ at_ms: now_ms, micro });
        else expect(decision.retry_after_ms).toBeGreaterThan(0);
      }
    }),
    runs,
  );
});

test("LI5: after the stated wait the request passes, and 1 ms earlier it does not", async () => {
  await fc.assert(
    fc.asyncProperty(
      rules,
      fc.nat(12),
      fc.nat(3_000),
      fc.integer({ min: 1, max: 12 }),
      async (of, first, wait_ms, cost_tokens) => {
        const { clock, limiter } = make();
        const asked = of.slice(0, 3).map((r, i) => claim(`k${i}`, r, cost_tokens));
        limiter.takeNow([claim("k0", of[0]!, first)]);
        limiter.takeNow([claim("k1", of[1]!, first)]);
        await clock.advance(wait_ms);
        const { allowed, retry_after_ms } = limiter.takeNow(asked);
        if (allowed) return;
        await clock.advance(retry_after_ms - 1);
        expect(limiter.takeNow(asked).allowed).toBe(false);
        await clock.advance(1);
        expect(limiter.takeNow(asked).allowed).toBe(true);
      },
    ),
    runs,
  );
});

test("LI3: over any span a key gets at most its burst and what refilled", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 50 }),
      fc.integer({ min: 1, max: 100 }),
      fc.array(fc.tuple(fc.nat(400), fc.integer({ min: 1, max: 5 })), { maxLength: 80 }),
      async (burst, per_s, asks) => {
        const { clock, limiter } = make();
        const granted: { at: number; tokens: number }[] = [];
        let at = 0;
        for (const [wait_ms, tokens] of asks) {
          await clock.advance(wait_ms);
          at += wait_ms;
          if (limiter.takeNow([claim("k", rule(burst, per_s), Math.min(tokens, burst))]).allowed)
            granted.push({ at, tokens: Math.min(tokens, burst) });
        }
        for (const [i, from] of granted.entries()) {
          let sum = 0;
          for (const to of granted.slice(i)) {
            sum += to.tokens;
            expect(sum).toBeLessThanOrEqual(burst + (per_s * (to.at - from.at)) / 1_000);
          }
        }
      },
    ),
    runs,
  );
});
