import { Problem } from "#kernel/errors.ts";
import { onOwnTime } from "#ports/calls/index.ts";
import type { Clock } from "#ports/clock/index.ts";

import { MAKE_WAITERS_MAX } from "../bounds.ts";

/**
 * Work under way in this process, by what it makes. All who ask for the same wait for one making; who leaves does not end
 * it while others wait, and the last one's leaving does.
 */
export interface Flights<T> {
  /**
   * @param signal the caller's; when it fires, only this caller leaves
   * @param begin makes it; its signal fires when nobody waits any more
   * @throws Problem 503 `media.busy` when too many wait already
   */
  join(key: string, signal: AbortSignal, begin: (nobody: AbortSignal) => Promise<T>): Promise<T>;
  /** Says what a run is going to make anyway, so that who asks for it waits for the run and begins nothing. */
  expect(keys: readonly string[], run: ExpectedRun): Expected<T>;
  /** Ends all that is under way, but for what runs make by themselves. */
  stop(because: Error): void;
}

export interface ExpectedRun {
  /** Whether it comes soon enough to wait for. */
  isNear(key: string): boolean;
  /** How long a caller waits for it before making it by itself. */
  patience_ms: number;
}

export interface Expected<T> extends Disposable {
  made(key: string, value: T): void;
  /** It will not come from this run. */
  drop(key: string): void;
}

interface Flight<T> {
  waiters: number;
  stop: AbortController;
  result: Promise<T>;
}

interface Awaited<T> extends ExpectedRun {
  promise: Promise<T | null>;
  resolve(value: T | null): void;
}

export function createFlights<T>({ clock }: { clock: Clock }): Flights<T> {
  const flying = new Map<string, Flight<T>>();
  const awaited = new Map<string, Awaited<T>>();
  let waiting = 0;

  function launch(key: string, begin: (nobody: AbortSignal) => Promise<T>): Flight<T> {
    const stop = new AbortController();
    // It is for all who will wait for it, not only for the first.
    const flight: Flight<T> = { waiters: 0, stop, result: onOwnTime(() => begin(stop.signal)) };
    flying.set(key, flight);
    const landed = () => void (flying.get(key) === flight && flying.delete(key));
    // Whoever waits gets the failure; nobody waiting, nobody misses it.
    flight.result.then(landed, landed);
    return flight;
  }

  async function board(key: string, flight: Flight<T>, signal: AbortSignal): Promise<T> {
    flight.waiters += 1;
    try {
      return await unlessGone(flight.result, signal);
    } finally {
      flight.waiters -= 1;
      if (flight.waiters === 0 && signal.aborted) {
        // Whoever asks from now on begins anew.
        if (flying.get(key) === flight) flying.delete(key);
        flight.stop.abort(new Error("nobody waits for this any more"));
      }
    }
  }

  async function fromRun(run: Awaited<T>, signal: AbortSignal): Promise<T | null> {
    const late = new AbortController();
    const timer = clock.sleep(run.patience_ms, late.signal).then(
      () => null,
      () => null,
    );
    try {
      return await unlessGone(Promise.race([run.promise, timer]), signal);
    } finally {
      late.abort();
    }
  }

  return {
    async join(key, signal, begin) {
      signal.throwIfAborted();
      if (waiting >= MAKE_WAITERS_MAX)
        throw new Problem(503, "media.busy", "Too many wait for videos to be made. Try again in a moment.", {
          retry_after_s: 2,
        });
      waiting += 1;
      try {
        const run = flying.has(key) ? undefined : awaited.get(key);
        const made = run?.isNear(key) ? await fromRun(run, signal) : null;
        if (made !== null) return made;
        return await board(key, flying.get(key) ?? launch(key, begin), signal);
      } finally {
        waiting -= 1;
      }
    },
    expect(keys, run) {
      const mine = new Map<string, Awaited<T>>();
      for (const key of keys) {
        if (awaited.has(key)) continue;
        const { promise, resolve } = Promise.withResolvers<T | null>();
        mine.set(key, { ...run, promise, resolve });
        awaited.set(key, mine.get(key)!);
      }
      const settle = (key: string, value: T | null) => {
        const one = mine.get(key);
        if (!one) return;
        mine.delete(key);
        awaited.delete(key);
        one.resolve(value);
      };
      return {
        made: settle,
        drop: (key) => settle(key, null),
        [Symbol.dispose]() {
          for (const key of mine.keys()) settle(key, null);
        },
      };
    },
    stop(because) {
      for (const flight of flying.values()) flight.stop.abort(because);
    },
  };
}

/** @throws the signal's reason as soon as it fires; the work goes on for others */
async function unlessGone<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  const gone = Promise.withResolvers<never>();
  const leave = () => gone.reject(signal.reason);
  signal.addEventListener("abort", leave, { once: true });
  try {
    return await Promise.race([work, gone.promise]);
  } finally {
    signal.removeEventListener("abort", leave);
  }
}
