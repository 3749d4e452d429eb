import type { Clock } from "#ports/clock/index.ts";

import { RETRY_BUDGET, RETRY_WINDOW_MS } from "./bounds.ts";
import type { JobKind } from "./index.ts";

/**
 * How much of the work may be second tries. In a minute a kind may retry as often as `part` of the first tries that this node
 * began in the last minute, and at least `per_minute_min` times. What is beyond is put off to its turn at that pace, so that a
 * thing that is down gets a trickle and not a storm; what would wait longer than `wait_ms_max` is refused.
 *
 * A part of the whole is the sum of the parts, so that each node counts for itself and the house needs no shared row.
 * The pace is a GCRA with one minute's worth of burst: in any time `t` at most `(1 + t / 1 min) × allowance` retries.
 */
export interface Budget {
  /** A first try has begun. @param now `clock.monotonic()` */
  first(kind: JobKind, now: number): void;
  /** @returns ms that the retry has to wait at least; null when it would wait too long, then nothing was taken */
  retry(kind: JobKind): number | null;
}

const PARTS = 6;

interface Account {
  /** First tries by part of the window, the newest at `part`. */
  firsts: number[];
  part: number;
  /** When, by the pace, all retries that were allowed are over; `clock.monotonic()`. */
  paid_until: number;
}

export function createBudget(clock: Clock): Budget {
  const accounts = new Map<string, Account>();
  const accountOf = (kind: JobKind, now: number): Account => {
    const part = Math.floor(now / (RETRY_WINDOW_MS / PARTS));
    let account = accounts.get(kind.name);
    if (!account)
      accounts.set(
        kind.name,
        (account = { firsts: Array.from({ length: PARTS }, () => 0), part, paid_until: Number.NEGATIVE_INFINITY }),
      );
    for (let old = Math.max(account.part + 1, part - PARTS + 1); old <= part; old++) account.firsts[old % PARTS] = 0;
    account.part = part;
    return account;
  };
  return {
    first(kind, now) {
      const account = accountOf(kind, now);
      account.firsts[account.part % PARTS]! += 1;
    },
    retry(kind) {
      const now = clock.monotonic();
      const account = accountOf(kind, now);
      const bounds = { ...RETRY_BUDGET, ...kind.retry_budget };
      const firsts = account.firsts.reduce((sum, n) => sum + n, 0);
      const allowance = Math.max(bounds.per_minute_min, bounds.part * firsts);
      const paid_until = Math.max(account.paid_until, now) + RETRY_WINDOW_MS / allowance;
      const wait_ms = Math.max(0, paid_until - now - RETRY_WINDOW_MS);
      if (wait_ms > bounds.wait_ms_max) return null;
      account.paid_until = paid_until;
      return wait_ms;
    },
  };
}
