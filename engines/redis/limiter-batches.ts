import { type LimitClaim, type LimitRule, type Terms, termsOf } from "#ports/limiter/index.ts";

import type { Deadline, Waiting } from "./deadline.ts";
import { believedMany, type Numbers } from "./limiter-answers.ts";
import { DECIDE_MANY } from "./limiter-many.ts";
import { DECIDE_ONE } from "./limiter-one.ts";
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
  /** How many went together last. */
  last: number;
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
 * each costs. Who was alone the last time goes at once, and who comes after it waits for its answer.
 */
export function createBatches(needs: {
  script: RedisCommands["script"];
  time: () => string;
  epochOf: (tag: number) => { key: string; epoch: string };
  prefixOf: (tag: number, terms: Terms) => string;
  deadline: Deadline;
}): Batches {
  const lines = new Map<number, Line>();

  /** Sends what waits, and what has come meanwhile when that is answered. */
  function go(tag: number, line: Line): void {
    const batch = line.waiting.splice(0, BATCH_MAX).filter(({ is_over }) => !is_over);
    line.last = batch.length;
    if (batch.length === 0) {
      line.is_asking = false;
      return;
    }
    const [one] = batch as [Asking];
    let sending: Promise<unknown>;
    try {
      sending = batch.length === 1 ? sendOne(tag, one.question) : sendMany(tag, batch);
    } catch (error) {
      // A client may also throw at once.
      failed(tag, line, batch, error);
      return;
    }
    void sending.then(
      (answer) => answered(tag, line, batch, answer),
      (error: unknown) => failed(tag, line, batch, error),
    );
  }

  function answered(tag: number, line: Line, batch: Asking[], answer: unknown): void {
    let answers: Numbers[];
    try {
      answers = believedMany(
        answer,
        batch.map(({ question }) => question),
      );
    } catch (error) {
      failed(tag, line, batch, error);
      return;
    }
    for (let i = 0; i < batch.length; i++) {
      batch[i]!.answer(answers[i]!);
      needs.deadline.letGo(batch[i]!);
    }
    goOn(tag, line);
  }

  function failed(tag: number, line: Line, batch: Asking[], error: unknown): void {
    const reason = error instanceof Error ? error : new Error(String(error));
    for (const one of batch) {
      one.fail(reason);
      needs.deadline.letGo(one);
    }
    goOn(tag, line);
  }

  function goOn(tag: number, line: Line): void {
    if (line.waiting.length > 0) atEndOfTurn(() => go(tag, line));
    else line.is_asking = false;
  }

  function sendOne(tag: number, { claims, more, patience_ms, wait_ms_min, takes }: Question): Promise<unknown> {
    const { key, epoch } = needs.epochOf(tag);
    const keys = [key];
    let text = `[${patience_ms},${wait_ms_min},${more ? 2 : takes ? 1 : 0}`;
    for (let i = 0; i < claims.length; i++) {
      const { key: name, rule, cost_tokens } = claims[i]!;
      const terms = termsOf(rule);
      keys.push(needs.prefixOf(tag, terms) + name);
      text += `,${numbersOf(terms)},${Math.min(cost_tokens, terms.capacity)},${more ? more[i]! : 0}`;
    }
    return needs.script(DECIDE_ONE, [needs.time(), epoch, `${text}]`], keys);
  }

  function sendMany(tag: number, batch: Asking[]): Promise<unknown> {
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
    return needs.script(DECIDE_MANY, [needs.time(), epoch, `[${rules_text.slice(1)}]`, `[${text.slice(1)}]`], keys);
  }

  return {
    ask: (tag, question) =>
      new Promise((resolve, reject) => {
        let line = lines.get(tag);
        if (!line) lines.set(tag, (line = { waiting: [], is_asking: false, last: 1 }));
        const one = new Asking(question, resolve, reject);
        needs.deadline.watch(one);
        line.waiting.push(one);
        if (line.is_asking) return;
        line.is_asking = true;
        // Who was alone the last time is likely to be again.
        const here = line;
        if (here.last <= 1) go(tag, here);
        else atEndOfTurn(() => go(tag, here));
      }),
  };
}

/** What was read in this turn, and what follows from it, comes first. */
const atEndOfTurn = (work: () => void): void => void setImmediate(work);

const texts = new WeakMap<Terms, string>();

function numbersOf(terms: Terms): string {
  let text = texts.get(terms);
  if (text === undefined) {
    if (terms.kind !== "linear") throw new RangeError("Only buckets and gcra go together.");
    texts.set(terms, (text = `${terms.unit},${terms.per_ms},${terms.cap}`));
  }
  return text;
}
