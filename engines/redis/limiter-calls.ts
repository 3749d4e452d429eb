import { type LimitClaim, type LimitHold, type Terms, termsOf } from "#ports/limiter/index.ts";

import type { Deadline } from "./deadline.ts";
import { believed, HEAD, type Numbers, RedisForgot } from "./limiter-answers.ts";
import { createBatches, type Question } from "./limiter-batches.ts";
import { HOLD, MEET, RELEASE, RENEW } from "./limiter-deeds.ts";
import { decideScript } from "./limiter-scripts.ts";
import { RedisAway, type RedisCommands } from "./script.ts";

export { RedisForgot };

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
  /** @param once a word for this change: made again with the same word, it changes nothing more */
  change(deed: Deed, claims: LimitClaim[], once?: string): Promise<void>;
  release(hold: LimitHold): Promise<void>;
  renew(hold: LimitHold): Promise<boolean>;
  /** Slots that were given without Redis are held there too, for so many ms more. @throws RedisAway, RedisForgot */
  hold(hold: LimitHold, left_ms: number): Promise<void>;
  /** Scripts that were sent. */
  scripts(): number;
  /** Reads the epochs, or sets them. @returns false where Redis has forgotten what it held, all or the last of it */
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
  /** What was kept in another epoch is not read any more, and goes when its time is over. */
  const keyOf = (tag: number, terms: Terms, key: string) => `${prefix(tag)}${epochs[tag]!}:${terms.layout}:${key}`;
  const epochKey = (tag: number) => `${prefix(tag)}epoch`;
  const me = word();
  /** Meetings that were begun, and how many of them were answered. */
  let begun = 0;
  let met = 0;

  /** Of the first slot, which is the only one in most houses, in this epoch. */
  let prefixes = new WeakMap<Terms, string>();
  let scripts = 0;
  const script: RedisCommands["script"] = (...call) => {
    scripts++;
    return redis.script(...call);
  };
  const batches = createBatches({
    script,
    time,
    epochOf: (tag) => ({ key: epochKey(tag), epoch: epochs[tag]! }),
    prefixOf: (tag, terms) => {
      if (tag > 0) return keyOf(tag, terms, "");
      let text = prefixes.get(terms);
      if (text === undefined) prefixes.set(terms, (text = keyOf(0, terms, "")));
      return text;
    },
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
    if (deed === "fine" && asked.hold !== "") keys.push(`${prefix(tag)}told:${asked.hold}`);
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
      places.forEach((place, at) => (borrowed[place] = answer[HEAD + at] ?? 0));
      const at = answer[2]! - 1;
      const bad = allowed ? -answer[3]! / termsOf(claims[at]!.rule).capacity : answer[1]!;
      if (bad > worst || (bad === worst && places[at]! < first)) [worst, first, found] = [bad, places[at]!, i];
    }
    const [, wait_ms, , left_tokens, reset_ms] = answers[found] as [number, number, number, number, number];
    return { allowed, wait_ms, shown: first, left_tokens, reset_ms, borrowed };
  }

  /** What a part took goes back: its tokens, and its own slots. */
  async function undo(part: Part, answer: Numbers, hold: string): Promise<void> {
    const of = part.claims.map((claim, at) => {
      const cost_tokens = Math.min(claim.cost_tokens, termsOf(claim.rule).capacity) + (answer[HEAD + at] ?? 0);
      return { claim: { ...claim, cost_tokens }, place: part.places[at]! };
    });
    const tokens = of.filter(({ claim }) => claim.rule.kind !== "slots");
    const back: Asked = { deed: "back", patience_ms: 0, hold: "", wait_ms_min: 0, more: undefined };
    if (tokens.length > 0)
      await run(
        { tag: part.tag, claims: tokens.map(({ claim }) => claim), places: tokens.map(({ place }) => place) },
        back,
      );
    const slots = part.claims.filter(takesSlots);
    if (slots.length > 0) await releaseAt(part.tag, hold, slots);
  }

  const releaseAt = (tag: number, hold: string, claims: LimitClaim[]) =>
    script(
      RELEASE,
      [hold, ...claims.map((claim) => String(slotsOf(claim).count))],
      claims.map(({ key, rule }) => keyOf(tag, termsOf(rule), key)),
    );

  /** For each claim how many slots, and for how long. */
  const holding = (claims: LimitClaim[], left_ms?: number) =>
    claims.flatMap((claim) => {
      const { count, hold_ms } = slotsOf(claim);
      return [String(count), String(Math.ceil(left_ms ?? hold_ms))];
    });

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
    const booked_ms = answers.reduce((longest, answer) => Math.max(longest, answer?.[1] ?? 0), wait_ms_min);
    if (answers.every((answer) => answer?.[0] === 1))
      return { ...verdictOf(parts, answers as number[][], claims.length), wait_ms: booked_ms };
    await Promise.all(
      parts.map(async (part, i) => {
        const answer = answers[i];
        if (answer?.[0] === 1) await undo(part, answer, hold);
      }),
    );
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
    async change(deed, claims, once = "") {
      const asked: Asked = { deed, patience_ms: 0, hold: once, wait_ms_min: 0, more: undefined };
      await Promise.all(partsOf(claims).map((part) => run(part, asked)));
    },
    async release({ id, claims }) {
      for (const { tag, claims: here } of partsOf(claims)) await releaseAt(tag, id, here);
    },
    async renew({ id, claims }) {
      let held = claims.length > 0;
      for (const { tag, claims: here } of partsOf(claims)) {
        const keys = here.map(({ key, rule }) => keyOf(tag, termsOf(rule), key));
        if ((await script(RENEW, [id, time(), ...holding(here)], keys)) !== 1) held = false;
      }
      return held;
    },
    async hold({ id, claims }, left_ms) {
      for (const { tag, claims: here } of partsOf(claims)) {
        const keys = here.map(({ key, rule }) => keyOf(tag, termsOf(rule), key));
        const args = [id, time(), ...holding(here, left_ms), epochs[tag]!];
        const answer = await script(HOLD, args, [epochKey(tag), ...keys]);
        if (answer !== 1) throw new RedisForgot("it has forgotten what it held");
      }
    },
    scripts: () => scripts,
    async meet() {
      const meeting = ++begun;
      const found = await Promise.all(
        epochs.map(async (epoch, tag) => {
          const args = [word(), epoch, String(meeting), String(met)];
          const answer = await script(MEET, args, [epochKey(tag), `${prefix(tag)}met:${me}`]);
          if (typeof answer !== "string" || answer.length === 0)
            throw new RedisAway("it answered what it was not asked");
          return answer;
        }),
      );
      met = meeting;
      const knew = found.every((epoch, tag) => epochs[tag] === epoch);
      found.forEach((epoch, tag) => (epochs[tag] = epoch));
      if (!knew) prefixes = new WeakMap();
      return knew;
    },
  };
}

type Head = [allowed: number, wait_ms: number, shown: number, left_tokens: number, reset_ms: number, ...Numbers];

/** Of a slot's claim. */
function slotsOf({ rule, cost_tokens }: LimitClaim): { count: number; hold_ms: number } {
  const terms = termsOf(rule);
  if (terms.kind !== "slots") throw new RangeError(`${rule.name} holds no slots.`);
  return { count: Math.min(cost_tokens, terms.capacity), hold_ms: terms.hold_ms };
}

export const takesSlots = ({ rule, cost_tokens }: LimitClaim): boolean => rule.kind === "slots" && cost_tokens > 0;

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
