import type { Clock } from "#ports/clock/index.ts";

import { type Asker, createAsker, deadlineHere } from "./asker.ts";

/** The same asked for by many at once is done once: one flight for a key, however many wait for it. */
export interface Flights<V> {
  /**
   * What the flight under way comes to, or one that is begun now. Whoever's `signal` fires leaves, and so does whose asker gives
   * up; the flight goes on for the others and is told to stop when the last has left. Nobody's deadline is its own. A failure is everybody's who waited, and is not kept.
   * @param land told of a value unless its key was forgotten meanwhile; of the one who began
   * @throws what `busy` makes when `at_once_max` others are under way
   */
  join(
    key: string,
    load: Flight<V>,
    options?: { signal?: AbortSignal | undefined; land?: (value: V) => void },
  ): Promise<V>;
  /** Begins one that nobody waits for, unless there is one or there are too many. */
  refresh(key: string, load: Flight<V>, land?: (value: V) => void): void;
  /** One that has begun may still answer those who wait, but lands nothing, and nobody joins it. */
  forget(key: string): void;
  forgetAll(): void;
  /** Forgotten ones too. */
  readonly under_way: number;
}

export type Flight<V> = (signal: AbortSignal) => Promise<V>;

export interface FlightCounts {
  /** Begun. */
  loads: number;
  load_failures: number;
  refusals: number;
}

interface UnderWay<V> {
  promise: Promise<V>;
  waiting: number;
  asker: Asker;
  /** False once it was forgotten. */
  lands: boolean;
}

export function createFlights<V>(needs: {
  clock: Clock;
  at_once_max: number;
  busy: () => Error;
  counts?: FlightCounts;
}): Flights<V> {
  const { clock, at_once_max, busy, counts = { loads: 0, load_failures: 0, refusals: 0 } } = needs;
  const byKey = new Map<string, UnderWay<V>>();
  /** Forgotten ones still run, so they still count. */
  let running = 0;

  const begin = (key: string, load: Flight<V>, land: ((value: V) => void) | undefined): UnderWay<V> => {
    // All who wait are one asker: nobody's own time is that of the others.
    const asker = createAsker({ clock });
    const flight = { asker, waiting: 0, lands: true } as UnderWay<V>;
    counts.loads += 1;
    running += 1;
    const run = async () => {
      try {
        const value = await load(asker.deadline.signal!);
        if (flight.lands) land?.(value);
        return value;
      } catch (error) {
        counts.load_failures += 1;
        throw error;
      } finally {
        asker.end();
        running -= 1;
        if (byKey.get(key) === flight) byKey.delete(key);
      }
    };
    byKey.set(key, flight);
    flight.promise = asker.run(run);
    // Those who wait get the failure; where nobody does (a refresh, or all have left) it has been counted.
    flight.promise.catch(() => {});
    return flight;
  };

  const drop = (key: string, flight: UnderWay<V>) => {
    flight.lands = false;
    if (byKey.get(key) === flight) byKey.delete(key);
  };

  /** The caller's own way out of a flight that others may share. */
  const leaving = (key: string, flight: UnderWay<V>, signal: AbortSignal): Promise<V> =>
    new Promise((resolve, reject) => {
      const onAbort = () => {
        flight.waiting -= 1;
        if (flight.waiting === 0) {
          drop(key, flight);
          flight.asker.giveUp(signal.reason as Error);
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
    join(key, load, { signal: given, land } = {}) {
      const here = deadlineHere().signal;
      const signal = given && here && given !== here ? AbortSignal.any([given, here]) : (given ?? here);
      if (signal?.aborted) return Promise.reject(signal.reason as Error);
      let flight = byKey.get(key);
      if (!flight) {
        if (running >= at_once_max) {
          counts.refusals += 1;
          return Promise.reject(busy());
        }
        flight = begin(key, load, land);
      }
      flight.waiting += 1;
      return signal ? leaving(key, flight, signal) : flight.promise;
    },
    refresh(key, load, land) {
      if (byKey.has(key)) return;
      if (running >= at_once_max) counts.refusals += 1;
      // One that waits for ever, so that a follower who leaves does not abort what was begun for nobody in particular.
      else begin(key, load, land).waiting = 1;
    },
    forget(key) {
      const flight = byKey.get(key);
      if (flight) drop(key, flight);
    },
    forgetAll() {
      for (const [key, flight] of byKey) drop(key, flight);
    },
    get under_way() {
      return running;
    },
  };
}
