import { type LimitClaim, type LimitHold, type Terms, termsOf } from "#ports/limiter/index.ts";

import type { Deadline } from "./deadline.ts";
import { believed, type Numbers } from "./limiter-answers.ts";
import { createBatches, type Question } from "./limiter-batches.ts";
import { decideScript, EPOCH, RELEASE, RENEW } from "./limiter-scripts.ts";
import { RedisAway, type RedisCommands } from "./script.ts";

export { RedisForgot } from "./limiter-answers.ts";

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

export type Deed = "back" | "fine";

export interface LimiterCalls {
  /** @param hold of slots. @param more tokens of each claim to borrow beside its cost. @throws RedisAway, RedisForgot */
  take(claims: LimitClaim[], patience_ms: number, hold: string, more?: number[]): Promise<Verdict>;
  change(deed: Deed, claims: LimitClaim[]): Promise<void>;
  release(hold: LimitHold): Promise<void>;
  renew(hold: LimitHold): Promise<boolean>;
  /** Scripts that were sent. */
  scripts(): number;
  /** Reads the epochs, or sets them. @returns false where Redis has forgotten what it held */
  meet(): Promise<boolean>;
}

export interface LimiterCallsNeeds {
  redis: RedisCommands;
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
  /** Of a request, whatever it asks. */
  deadline: Deadline;
}

interface Part {
  tag: number;
  claims: LimitClaim[];
  /** Where each stands in the request. */
  places: number[];
}

export function createLimiterCalls(needs: LimiterCallsNeeds): LimiterCalls {
  const { redis, house, spread, word, time_ms } = needs;
  const epochs: string[] = Array.from({ length: spread }, () => "");
  const time = () => (time_ms ? String(time_ms()) : "");

  const tagOf = (key: string) => (spread === 1 ? 0 : hashOf(key) % spread);
  const prefix = (tag: number) => `folkhus:{${house}.${tag}}:limit:`;
  const keyOf = (tag: number, terms: Terms, key: string) => `${prefix(tag)}${terms.layout}:${key}`;
  const epochKey = (tag: number) => `${prefix(tag)}epoch`;

  let scripts = 0;
  const script: RedisCommands["script"] = (...call) => {
    scripts++;
    return redis.script(...call);
  };
  const batches = createBatches({
    script,
    time,
    epochOf: (tag) => ({ key: epochKey(tag), epoch: epochs[tag]! }),
    prefixOf: (tag, terms) => keyOf(tag, terms, ""),
    deadline: needs.deadline,
  });

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

  interface Asked extends Omit<Question, "claims" | "takes"> {
    deed: Deed | "take" | "ask";
    hold: string;
  }

  function run({ tag, claims, places }: Part, asked: Asked): Promise<Numbers> {
    const { deed, patience_ms, wait_ms_min } = asked;
    if ((deed === "take" || deed === "ask") && claims.every(isLinear)) {
      const more = asked.more && places.map((place) => asked.more![place] ?? 0);
      return batches.ask(tag, { claims, patience_ms, wait_ms_min, takes: deed === "take", more });
    }
    return runAlone(tag, claims, places, asked);
  }

  async function runAlone(tag: number, claims: LimitClaim[], places: number[], asked: Asked): Promise<Numbers> {
    const { deed } = asked;
    const terms = claims.map(({ rule }) => termsOf(rule));
    const each = claims.map(({ cost_tokens }, i) => {
      const { kind, capacity } = terms[i]!;
      const more = asked.more?.[places[i]!] ?? 0;
      return `,"${kind}",${Math.min(cost_tokens, capacity)},${numbersOf(terms[i]!)},${more}`;
    });
    const numbers = `[${asked.patience_ms},${asked.wait_ms_min}${each.join("")}]`;
    const keys = [epochKey(tag), ...claims.map(({ key }, i) => keyOf(tag, terms[i]!, key))];
    const decide = decideScript(terms.map(({ kind }) => kind));
    const answer = await script(decide, [time(), epochs[tag]!, deed, asked.hold, numbers], keys);
    return believed(answer, deed === "take" || deed === "ask", claims.length);
  }

  /** Over parts as within one: the longest wait, or when all allow it the smallest share left; of several the first claimed. */
  function verdictOf(parts: Part[], answers: number[][], all: number): Verdict {
    const borrowed = Array.from({ length: all }, () => 0);
    const allowed = answers.every(([is]) => is === 1);
    let found = 0;
    let worst = -Infinity;
    let first = Infinity;
    for (const [i, answer] of answers.entries()) {
      const { places, claims } = parts[i]!;
      places.forEach((place, at) => (borrowed[place] = answer[5 + at] ?? 0));
      const at = answer[2]! - 1;
      const bad = allowed ? -answer[3]! / termsOf(claims[at]!.rule).capacity : answer[1]!;
      if (bad > worst || (bad === worst && places[at]! < first)) [worst, first, found] = [bad, places[at]!, i];
    }
    const [, wait_ms, , left_tokens, reset_ms] = answers[found] as [number, number, number, number, number];
    return { allowed, wait_ms, shown: first, left_tokens, reset_ms, borrowed };
  }

  async function takeParts(claims: LimitClaim[], patience_ms: number, hold: string, more?: number[]): Promise<Verdict> {
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
    const refused = answers.map((answer, i) => ({ part: parts[i]!, answer })).filter(({ answer }) => answer?.[0] === 0);
    return verdictOf(
      refused.map(({ part }) => part),
      refused.map(({ answer }) => answer!),
      claims.length,
    );
  }

  return {
    async take(claims, patience_ms, hold, more) {
      if (spread > 1 || !claims.every(isLinear)) return needs.deadline.run(takeParts(claims, patience_ms, hold, more));
      const question = { claims, patience_ms, wait_ms_min: 0, takes: true, more };
      const [allowed, wait_ms, shown, left_tokens, reset_ms, ...borrowed] = (await batches.ask(0, question)) as Head;
      return { allowed: allowed === 1, wait_ms, shown: shown - 1, left_tokens, reset_ms, borrowed };
    },
    async change(deed, claims) {
      const asked: Asked = { deed, patience_ms: 0, hold: "", wait_ms_min: 0, more: undefined };
      await Promise.all(partsOf(claims).map((part) => run(part, asked)));
    },
    async release({ id, claims }) {
      for (const { tag, claims: here } of partsOf(claims))
        await script(
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
        if ((await script(RENEW, [id, time(), ...ms], keys)) !== 1) held = false;
      }
      return held;
    },
    scripts: () => scripts,
    async meet() {
      const found = await Promise.all(
        epochs.map(async (_, tag) => {
          const answer = await script(EPOCH, [word()], [epochKey(tag)]);
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

type Head = [allowed: number, wait_ms: number, shown: number, left_tokens: number, reset_ms: number, ...Numbers];

const isLinear = ({ rule }: LimitClaim) => rule.kind === undefined || rule.kind === "bucket" || rule.kind === "gcra";

/** Spreads keys evenly, and alike on every runtime: FNV-1a. */
function hashOf(key: string): number {
  let hash = 0x81_1c_9d_c5;
  for (let i = 0; i < key.length; i++) hash = Math.imul(hash ^ key.charCodeAt(i), 0x01_00_01_93);
  return hash >>> 0;
}

/** a, b and c of the scripts. */
const known = new WeakMap<Terms, string>();

function numbersOf(terms: Terms): string {
  let numbers = known.get(terms);
  if (!numbers) known.set(terms, (numbers = reckon(terms).join(",")));
  return numbers;
}

function reckon(terms: Terms): [a: number, b: number, c: number] {
  switch (terms.kind) {
    case "linear":
      return [terms.unit, terms.per_ms, terms.cap];
    case "fixed":
    case "log":
      return [terms.capacity, terms.window_ms, 0];
    case "counter":
      return [terms.capacity, terms.slice_ms, terms.slices];
    case "slots":
      return [terms.capacity, terms.hold_ms, 0];
  }
}
