import { type LimitClaim, type LimitRule, type Terms, termsOf } from "#ports/limiter/index.ts";

import type { Deadline, Waiting } from "./deadline.ts";
import { believedMany, type Numbers } from "./limiter-answers.ts";
import { DECIDE_MANY } from "./limiter-many.ts";
import { RedisAway, type RedisCommands } from "./script.ts";

/** As many requests are decided by one script: below half a ms of Redis's time. */
export const BATCH_MAX = 32;

export interface Question {
  claims: LimitClaim[];
  patience_ms: number;
  wait_ms_min: number;
  takes: boolean;
  /** Tokens of each claim to borrow beside its cost. */
  more: number[] | undefined;
}

/** A question on its way, and the deadline's entry: a promise for each step of it cost more than all that Redis did. */
class Asking implements Waiting {
  at = 0;
  is_over = false;
  readonly question: Question;
  private readonly resolve: (answer: Numbers) => void;
  private readonly reject: (error: Error) => void;

  constructor(question: Question, resolve: (answer: Numbers) => void, reject: (error: Error) => void) {
    this.question = question;
    this.resolve = resolve;
    this.reject = reject;
  }

  answer(numbers: Numbers): void {
    if (!this.is_over) this.resolve(numbers);
    this.is_over = true;
  }

  fail(error: Error): void {
    if (!this.is_over) this.reject(error);
    this.is_over = true;
  }

  late(): void {
    this.fail(new RedisAway("no answer within the time that a request has"));
  }
}

interface Line {
  waiting: Asking[];
  is_asking: boolean;
}

/** What the requests of a batch say of one rule, said once. */
interface RuleOfBatch {
  terms: Terms;
  /** Where it begins in the list of rules. */
  at: number;
  prefix: string;
}

export interface Batches {
  /** Of buckets and gcra alone. @throws RedisAway, RedisForgot */
  ask(tag: number, question: Question): Promise<Numbers>;
}

/**
 * Who comes in one turn of the loop, or while a script is under way, goes together in one script: the more there are the less
 * each costs. Alone, a request waits for the end of its turn.
 */
export function createBatches(needs: {
  script: RedisCommands["script"];
  time: () => string;
  epochOf: (tag: number) => { key: string; epoch: string };
  prefixOf: (tag: number, terms: Terms) => string;
  deadline: Deadline;
}): Batches {
  const lines = new Map<number, Line>();

  async function go(tag: number, line: Line): Promise<void> {
    line.is_asking = true;
    while (line.waiting.length > 0) {
      await endOfTurn();
      const batch = line.waiting.splice(0, BATCH_MAX).filter(({ is_over }) => !is_over);
      if (batch.length > 0) await send(tag, batch);
    }
    line.is_asking = false;
  }

  async function send(tag: number, batch: Asking[]): Promise<void> {
    const { key: epoch_key, epoch } = needs.epochOf(tag);
    const keys = [epoch_key];
    const places = new Map<string, number>();
    const rules = new Map<LimitRule, RuleOfBatch>();
    let rules_text = "";
    let text = "";

    for (const { question } of batch) {
      const { claims, more } = question;
      text += `,${claims.length},${question.patience_ms},${question.wait_ms_min},${more ? 2 : question.takes ? 1 : 0}`;
      for (let i = 0; i < claims.length; i++) {
        const { key: name, rule, cost_tokens } = claims[i]!;
        let of = rules.get(rule);
        if (!of) {
          const terms = termsOf(rule);
          of = { terms, at: rules.size * 3 + 1, prefix: needs.prefixOf(tag, terms) };
          rules.set(rule, of);
          rules_text += `,${numbersOf(terms)}`;
        }
        const key = of.prefix + name;
        let place = places.get(key);
        if (place === undefined) places.set(key, (place = keys.push(key)));
        text += `,${place},${of.at},${Math.min(cost_tokens, of.terms.capacity)}`;
        if (more) text += `,${more[i]!}`;
      }
    }
    try {
      const args = [needs.time(), epoch, `[${rules_text.slice(1)}]`, `[${text.slice(1)}]`];
      const answers = believedMany(
        await needs.script(DECIDE_MANY, args, keys),
        batch.map(({ question }) => question),
      );
      for (let i = 0; i < batch.length; i++) batch[i]!.answer(answers[i]!);
    } catch (error) {
      const reason = error instanceof Error ? error : new Error(String(error));
      for (const one of batch) one.fail(reason);
    }
    for (const one of batch) needs.deadline.letGo(one);
  }

  return {
    ask: (tag, question) =>
      new Promise((resolve, reject) => {
        let line = lines.get(tag);
        if (!line) lines.set(tag, (line = { waiting: [], is_asking: false }));
        const one = new Asking(question, resolve, reject);
        needs.deadline.watch(one);
        line.waiting.push(one);
        // It ends when nobody waits, and hands every failure to who asked.
        if (!line.is_asking) void go(tag, line);
      }),
  };
}

/** What was read in this turn, and what follows from it, comes first. */
const endOfTurn = () => new Promise<void>((resolve) => void setImmediate(resolve));

const numbersOf = (terms: Terms) => {
  if (terms.kind !== "linear") throw new RangeError("Only buckets and gcra go together.");
  return `${terms.unit},${terms.per_ms},${terms.cap}`;
};
