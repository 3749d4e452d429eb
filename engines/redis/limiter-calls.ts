import { type LimitClaim, type LimitHold, type Terms, termsOf } from "#ports/limiter/index.ts";

import { type Redis, RedisAway } from "./client.ts";
import { decideScript, EPOCH, type Kind, RELEASE, RENEW } from "./limiter-scripts.ts";

/** What a script said of a request. */
export interface Verdict {
  allowed: boolean;
  wait_ms: number;
  /** Of the claims, the one to show. */
  shown: number;
  left_tokens: number;
  reset_ms: number;
  /** Borrowed beside the cost, for each claim. */
  borrowed: number[];
}

/** Redis was emptied, or is another one, since its epoch was read. */
export class RedisForgot extends Error {
  override readonly name = "RedisForgot";
}

export type Deed = "back" | "fine" | "drain";

export interface LimiterCalls {
  /** @param hold of slots. @param more tokens of each claim to borrow beside its cost. @throws RedisAway, RedisForgot */
  take(claims: LimitClaim[], patience_ms: number, hold: string, more?: number[]): Promise<Verdict>;
  change(deed: Deed, claims: LimitClaim[]): Promise<void>;
  release(hold: LimitHold): Promise<void>;
  renew(hold: LimitHold): Promise<boolean>;
  /** Reads the epochs, or sets them. @returns false where Redis has forgotten what it held */
  meet(): Promise<boolean>;
}

export interface LimiterCallsNeeds {
  redis: Redis;
  /** Of this house alone. Letters and digits. */
  house: string;
  /**
   * Hash slots of a cluster over which keys are spread; 1: all in one slot, and every decision is one script. With more, the
   * claims of a request that lie in several are asked first and taken then, and given back where one refuses after all.
   */
  spread: number;
  /** A word that no other moment of any node has. */
  word: () => string;
  /** Instead of the time of Redis, for tests. */
  time_ms?: () => number;
}

interface Part {
  tag: number;
  claims: LimitClaim[];
  /** Where each stands in the request. */
  places: number[];
}

export function createLimiterCalls({ redis, house, spread, word, time_ms }: LimiterCallsNeeds): LimiterCalls {
  const epochs: string[] = Array.from({ length: spread }, () => "");
  const time = () => (time_ms ? String(time_ms()) : "");

  const tagOf = (key: string) => (spread === 1 ? 0 : Number(Bun.hash.crc32(key)) % spread);
  const prefix = (tag: number) => `folkhus:{${house}.${tag}}:limit:`;
  const keyOf = (tag: number, terms: Terms, key: string) => `${prefix(tag)}${terms.layout}:${key}`;
  const epochKey = (tag: number) => `${prefix(tag)}epoch`;

  function partsOf(claims: LimitClaim[]): Part[] {
    if (spread === 1) return [{ tag: 0, claims, places: claims.map((_, i) => i) }];
    const parts = new Map<number, Part>();
    for (const [i, claim] of claims.entries()) {
      const tag = tagOf(claim.key);
      let part = parts.get(tag);
      if (!part) parts.set(tag, (part = { tag, claims: [], places: [] }));
      part.claims.push(claim);
      part.places.push(i);
    }
    return [...parts.values()];
  }

  interface Asked {
    deed: Deed | "take" | "ask";
    patience_ms: number;
    hold: string;
    wait_ms_min: number;
    more: number[] | undefined;
  }

  async function run({ tag, claims, places }: Part, asked: Asked): Promise<number[]> {
    const keys = [epochKey(tag)];
    const kinds: Kind[] = [];
    const args = [time(), epochs[tag]!, asked.deed, String(asked.patience_ms), asked.hold, String(asked.wait_ms_min)];
    for (let i = 0; i < claims.length; i++) {
      const { key, rule, cost_tokens } = claims[i]!;
      const terms = termsOf(rule);
      keys.push(keyOf(tag, terms, key));
      kinds.push(terms.kind);
      args.push(terms.kind, String(Math.min(cost_tokens, terms.capacity)));
      args.push(...numbersOf(terms), String(asked.more?.[places[i]!] ?? 0));
    }
    const answer = await redis.script(decideScript(kinds), args, keys);
    if (!Array.isArray(answer)) throw new RedisAway("it answered what it was not asked");
    const numbers = answer.map(Number);
    if (numbers[0] === -1) throw new RedisForgot("it has forgotten what it held");
    const wanted = asked.deed === "take" || asked.deed === "ask" ? 5 : 1;
    // A lie would let everybody through, or nobody.
    if (numbers.length < wanted || numbers.some((n) => !Number.isSafeInteger(n) || n < 0) || numbers[0]! > 1)
      throw new RedisAway("it answered what cannot be");
    if (wanted === 5 && !(numbers[2]! >= 1 && numbers[2]! <= claims.length))
      throw new RedisAway("it answered what cannot be");
    return numbers;
  }

  function verdictOf(parts: Part[], answers: number[][], all: number): Verdict {
    const borrowed = Array.from({ length: all }, () => 0);
    let found = 0;
    const allowed = answers.every(([is]) => is === 1);
    for (const [i, answer] of answers.entries()) {
      parts[i]!.places.forEach((place, at) => (borrowed[place] = answer[5 + at] ?? 0));
      const best = answers[found]!;
      if (allowed ? answer[3]! < best[3]! : answer[1]! > best[1]!) found = i;
    }
    const [, wait_ms, shown, left_tokens, reset_ms] = answers[found] as [number, number, number, number, number];
    return { allowed, wait_ms, shown: parts[found]!.places[shown - 1]!, left_tokens, reset_ms, borrowed };
  }

  return {
    async take(claims, patience_ms, hold, more) {
      const parts = partsOf(claims);
      const asked: Asked = { deed: "take", patience_ms, hold, wait_ms_min: 0, more };
      if (parts.length === 1) return verdictOf(parts, [await run(parts[0]!, asked)], claims.length);
      const first = await Promise.all(parts.map((part) => run(part, { ...asked, deed: "ask" })));
      const could = verdictOf(parts, first, claims.length);
      if (!could.allowed) return could;
      const wait_ms_min = Math.max(...first.map(([, wait]) => wait!));
      const taken = await Promise.allSettled(parts.map((part) => run(part, { ...asked, wait_ms_min })));
      const answers = taken.map((one) => (one.status === "fulfilled" ? one.value : null));
      if (answers.every((answer) => answer?.[0] === 1))
        return { ...verdictOf(parts, answers as number[][], claims.length), wait_ms: wait_ms_min };
      const back: Asked = { deed: "back", patience_ms: 0, hold: "", wait_ms_min: 0, more: undefined };
      const returned = parts.map(async (part, i) => {
        if (answers[i]?.[0] !== 1) return;
        const whole = part.claims.map((claim, at) => ({
          ...claim,
          cost_tokens: Math.min(claim.cost_tokens, termsOf(claim.rule).capacity) + (answers[i]![5 + at] ?? 0),
        }));
        await run({ ...part, claims: whole }, back);
      });
      await Promise.all(returned);
      const failed = taken.find((one) => one.status === "rejected");
      if (failed) throw failed.reason;
      const refused = answers
        .map((answer, i) => ({ part: parts[i]!, answer }))
        .filter(({ answer }) => answer?.[0] === 0);
      return verdictOf(
        refused.map(({ part }) => part),
        refused.map(({ answer }) => answer!),
        claims.length,
      );
    },
    async change(deed, claims) {
      const asked: Asked = { deed, patience_ms: 0, hold: "", wait_ms_min: 0, more: undefined };
      await Promise.all(partsOf(claims).map((part) => run(part, asked)));
    },
    async release({ id, claims }) {
      for (const { tag, claims: here } of partsOf(claims))
        await redis.script(
          RELEASE,
          [id],
          here.map(({ key, rule }) => keyOf(tag, termsOf(rule), key)),
        );
    },
    async renew({ id, claims }) {
      let held = claims.length > 0;
      for (const { tag, claims: here } of partsOf(claims)) {
        const terms = here.map(({ rule }) => termsOf(rule));
        const ms = terms.map((one) => (one.kind === "slots" ? String(one.hold_ms) : "0"));
        const keys = here.map(({ key }, i) => keyOf(tag, terms[i]!, key));
        if ((await redis.script(RENEW, [id, time(), ...ms], keys)) !== 1) held = false;
      }
      return held;
    },
    async meet() {
      const found = await Promise.all(
        epochs.map(async (_, tag) => {
          const answer = await redis.script(EPOCH, [word()], [epochKey(tag)]);
          if (typeof answer !== "string" || answer.length === 0)
            throw new RedisAway("it answered what it was not asked");
          return answer;
        }),
      );
      const knew = found.every((epoch, tag) => epochs[tag] === epoch);
      found.forEach((epoch, tag) => (epochs[tag] = epoch));
      return knew;
    },
  };
}

/** a, b and c of the scripts. */
const known = new WeakMap<Terms, [string, string, string]>();

function numbersOf(terms: Terms): [string, string, string] {
  let numbers = known.get(terms);
  if (!numbers) known.set(terms, (numbers = reckon(terms)));
  return numbers;
}

function reckon(terms: Terms): [string, string, string] {
  switch (terms.kind) {
    case "linear":
      return [String(terms.unit), String(terms.per_ms), String(terms.cap)];
    case "fixed":
    case "log":
      return [String(terms.capacity), String(terms.window_ms), "0"];
    case "counter":
      return [String(terms.capacity), String(terms.slice_ms), String(terms.slices)];
    case "slots":
      return [String(terms.capacity), String(terms.hold_ms), "0"];
  }
}
