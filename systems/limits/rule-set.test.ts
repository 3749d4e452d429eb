import { describe, expect, test } from "bun:test";

import * as limiter from "#ports/limiter/index.ts";

import * as b from "./bounds.ts";
import { type Asking, compileRuleSet } from "./rule-set-book.ts";
import { diffRuleSets } from "./rule-set-diff.ts";
import { appliesTo, canaryPlace, DEFAULT_RULE_SET, matches, readRuleSet, scaled } from "./rule-set.ts";
import { type Algorithm, type RuleSetIn, zRuleSet } from "./rules-contract.ts";

const bucket = (burst_tokens: number) => ({ kind: "bucket", burst_tokens, tokens_per_s: 1 }) as const;
const rule = (id: string, more: object = {}) => ({ id, level: "person", limit: bucket(10), ...more });
const ROUTES = ["GET /v1/posts/{id}", "POST /v1/posts", "* /v1/tus", "GET /v1/spaces/{slug}"];
const troubles = (...rules: object[]) =>
  readRuleSet({ rules }, ROUTES).troubles.map(({ pointer, detail }) => [pointer, detail]);
const pointers = (...rules: object[]) => troubles(...rules).map(([pointer]) => pointer);
const asking = (more: Partial<Asking> = {}): Asking => ({
  route: "POST /v1/posts",
  cost_tokens: 5,
  address: null,
  person_id: "1",
  token_id: "7",
  space: null,
  person_grant: null,
  space_grant: null,
  ...more,
});
const compiled = (...rules: object[]) => compileRuleSet(zRuleSet.parse({ rules }));

describe("a rule set", () => {
  test("LM1: all that is wrong is told at once, with where it stands", () => {
    expect(
      pointers(
        rule("twice"),
        rule("twice"),
        rule("sign-in"),
        rule("a", { mode: "canary" }),
        rule("b", { canary_percent: 5 }),
        rule("c", { level: "global", mode: "canary", canary_percent: 5 }),
        rule("d", { level: "address", tiers: { pro: bucket(5) } }),
        rule("e", { routes: ["POST /v1/postz"], except: ["GET /v2/*"] }),
      ),
    ).toEqual([
      "/rules/1/id",
      "/rules/2/id",
      "/rules/3/canary_percent",
      "/rules/4/canary_percent",
      "/rules/5/mode",
      "/rules/6/tiers",
      "/rules/7/routes/0",
      "/rules/7/except/0",
    ]);
    expect(troubles(rule("twice"), rule("twice"))[0]![1]).toBe(
      '"twice" is the name of rule 1 too. Each rule needs its own.',
    );
  });

  test("LM1: a wrong shape, and numbers that cannot be reckoned, in limits and in tiers", () => {
    expect(pointers(rule("Big Letters"), rule("x", { level: "planet" }), rule("y", { more: 1 }))).toEqual([
      "/rules/0/id",
      "/rules/1/level",
      "/rules/2",
    ]);
    const huge = { kind: "fixed", tokens: 1_000_000_000, window_ms: 2_678_400_000 };
    const odd = { kind: "counter", tokens: 10, window_ms: 1_000, slices: 7 };
    expect(pointers(rule("x", { limit: huge }), rule("y", { tiers: { pro: odd } }))).toEqual([
      "/rules/0/limit",
      "/rules/1/tiers/pro",
    ]);
    expect(readRuleSet("nonsense").set).toBeNull();
    expect(
      readRuleSet({ rules: Array.from({ length: b.RULES_PER_SET_MAX + 1 }, (_, i) => rule(`r${i}`)) }).set,
    ).toBeNull();
  });

  test("LM1: one request draws from so many rules at most", () => {
    const many = Array.from({ length: b.RULES_PER_REQUEST_MAX + 1 }, (_, i) => rule(`r${i}`));
    expect(pointers(...many)).toEqual(["/rules"]);
    expect(pointers(...many.slice(1))).toEqual([]);
    expect(
      pointers(...many.slice(2), rule("p", { routes: ["POST /v1/posts"] }), rule("t", { routes: ["* /v1/tus"] })),
    ).toEqual([]);
  });

  test("LM1: the house's own set has no trouble, and its bounds are those of the limiter", () => {
    expect(readRuleSet(DEFAULT_RULE_SET).troubles).toEqual([]);
    expect([
      b.TOKENS_MAX,
      b.WINDOW_MS_MAX,
      b.LOG_TOKENS_MAX,
      b.SLICES_MAX,
      b.SLOTS_MAX,
      b.HOLD_MS_MAX,
      b.PATIENCE_MS_MAX,
    ]).toEqual([
      limiter.LIMIT_BURST_TOKENS_MAX,
      limiter.LIMIT_WINDOW_MS_MAX,
      limiter.LIMIT_LOG_TOKENS_MAX,
      limiter.LIMIT_SLICES_MAX,
      limiter.LIMIT_SLOTS_MAX,
      limiter.LIMIT_HOLD_MS_MAX,
      limiter.LIMIT_WAIT_MS_MAX,
    ]);
    expect(b.RULES_PER_REQUEST_MAX).toBeLessThan(limiter.LIMIT_CLAIMS_MAX);
  });

  test("LM2: patterns take a method or any, a path or all below it", () => {
    expect(matches("POST /v1/posts", "POST /v1/posts")).toBe(true);
    expect(matches("GET /v1/posts", "POST /v1/posts")).toBe(false);
    expect(matches("* /v1/posts/*", "GET /v1/posts/{id}")).toBe(true);
    expect(matches("* /v1/posts/*", "POST /v1/posts")).toBe(true);
    expect(matches("* /v1/posts/*", "GET /v1/postscript")).toBe(false);
    expect(matches("GET /v1/tus", "* /v1/tus")).toBe(true);
    expect(appliesTo({ routes: [], except: ["* /v1/tus"] }, "GET /v1/other")).toBe(true);
    expect(appliesTo({ routes: [], except: ["* /v1/tus"] }, "* /v1/tus")).toBe(false);
    expect(appliesTo({ routes: ["* /v1/posts/*"], except: ["GET /v1/posts/{id}"] }, "GET /v1/posts/{id}")).toBe(false);
  });
});

describe("what a request draws from", () => {
  const LEVELS = ["person", "token", "space", "address", "route", "global"].map((level) => rule(level, { level }));

  test("LM3: each level counts whose it is, and leaves out what is not there", () => {
    const subjects = (more: Partial<Asking>) =>
      Object.fromEntries(
        compiled(...LEVELS)
          .draw(asking(more))
          .holds.map(({ of, subject }) => [of.rule.id, subject]),
      );
    expect(subjects({})).toEqual({ person: "1", token: "7", route: "POST /v1/posts", global: "all" });
    expect(subjects({ person_id: null, token_id: null, address: "192.0.2.1" })).toEqual({
      address: "192.0.2.1",
      route: "POST /v1/posts",
      global: "all",
    });
    expect(subjects({ space: { id: "5", is_member: true } }).space).toBe("5");
    expect(subjects({ space: { id: "5", is_member: false } }).space).toBe("5/guests");
    const keys = compiled(...LEVELS)
      .draw(asking())
      .holds.map(({ key }) => key);
    expect(new Set(keys).size).toBe(keys.length);
  });

  test("LM4: a tier chooses its numbers, and a custom one is a part of free", () => {
    const set = compiled(
      rule("a", { tiers: { pro: bucket(50) } }),
      rule("s", { level: "space", tiers: { enterprise: bucket(70) } }),
      rule("r", { level: "route" }),
    );
    const burst = (more: Partial<Asking>) =>
      set
        .draw(asking({ space: { id: "5", is_member: true }, ...more }))
        .holds.map(({ rule: limit }) => limiter.termsOf(limit).capacity);
    const grant = (tier: "free" | "pro" | "enterprise") => ({ tier, percent: null });
    const custom = (percent: number) => ({ tier: "custom", percent }) as const;
    expect(burst({})).toEqual([10, 10, 10]);
    expect(burst({ person_grant: grant("pro") })).toEqual([50, 10, 10]);
    expect(burst({ person_grant: grant("enterprise"), space_grant: grant("enterprise") })).toEqual([10, 70, 10]);
    expect(burst({ person_grant: custom(250), space_grant: custom(1) })).toEqual([25, 1, 10]);
    const twice = [0, 1].map(() => set.draw(asking({ person_grant: custom(250) })).holds[0]!.rule);
    expect(twice[0]).toBe(twice[1]!);
  });

  test("LM4: any percent of any limit can be reckoned", () => {
    const limits: Algorithm[] = [
      { kind: "bucket", burst_tokens: 1_000_000_000, tokens_per_s: 0.001 },
      { kind: "gcra", tokens: 7, window_ms: 2_678_400_000, burst_tokens: 3 },
      { kind: "fixed", tokens: 800_000, window_ms: 2_678_400_000 },
      { kind: "log", tokens: 10_000, window_ms: 1_000 },
      { kind: "counter", tokens: 100, window_ms: 60_000 },
      { kind: "slots", slots: 10_000, hold_ms: 1 },
    ];
    for (const limit of limits)
      for (const percent of [b.CUSTOM_PERCENT_MIN, 33, 100, 250, b.CUSTOM_PERCENT_MAX])
        expect(limiter.termsOf({ name: "x", ...scaled(limit, percent) }).capacity).toBeGreaterThan(0);
    for (const limit of limits) expect(scaled(limit, 100)).toEqual(limit);
  });

  test("LM5: a request takes what its route costs, or one; of slots one", () => {
    const slots = { kind: "slots", slots: 3, hold_ms: 1_000 };
    const set = compiled(rule("a"), rule("b", { counts: "requests" }), rule("c", { limit: slots }));
    expect(set.draw(asking()).holds.map(({ cost_tokens }) => cost_tokens)).toEqual([5, 1, 1]);
  });

  test("LM6: a shadow holds for nobody, a canary for its percent of the keys, and a growing percent keeps whom it had", () => {
    const split = (percent: number) => {
      const set = compiled(rule("c", { mode: "canary", canary_percent: percent }), rule("s", { mode: "shadow" }));
      const held = new Set<string>();
      for (let i = 0; i < 2_000; i++) {
        const { holds, shadows } = set.draw(
          asking({ person_id: String(250_000_000_000_000_000n + BigInt(i) * 4_194_304n) }),
        );
        expect(holds.length + shadows.length).toBe(2);
        expect(shadows.at(-1)!.of.rule.id).toBe("s");
        if (holds[0]) held.add(holds[0].subject);
      }
      return held;
    };
    const [few, many] = [split(10), split(40)];
    expect(few.size).toBeGreaterThan(100);
    expect(few.size).toBeLessThan(320);
    expect(many.size).toBeGreaterThan(600);
    expect(many.size).toBeLessThan(1_000);
    expect([...few].every((id) => many.has(id))).toBe(true);
    expect(canaryPlace("c", "1")).toBe(canaryPlace("c", "1"));
    // Two canaries try themselves on different people.
    expect([...few].some((id) => canaryPlace("other", id) >= 40)).toBe(true);
  });

  test("LM7: what a door calls draws again from what is for that route only, and for what it costs beyond the door's token", () => {
    const set = compiled(
      rule("all"),
      rule("all-requests", { counts: "requests" }),
      rule("posts", { routes: ["POST /v1/posts"], counts: "requests" }),
      rule("posts-cost", { routes: ["POST /v1/posts"] }),
    );
    const drawn = (cost_tokens: number) =>
      set.draw(asking({ cost_tokens, is_inner: true })).holds.map(({ of, cost_tokens: cost }) => [of.rule.id, cost]);
    expect(drawn(5)).toEqual([
      ["all", 4],
      ["posts", 1],
      ["posts-cost", 5],
    ]);
    expect(drawn(1)).toEqual([
      ["posts", 1],
      ["posts-cost", 1],
    ]);
  });
});

test("LM8: what is different is told rule by rule, whatever the order of the fields", () => {
  const set = (...rules: RuleSetIn["rules"]) => zRuleSet.parse({ rules });
  const of = (id: string, more: object = {}) => rule(id, more) as RuleSetIn["rules"][number];
  const before = set(of("a"), of("b"), of("c"), of("gone"));
  const after = set(
    of("new"),
    of("b"),
    of("a", { limit: { tokens_per_s: 1, burst_tokens: 10, kind: "bucket" } }),
    of("c", { mode: "shadow" }),
  );
  expect(diffRuleSets(before, before)).toEqual([]);
  const told = diffRuleSets(before, after);
  expect(told.map(({ rule_id, what }) => [rule_id, what])).toEqual([
    ["new", "added"],
    ["b", "moved"],
    ["a", "moved"],
    ["c", "changed"],
    ["gone", "removed"],
  ]);
  expect(told[3]!.fields).toEqual([{ field: "mode", before: '"on"', after: '"shadow"' }]);
});
