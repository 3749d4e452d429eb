import { Problem } from "#kernel/errors.ts";
import { HOUR_MS } from "#kernel/time.ts";
import type { SignedIn } from "#kernel/viewer.ts";
import type { Clock } from "#ports/clock/index.ts";
import { type LimitClaim, type LimitDecision, type Limiter, type LimitRule, termsOf } from "#ports/limiter/index.ts";

import * as b from "./bounds.ts";
import type { CheckAnswer, CheckItem } from "./check-contract.ts";
import type { Algorithm } from "./rules-contract.ts";

/** The house counts for others: limits and keys of their own, apart from the house's and from everybody else's. */
export interface Check {
  /** @throws Problem 400 `limits.check_rule`, 429 `limit.exceeded`, `limits.too_many_keys`; then nothing of the call was done */
  run(viewer: SignedIn, namespace: string, items: readonly CheckItem[]): Promise<CheckAnswer[]>;
}

/** Items of one person; `POST /v1/limits/check` itself is counted as any other call beside it. */
const PACE: LimitRule = { name: "limits-check", burst_tokens: 2_000, tokens_per_s: 500 };
const RULES_KEPT_MAX = 5_000;
const DONE: CheckAnswer = {
  allowed: true,
  key: null,
  remaining_tokens: 0,
  wait_ms: 0,
  retry_after_ms: 0,
  reset_after_ms: 0,
  hold: null,
};

/** @param limiter where others' keys are: never so that they could push the house's own out */
export function createCheck({ limiter, house, clock }: { limiter: Limiter; house: Limiter; clock: Clock }): Check {
  /** The limiter knows a rule by its object, so the same words at the same place are the same object. */
  const rules = new Map<string, LimitRule>();
  const people = new Map<string, { since_ms: number; weight: number; keys: Map<number, number> }>();

  /** @param place among the claims of an item: two of them under one limit are told apart by their rules */
  function ruleOf(algorithm: Algorithm, place: number, at: string): LimitRule {
    const words = `${place} ${JSON.stringify(algorithm)}`;
    const known = rules.get(words);
    if (known) return known;
    const rule = { name: "check", ...algorithm } as LimitRule;
    try {
      termsOf(rule);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      throw broken(at, error.message);
    }
    refuseTooMuch(algorithm, at);
    if (rules.size >= RULES_KEPT_MAX) rules.clear();
    rules.set(words, rule);
    return rule;
  }

  /** Counts the keys that are new within the hour. @throws Problem 429 */
  function keysOf(person_id: string, claims: readonly LimitClaim[]): void {
    const now_ms = clock.monotonic();
    let mine = people.get(person_id);
    if (!mine || now_ms - mine.since_ms >= HOUR_MS) mine = { since_ms: now_ms, weight: 0, keys: new Map() };
    // Whoever asked last stays; the one who has not for longest goes.
    people.delete(person_id);
    people.set(person_id, mine);
    if (people.size > b.CHECK_PEOPLE_MAX) people.delete(people.keys().next().value!);
    for (const { key, rule } of claims) {
      const number = Number(Bun.hash(key) & 0x1f_ffff_ffff_ffffn);
      const weight = 1 + Math.floor(keptBy(rule) / b.CHECK_GRANTS_PER_KEY);
      const before = mine.keys.get(number) ?? 0;
      if (weight <= before) continue;
      if (mine.weight + weight - before > b.CHECK_KEYS_PER_PERSON_MAX)
        throw new Problem(
          429,
          "limits.too_many_keys",
          `You may use ${b.CHECK_KEYS_PER_PERSON_MAX} keys within an hour; a log or slots count as one more for each ${b.CHECK_GRANTS_PER_KEY} that they hold. Use fewer, or wait.`,
          { retry_after_s: Math.ceil((mine.since_ms + HOUR_MS - now_ms) / 1_000) },
        );
      mine.weight += weight - before;
      mine.keys.set(number, weight);
    }
  }

  function claimsOf(item: CheckItem, at: string, prefix: string): LimitClaim[] {
    const seen = new Map<string, { rule: LimitRule; words: string }>();
    return item.claims.map(({ key, limit, cost_tokens }, j) => {
      const here = `${at}/claims/${j}`;
      const words = JSON.stringify(limit);
      const same = seen.get(key);
      if (same && same.words !== words) throw broken(here, "One key is claimed under two limits at once.");
      const rule = same?.rule ?? ruleOf(limit, j, `${here}/limit`);
      seen.set(key, { rule, words });
      if ((item.do === "release" || item.do === "renew") && rule.kind !== "slots")
        throw broken(`${here}/limit`, "Only slots are released or renewed.");
      if (item.do === "penalise" && rule.kind === "slots")
        throw broken(`${here}/limit`, "Slots are held or free: there is nothing of them to take away.");
      return { key: prefix + key, rule, cost_tokens };
    });
  }

  async function one(item: CheckItem, claims: LimitClaim[], prefix: string): Promise<CheckAnswer> {
    switch (item.do) {
      case "take":
        return answerOf(await limiter.take(claims, item.patience_ms), claims, prefix);
      case "give_back":
        await limiter.giveBack(claims);
        return DONE;
      case "penalise":
        await limiter.penalise(claims);
        return DONE;
      case "release":
        await limiter.release({ id: item.hold, claims });
        return DONE;
      case "renew":
        return { ...DONE, allowed: await limiter.renew({ id: item.hold, claims }) };
    }
  }

  return {
    async run(viewer, namespace, items) {
      const prefix = `check/${viewer.person_id}/${namespace}/`;
      // All of it is looked at before any of it is done.
      const claims = items.map((item, i) => claimsOf(item, `/body/items/${i}`, prefix));
      await pace(
        house,
        viewer,
        claims.reduce((sum, of) => sum + itemsIn(of), 0),
      );
      keysOf(viewer.person_id, claims.flat());
      const answers: CheckAnswer[] = [];
      // One after the other: what an item leaves is what the next one finds.
      for (const [i, item] of items.entries()) answers.push(await one(item, claims[i]!, prefix));
      return answers;
    },
  };
}

async function pace(house: Limiter, viewer: SignedIn, cost_tokens: number): Promise<void> {
  const { allowed, retry_after_ms, rule } = await house.take([
    { key: `limits-check/${viewer.person_id}`, rule: PACE, cost_tokens },
  ]);
  if (allowed) return;
  throw new Problem(
    429,
    "limit.exceeded",
    "You ask for more checks than the house makes for one person. Wait a little.",
    {
      retry_after_s: Math.ceil(retry_after_ms / 1_000),
      violated_policies: [rule.name],
    },
  );
}

/** Limits of others are smaller than those of the house. @throws Problem */
function refuseTooMuch(algorithm: Algorithm, at: string): void {
  const span_ms = "window_ms" in algorithm ? algorithm.window_ms : 0;
  if (span_ms > b.CHECK_WINDOW_MS_MAX)
    throw broken(at, `A window here has ${b.CHECK_WINDOW_MS_MAX} ms at most, which is a day.`);
  if (algorithm.kind === "bucket" && algorithm.burst_tokens / algorithm.tokens_per_s > b.CHECK_WINDOW_MS_MAX / 1_000)
    throw broken(at, "A bucket here is full again within a day.");
  if (
    algorithm.kind === "gcra" &&
    (algorithm.burst_tokens * algorithm.window_ms) / algorithm.tokens > b.CHECK_WINDOW_MS_MAX
  )
    throw broken(at, "A gcra here has all of its burst again within a day.");
  if (algorithm.kind === "log" && algorithm.tokens > b.CHECK_LOG_TOKENS_MAX)
    throw broken(at, `A log here has ${b.CHECK_LOG_TOKENS_MAX} tokens at most. Use a counter.`);
  if (algorithm.kind === "slots" && algorithm.slots > b.CHECK_SLOTS_MAX)
    throw broken(at, `There are ${b.CHECK_SLOTS_MAX} slots here at most.`);
}

/** Grants of which a key under it may keep account. */
function keptBy(rule: LimitRule): number {
  const { kind, capacity } = termsOf(rule);
  return kind === "log" || kind === "slots" ? capacity : 0;
}

/** An item that may look through many grants counts for more than one. */
const itemsIn = (claims: readonly LimitClaim[]): number =>
  1 + claims.reduce((sum, { rule }) => sum + Math.floor(keptBy(rule) / b.CHECK_GRANTS_PER_ITEM), 0);

function answerOf(decision: LimitDecision, claims: readonly LimitClaim[], prefix: string): CheckAnswer {
  const { allowed, rule, remaining_tokens, wait_ms, retry_after_ms, reset_after_ms, hold } = decision;
  const key = (claims.find((claim) => claim.rule === rule) ?? claims[0]!).key.slice(prefix.length);
  return { allowed, key, remaining_tokens, wait_ms, retry_after_ms, reset_after_ms, hold: hold?.id ?? null };
}

const broken = (pointer: string, detail: string) =>
  new Problem(400, "limits.check_rule", `${pointer}: ${detail}`, { errors: [{ pointer, detail }] });
