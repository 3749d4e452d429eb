import type { LimitClaim, LimitHold } from "#ports/limiter/index.ts";

import type { Alone } from "./limiter-alone.ts";
import type { LimiterCalls } from "./limiter-calls.ts";

/** Keys of a script that brings Redis up to date: about a ms of its time. */
const OWED_PER_SCRIPT = 128;
/** What is granted while others are told of is told in a further round. */
const ROUNDS_MAX = 3;
/** Holds that wait for Redis to be released there. Of more the first end by themselves, after `hold_ms`. */
const RELEASES_MAX = 10_000;

/** What Redis has to be told before it decides again. A try that fails goes on where it stood. */
export interface Telling {
  /** From the beginning: Redis has forgotten what it held. */
  anew(): void;
  /** Who holds slots that were given without Redis. @throws RedisAway, RedisForgot */
  holds(): Promise<void>;
  /** Tells what was granted, and who holds slots. @returns of how many keys. @throws RedisAway, RedisForgot */
  owed(): Promise<number>;
  /**
   * A hold that may be held there by nobody, to be released when Redis answers.
   * @param is_unsure whether it was ever taken: a command that is late may come after the first release
   */
  orphan(hold: LimitHold, is_unsure: boolean): void;
  /** Releases them. @throws RedisAway */
  releases(): Promise<void>;
}

export function createTelling(needs: { calls: LimiterCalls; alone: Alone; word: () => string }): Telling {
  const { calls, alone, word } = needs;
  let forgot = false;
  let queue: LimitClaim[] = [];
  /** Sent, and perhaps counted: it is sent again under the same word, and then counts once. */
  let unsure: { claims: LimitClaim[]; once: string } | null = null;
  const orphans = new Map<string, { hold: LimitHold; times: number }>();

  async function send(): Promise<number> {
    let keys = 0;
    while (unsure ?? queue.length > 0) {
      unsure ??= { claims: queue.splice(0, OWED_PER_SCRIPT), once: word() };
      await calls.change("fine", unsure.claims, unsure.once);
      keys += unsure.claims.length;
      unsure = null;
    }
    return keys;
  }

  async function holds(): Promise<void> {
    const some = alone.holds(forgot);
    for (const { hold, left_ms } of some) await calls.hold(hold, left_ms);
    for (const { hold } of some) alone.told(hold);
  }

  return {
    holds,
    anew() {
      forgot = true;
      unsure = null;
      queue = alone.owed(true);
      // What is granted from here on is told after it.
      alone.begin();
    },
    async owed() {
      let keys = await send();
      await holds();
      forgot = false;
      for (let round = 0; round < ROUNDS_MAX; round++) {
        queue = alone.owed(false);
        alone.begin();
        if (queue.length === 0) break;
        keys += await send();
      }
      return keys;
    },
    orphan(hold, is_unsure) {
      const [first] = orphans.keys();
      if (orphans.size >= RELEASES_MAX && first !== undefined) orphans.delete(first);
      orphans.set(hold.id, { hold, times: is_unsure ? 2 : 1 });
    },
    async releases() {
      for (const [id, orphan] of orphans) {
        await calls.release(orphan.hold);
        if (--orphan.times <= 0) orphans.delete(id);
      }
    },
  };
}
