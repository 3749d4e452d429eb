import { Problem } from "#kernel/errors.ts";
import type { Clock } from "#ports/clock/index.ts";

/**
 * Work that comes in crowds goes together. What comes alone goes at once; what comes while others are on their way waits
 * for one of them to come back, and goes with all that waits by then. So a crowd costs a transaction per batch and not per
 * head, and nobody hears "done" before their own batch is.
 */
export interface Together<T, R> {
  /** @throws what `run` throws for this item; Problem 503 `feed.busy` where too many wait */
  do(item: T): Promise<R>;
  stats(): { waiting: number; batches: number; items: number };
}

export interface TogetherNeeds<T, R> {
  /** All or none; in the order of `items`. When it throws, the batch is tried again in halves, down to who is to blame. */
  run(items: readonly T[]): Promise<readonly R[]>;
  /** Two items of one key are never under way at once, and go in the order in which they came. */
  keyOf(item: T): string;
  /** Where true, the next try fares no better however small the batch: everybody in it gets the error. */
  isForAll(error: unknown): boolean;
  items_max: number;
  batches_max: number;
  /**
   * While a batch is younger than this, none goes beside it: what comes meanwhile makes the next one larger and leaves the
   * database to others. One that takes longer waits for a lock, and does not hold up the rest. Left out, none is waited for.
   */
  beside_after?: { ms: number; clock: Pick<Clock, "monotonic"> };
  waiting_max: number;
}

interface Waiting<T, R> {
  item: T;
  key: string;
  promise: PromiseWithResolvers<R>;
}

export function createTogether<T, R>(needs: TogetherNeeds<T, R>): Together<T, R> {
  let waiting: Waiting<T, R>[] = [];
  const under_way = new Set<string>();
  let running = 0;
  let began_ms = 0;
  let batches = 0;
  let items = 0;

  /** The first of each key that is not under way, in their order; the others stay. */
  function nextBatch(): Waiting<T, R>[] {
    const batch: Waiting<T, R>[] = [];
    const later: Waiting<T, R>[] = [];
    let at = 0;
    for (; at < waiting.length && batch.length < needs.items_max; at++) {
      const one = waiting[at]!;
      // Whoever is in this batch is under way too, so a second of the same key stays behind the first.
      if (under_way.has(one.key)) later.push(one);
      else {
        under_way.add(one.key);
        batch.push(one);
      }
    }
    waiting = later.concat(waiting.slice(at));
    return batch;
  }

  async function settle(batch: readonly Waiting<T, R>[]): Promise<void> {
    try {
      const done = await needs.run(batch.map((one) => one.item));
      for (const [i, one] of batch.entries()) one.promise.resolve(done[i]!);
    } catch (error) {
      if (batch.length === 1 || needs.isForAll(error)) {
        for (const one of batch) one.promise.reject(error);
        return;
      }
      const half = batch.length >> 1;
      await settle(batch.slice(0, half));
      await settle(batch.slice(half));
    }
  }

  /** The newest batch under way has been so for less than a batch takes. */
  const isYoung = () =>
    needs.beside_after !== undefined &&
    running > 0 &&
    needs.beside_after.clock.monotonic() - began_ms < needs.beside_after.ms;

  async function go(batch: Waiting<T, R>[]): Promise<void> {
    running += 1;
    began_ms = needs.beside_after?.clock.monotonic() ?? 0;
    batches += 1;
    items += batch.length;
    await settle(batch);
    for (const one of batch) under_way.delete(one.key);
    running -= 1;
    start();
  }

  function start() {
    while (running < needs.batches_max && waiting.length > 0 && !isYoung()) {
      const batch = nextBatch();
      if (batch.length === 0) return;
      // `settle` catches all that `run` throws; who waits holds the outcome.
      void go(batch);
    }
  }

  return {
    do(item) {
      if (waiting.length >= needs.waiting_max)
        throw new Problem(503, "feed.busy", "Too many do this at once. Try again in a moment.", { retry_after_s: 1 });
      const promise = Promise.withResolvers<R>();
      waiting.push({ item, key: needs.keyOf(item), promise });
      start();
      return promise.promise;
    },
    stats: () => ({ waiting: waiting.length, batches, items }),
  };
}
