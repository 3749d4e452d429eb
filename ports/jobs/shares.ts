import { WEIGHTS } from "./bounds.ts";
import type { JobClass } from "./index.ts";

export const CLASSES: readonly JobClass[] = ["interactive", "batch", "maintenance"];
/** What an attempt is taken to last before anything is known of its class. */
const RUN_MS_GUESS = 100;
const GUESS_WEIGHT = 0.2;

/**
 * Whose turn it is: stride scheduling over time, not over starts, so that one class's long jobs do not buy it more than
 * its weight. Each class carries the weighted time that it has used; the one that has used least goes next.
 * Source: C. Waldspurger, W. Weihl, "Stride Scheduling", MIT/LCS/TM-528, 1995.
 */
export interface Shares {
  /** The classes in the order in which they should be asked for work. */
  order(wanting: ReadonlySet<JobClass>): JobClass[];
  /** Charges a start with the time that attempts of this class have taken of late. @returns that guess in ms */
  started(of: JobClass): number;
  /** Corrects the charge. */
  ended(of: JobClass, guessed_ms: number, ran_ms: number): void;
}

export function createShares(): Shares {
  const used: Record<JobClass, number> = { interactive: 0, batch: 0, maintenance: 0 };
  const guess: Record<JobClass, number> = { interactive: RUN_MS_GUESS, batch: RUN_MS_GUESS, maintenance: RUN_MS_GUESS };
  let wanted: ReadonlySet<JobClass> = new Set();
  return {
    order(wanting) {
      // A class that had no work begins level with those that had: idleness is not saved up.
      const floor = Math.min(...[...wanting].filter((c) => wanted.has(c)).map((c) => used[c]));
      if (Number.isFinite(floor)) for (const c of wanting) if (!wanted.has(c)) used[c] = Math.max(used[c], floor);
      wanted = new Set(wanting);
      return CLASSES.filter((c) => wanting.has(c)).sort((a, b) => used[a] - used[b]);
    },
    started(of) {
      used[of] += guess[of] / WEIGHTS[of];
      return guess[of];
    },
    ended(of, guessed_ms, ran_ms) {
      used[of] += (ran_ms - guessed_ms) / WEIGHTS[of];
      guess[of] += GUESS_WEIGHT * (ran_ms - guess[of]);
    },
  };
}
