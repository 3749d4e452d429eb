import { type Deadline, leftMs, NO_DEADLINE, soonest } from "#kernel/deadline.ts";
import { DeadlinePassed, type Nature, natureOf } from "#kernel/errors.ts";
import type { RetryBudget } from "#kernel/retry-budget.ts";
import { retry } from "#kernel/retry.ts";
import type { Clock } from "#ports/clock/index.ts";

import type { Answers } from "./answers.ts";
import { deadlineHere } from "./asker.ts";
import type { CallBounds } from "./bounds.ts";
import { type Breaker, createBreaker, type Pass } from "./breaker.ts";
import { type Bulkhead, createBulkhead } from "./bulkhead.ts";
import type { Counts } from "./counts.ts";
import type { Dependency, Work } from "./index.ts";
import { beginTry, TooSlow } from "./one-try.ts";
import { DependencyAway, DependencyBusy, isUnasked, TooLateToAsk } from "./refusals.ts";

export interface DependencyParts {
  clock: Clock;
  name: string;
  bounds: CallBounds;
  nature?: ((error: unknown) => Nature) | undefined;
  counts: Counts;
  answers: Answers;
  budget: RetryBudget;
  /** Of second tries beside a slow one. */
  hedges: RetryBudget;
  /** Over several dependencies, entered after its own. */
  over?: Bulkhead;
  onAway?: ((reason: string) => void) | undefined;
  onBack?: (() => void) | undefined;
}

export interface OwnedDependency extends Dependency {
  readonly breaker: Breaker;
  readonly bulkhead: Bulkhead;
}

/** A place that was entered, and leave to send. */
interface Entry {
  pass: Pass;
  began_ms: number;
}

export function createDependency(parts: DependencyParts): OwnedDependency {
  const { clock, name, bounds, counts, answers, budget, hedges, over } = parts;
  const away = () => new DependencyAway(name, breaker.away_ms());
  const breaker = createBreaker({
    clock,
    bounds,
    onAway(reason) {
      bulkhead.refuseAll(away);
      parts.onAway?.(reason);
    },
    ...(parts.onBack ? { onBack: parts.onBack } : {}),
  });
  const bulkhead = createBulkhead({
    clock,
    at_once_max: bounds.at_once_max,
    waiting_max: bounds.waiting_max,
    busy: (wait_ms) => new DependencyBusy(name, wait_ms),
  });
  const natureAt = parts.nature ?? natureOf;
  /** First tries count when they are sent, so that calls which are refused here earn nothing. */
  const sentOnly: RetryBudget = {
    first() {},
    again(now_ms) {
      const may = budget.again(now_ms);
      if (!may) counts.refused_budget += 1;
      return may;
    },
    counts: budget.counts,
  };
  /** What was not sent is not sent again by the same call: whoever called decides when. */
  const natureHere = (error: unknown): Nature => (isUnasked(error) ? "permanent" : natureAt(error));

  function refused(error: unknown): never {
    if (error instanceof DependencyAway) counts.refused_away += 1;
    else if (error instanceof DependencyBusy) counts.refused_busy += 1;
    else if (error instanceof DeadlinePassed) counts.refused_late += 1;
    throw error;
  }

  async function enter(deadline: Deadline): Promise<Entry> {
    try {
      deadline.signal?.throwIfAborted();
      if (leftMs(deadline, clock.monotonic()) === 0) throw new TooLateToAsk(`${name} was not asked: it was too late`);
      if (breaker.away_ms() > 0) throw away();
      await bulkhead.enter(deadline);
      try {
        await over?.enter(deadline);
        try {
          deadline.signal?.throwIfAborted();
          const pass = breaker.begin();
          if (pass === null) throw away();
          return { pass, began_ms: clock.monotonic() };
        } catch (error) {
          over?.leave(null);
          throw error;
        }
      } catch (error) {
        bulkhead.leave(null);
        throw error;
      }
    } catch (error) {
      return refused(error);
    }
  }

  function leave({ began_ms }: Entry): void {
    const held_ms = clock.monotonic() - began_ms;
    over?.leave(held_ms);
    bulkhead.leave(held_ms);
  }

  /** What came of it, for the breaker and the counters. */
  function note(
    { pass, began_ms }: Entry,
    ms_max: number,
    outcome: { ok: true } | { ok: false; error: unknown },
  ): void {
    const took_ms = clock.monotonic() - began_ms;
    if (outcome.ok) {
      counts.answered += 1;
      answers.add(took_ms);
      return breaker.end(pass, "answered");
    }
    const { error } = outcome;
    const reason = error instanceof Error ? error.message : String(error);
    if (error instanceof TooSlow) {
      counts.late += 1;
      answers.add(took_ms);
      return breaker.end(pass, "failed", reason);
    }
    if (error instanceof DeadlinePassed) {
      counts.late += 1;
      // A caller in a hurry says nothing against who was given less than half of the usual time.
      return breaker.end(pass, took_ms * 2 >= ms_max ? "failed" : "unknown", reason);
    }
    const nature = natureAt(error);
    if (nature === "transient") {
      counts.failed += 1;
      return breaker.end(pass, "failed", reason);
    }
    if (nature === "throttled") counts.throttled += 1;
    else if (nature === "permanent") counts.answered += 1;
    breaker.end(pass, nature === "bug" ? "unknown" : "answered");
  }

  const SLOWER = new DeadlinePassed("another try was faster");

  /** One that entered, from its first byte to its place being free. */
  function begin<T>(work: Work<T>, entry: Entry, deadline: Deadline, ms_max: number, attempt: number) {
    const one = beginTry((signal) => work(signal, attempt), { clock, deadline, ms_max });
    let stopped = false;
    const answer = one.answer.then(
      (value) => {
        note(entry, ms_max, { ok: true });
        return value;
      },
      (error: unknown) => {
        if (stopped || deadline.signal?.aborted) breaker.end(entry.pass, "unknown");
        else note(entry, ms_max, { ok: false, error });
        throw error;
      },
    );
    // Nobody may be waiting for the slower of two.
    answer.catch(() => {});
    one.ended.then(
      () => leave(entry),
      () => leave(entry),
    );
    return {
      answer,
      /** It is the slower one; how slow at least is known all the same. */
      drop() {
        stopped = true;
        answers.add(clock.monotonic() - entry.began_ms);
        one.stop(SLOWER);
      },
    };
  }

  /** A second one beside it, when it is slower than 95 of 100, there is a place, and the budgets allow. */
  async function hedged<T>(work: Work<T>, first: Entry, deadline: Deadline, ms_max: number): Promise<T> {
    const one = begin(work, first, deadline, ms_max, 0);
    const slow_ms = answers.percentile(95);
    hedges.first(clock.monotonic());
    if (slow_ms === null || slow_ms >= Math.min(ms_max, leftMs(deadline, clock.monotonic()))) return one.answer;
    const done = new AbortController();
    const ended = () => done.abort();
    one.answer.then(ended, ended);
    try {
      await clock.sleep(slow_ms, done.signal);
    } catch {
      return await one.answer;
    }
    const second = secondEntry();
    if (!second) return one.answer;
    counts.hedges += 1;
    const other = begin(work, second, deadline, ms_max, 0);
    try {
      const [winner, loser] = await Promise.any([
        one.answer.then(() => [one, other]),
        other.answer.then(() => [other, one]),
      ]);
      if (winner === other) counts.hedges_won += 1;
      loser!.drop();
      return await winner!.answer;
    } catch {
      return await one.answer;
    }
  }

  function secondEntry(): Entry | null {
    const now_ms = clock.monotonic();
    if (breaker.state !== "closed" || !bulkhead.tryEnter()) return null;
    if (over && !over.tryEnter()) {
      bulkhead.leave(null);
      return null;
    }
    const pass = hedges.again(now_ms) && budget.again(now_ms) ? breaker.begin() : null;
    if (pass === null) {
      over?.leave(null);
      bulkhead.leave(null);
      return null;
    }
    return { pass, began_ms: now_ms };
  }

  return {
    breaker,
    bulkhead,
    get state() {
      return breaker.state;
    },
    async call(work, { deadline: given = NO_DEADLINE, idempotent = false, hedge = false, try_ms_max } = {}) {
      counts.calls += 1;
      const deadline = soonest(given, deadlineHere());
      const ms_max = try_ms_max ?? bounds.try_ms_max;
      return retry(
        async (attempt) => {
          const entry = await enter(deadline);
          if (attempt > 0) counts.further_tries += 1;
          else {
            counts.first_tries += 1;
            budget.first(entry.began_ms);
          }
          if (hedge && idempotent && attempt === 0) return hedged(work, entry, deadline, ms_max);
          return begin(work, entry, deadline, ms_max, attempt).answer;
        },
        { ...bounds, tries_max: idempotent ? bounds.tries_max : 1 },
        {
          random: () => clock.random(),
          sleep: (ms, signal) => clock.sleep(ms, signal),
          monotonic: () => clock.monotonic(),
          nature: natureHere,
          deadline,
          budget: sentOnly,
        },
      );
    },
  };
}
