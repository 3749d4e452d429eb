import { Problem } from "#kernel/errors.ts";
import type { Clock } from "#ports/clock/index.ts";

/** Room for so many makings at once; the others wait in line, what is needed most in front, and not for long. */
export interface Slots {
  /**
   * @param rank lower goes first
   * @throws Problem 503 `media.busy` when the line is full or the wait too long
   */
  take(rank: number, signal: AbortSignal): Promise<Disposable>;
}

interface Waiting {
  rank: number;
  give(): void;
}

export function createSlots(needs: { clock: Clock; at_once: number; waiting_max: number; wait_ms_max: number }): Slots {
  const { clock, waiting_max, wait_ms_max } = needs;
  const line: Waiting[] = [];
  let free = needs.at_once;

  const slot = (): Disposable => {
    let held = true;
    return {
      [Symbol.dispose]() {
        if (!held) return;
        held = false;
        const next = line.shift();
        if (next) next.give();
        else free += 1;
      },
    };
  };

  return {
    async take(rank, signal) {
      signal.throwIfAborted();
      if (free > 0) {
        free -= 1;
        return slot();
      }
      if (line.length >= waiting_max) throw busy();
      const { promise, resolve, reject } = Promise.withResolvers<Disposable>();
      const mine: Waiting = { rank, give: () => resolve(slot()) };
      const behind = line.findIndex((other) => other.rank > rank);
      line.splice(behind < 0 ? line.length : behind, 0, mine);
      const leave = (because: unknown) => {
        const at = line.indexOf(mine);
        if (at < 0) return;
        line.splice(at, 1);
        reject(because);
      };
      const over = new AbortController();
      const onAbort = () => leave(signal.reason);
      signal.addEventListener("abort", onAbort, { once: true });
      const timer = clock.sleep(wait_ms_max, over.signal).then(
        () => leave(busy()),
        () => {},
      );
      try {
        return await promise;
      } finally {
        over.abort();
        signal.removeEventListener("abort", onAbort);
        await timer;
      }
    },
  };
}

export const busy = () =>
  new Problem(
    503,
    "media.busy",
    "This house makes as many videos playable as it can right now. Try again in a moment.",
    {
      retry_after_s: 2,
    },
  );
