import { CounterStanding } from "./counter.ts";
import { FixedStanding } from "./fixed.ts";
import { LinearStanding } from "./linear.ts";
import { LogStanding } from "./log.ts";
import { SlotsStanding } from "./slots.ts";
import type { Terms } from "./terms.ts";

/**
 * How one key stands under its rule: an algorithm and what it remembers. Nothing in it knows a clock; the same calls give
 * the same answers. `cost` is in whole tokens and is never above the capacity, `now` in ms.
 */
export interface Standing {
  /** The same kind with other numbers: it applies at once. @returns false where what is held cannot be read so */
  adopt(terms: Terms): boolean;
  /** Ms until the cost would pass; 0 when it passes now. Takes nothing. */
  wait(cost: number, now: number): number;
  /** Takes the cost for the moment `at`, which is `now` or booked ahead. */
  spend(cost: number, at: number, hold: string): void;
  /** Returns it, never to more than the capacity. */
  giveBack(cost: number, now: number): void;
  /** Takes without asking, down to a debt of one capacity. */
  fine(cost: number, now: number): void;
  /** Tokens that would pass now; a fraction, below 0 for a debt. */
  left(now: number): number;
  /** Ms until nothing of what was taken counts any more. */
  reset(now: number): number;
}

export function standAnew(terms: Terms, now: number): Standing {
  switch (terms.kind) {
    case "linear":
      return new LinearStanding(terms, now);
    case "fixed":
      return new FixedStanding(terms, now);
    case "log":
      return new LogStanding(terms);
    case "counter":
      return new CounterStanding(terms, now);
    case "slots":
      return new SlotsStanding(terms);
  }
}
