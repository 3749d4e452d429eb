import type { Clock } from "#ports/clock/index.ts";

/** One look at all that waits, every few ms while anything does: a timer for each call cost as much as the call. */
const LOOK_MS = 5;

export interface Deadline {
  /** @throws what `late` makes when `ms_max` are over. What still comes then is thrown away. */
  run<T>(work: Promise<T>): Promise<T>;
  /** For who is many at once, without a promise each: `late` is called when `ms_max` are over, unless it was let go before. */
  watch(one: Waiting): void;
  letGo(one: Waiting): void;
}

export interface Waiting {
  /** Set here. */
  at: number;
  late(): void;
}

export function createDeadline(clock: Clock, ms_max: number, late: () => Error): Deadline {
  const waiting = new Set<Waiting>();
  let looking: Promise<void> | null = null;

  async function look(): Promise<void> {
    let was_held_up = false;
    while (waiting.size > 0) {
      const before = clock.monotonic();
      await clock.sleep(LOOK_MS);
      const now = clock.monotonic();
      // It was this process that stood still: what has come meanwhile is read first.
      was_held_up = !was_held_up && now - before > 2 * LOOK_MS;
      if (was_held_up) continue;
      for (const one of waiting) {
        if (one.at > now) break;
        waiting.delete(one);
        one.late();
      }
    }
    looking = null;
  }

  function watch(one: Waiting): void {
    one.at = clock.monotonic() + ms_max;
    waiting.add(one);
    looking ??= look();
  }

  return {
    watch,
    letGo: (one) => void waiting.delete(one),
    run: (work) =>
      new Promise((resolve, reject) => {
        const one = { at: 0, late: () => reject(late()) };
        watch(one);
        work.then(
          (answer) => {
            waiting.delete(one);
            resolve(answer);
          },
          (error: unknown) => {
            waiting.delete(one);
            reject(error instanceof Error ? error : new Error(String(error)));
          },
        );
      }),
  };
}
