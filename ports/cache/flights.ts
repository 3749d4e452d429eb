import { Problem } from "#kernel/errors.ts";

import type { CacheStats, Load } from "./index.ts";

/** Loads under way: one for a key, however many wait for it. */
export interface Flights<V> {
  join(key: string, load: Load<V>, tenant?: string, signal?: AbortSignal): Promise<V | null>;
  /** Begins a load that nobody waits for, unless there is one or there are too many. */
  refresh(key: string, load: Load<V>, tenant?: string): void;
  /** A load of this key that has begun may still answer those who wait, but fills nothing, and nobody joins it. */
  forget(key: string): void;
  forgetAll(): void;
}

interface Flight<V> {
  promise: Promise<V | null>;
  waiting: number;
  controller: AbortController;
  /** False once it was forgotten. */
  fills: boolean;
}

export function createFlights<V>(needs: {
  loads_max: number;
  counts: Pick<CacheStats, "loads" | "load_failures" | "refusals">;
  keep: (key: string, value: V | null, tenant: string | undefined) => void;
}): Flights<V> {
  const { counts, loads_max } = needs;
  const byKey = new Map<string, Flight<V>>();
  /** Forgotten ones still run, so they still count. */
  let running = 0;

  const begin = (key: string, load: Load<V>, tenant: string | undefined): Flight<V> => {
    const controller = new AbortController();
    const flight: Flight<V> = { controller, waiting: 0, fills: true, promise: Promise.resolve(null) };
    counts.loads += 1;
    running += 1;
    const run = async () => {
      try {
        const value = await load(controller.signal);
        if (flight.fills) needs.keep(key, value, tenant);
        return value;
      } catch (error) {
        counts.load_failures += 1;
        throw error;
      } finally {
        running -= 1;
        if (byKey.get(key) === flight) byKey.delete(key);
      }
    };
    byKey.set(key, flight);
    flight.promise = run();
    // Those who wait get the failure; where nobody does (a refresh, or all have left) it has been counted.
    flight.promise.catch(() => {});
    return flight;
  };

  const drop = (key: string, flight: Flight<V>) => {
    flight.fills = false;
    if (byKey.get(key) === flight) byKey.delete(key);
  };

  /** The caller's own way out of a load that others may share. */
  const leaving = (key: string, flight: Flight<V>, signal: AbortSignal): Promise<V | null> =>
    new Promise((resolve, reject) => {
      const onAbort = () => {
        flight.waiting -= 1;
        if (flight.waiting === 0) {
          drop(key, flight);
          flight.controller.abort(signal.reason);
        }
        reject(signal.reason as Error);
      };
      signal.addEventListener("abort", onAbort, { once: true });
      const stay = () => signal.removeEventListener("abort", onAbort);
      flight.promise.then(
        (value) => {
          stay();
          resolve(value);
        },
        (error: unknown) => {
          stay();
          reject(error as Error);
        },
      );
    });

  return {
    join(key, load, tenant, signal) {
      if (signal?.aborted) return Promise.reject(signal.reason as Error);
      let flight = byKey.get(key);
      if (!flight) {
        if (running >= loads_max) {
          counts.refusals += 1;
          return Promise.reject(
            new Problem(503, "cache.busy", "Too much is being read at once. Try again in a second.", {
              retry_after_s: 1,
            }),
          );
        }
        flight = begin(key, load, tenant);
      }
      flight.waiting += 1;
      return signal ? leaving(key, flight, signal) : flight.promise;
    },
    refresh(key, load, tenant) {
      if (byKey.has(key)) return;
      if (running >= loads_max) counts.refusals += 1;
      // One that waits for ever, so that a follower who leaves does not abort what was begun for the cache itself.
      else begin(key, load, tenant).waiting = 1;
    },
    forget(key) {
      const flight = byKey.get(key);
      if (flight) drop(key, flight);
    },
    forgetAll() {
      for (const [key, flight] of byKey) drop(key, flight);
    },
  };
}
