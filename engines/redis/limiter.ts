import type { Clock } from "#ports/clock/index.ts";
import {
  checkClaims,
  checkFine,
  type LimitClaim,
  type LimitDecision,
  type Limiter,
  mergeClaims,
  termsOf,
} from "#ports/limiter/index.ts";

import { createDeadline } from "./deadline.ts";
import { createAlone } from "./limiter-alone.ts";
import { createLimiterCalls, type Deed, RedisForgot, takesSlots } from "./limiter-calls.ts";
import { countNodes } from "./limiter-nodes.ts";
import { createPurses, type Split } from "./limiter-purses.ts";
import { createTelling } from "./limiter-telling.ts";
import { RedisAway, type RedisCommands } from "./script.ts";

/** No request waits longer for Redis: with the look at what is late it is below 50 ms. */
export const ANSWER_MS_MAX = 40;
/** So many late in a row, or one that fails, and the node decides alone. */
const LATE_MAX = 3;
const BEAT_SHARED_MS = 1_000;
const BEAT_ALONE_MS = 250;
/** A Redis that has lost everything is told by all nodes before any of them lets it decide. */
const SETTLE_MS = 1_000;
/** Keys of a script that gives purses back: about a ms of Redis's time. */
const BACK_PER_SCRIPT = 128;
/** A node that stops gives its purses back for so long at most. */
const STOP_MS_MAX = 5_000;
/** Who asks for a purse that others fill too does so for so many turns, then asks for itself. */
const TURNS_MAX = 3;

export interface RedisLimiterNeeds {
  /** Its own connection: whoever else is slow there would make this node decide alone. */
  redis: RedisCommands;
  clock: Clock;
  /** Of this house alone: two houses may share one Redis. Letters and digits. */
  house: string;
  /** Keys that this node keeps account of. */
  keys_max: number;
  /** Nodes that live now, told without Redis: alone, each of them allows its part. */
  liveNodes: () => Promise<number>;
  /** Nodes borrow tokens ahead: most requests need no Redis, and a limit may be passed by `LEASED_PART`. */
  leases?: boolean;
  /** Hash slots over which keys are spread on a cluster; 1 where nothing is said. */
  spread?: number;
  /** Told when the node decides alone from now on, with the reason. */
  onAlone?: (reason: string) => void;
  /** Told when Redis decides again, with how many keys it was told of. */
  onShared?: (told: { keys: number; away_ms: number }) => void;
  /** How long a request waits for Redis; `ANSWER_MS_MAX` where nothing is said. */
  answer_ms_max?: number;
  /** Instead of the time of Redis, for tests. */
  time_ms?: () => number;
}

export interface RedisLimiter extends Limiter {
  /** Resolves when the first try to reach Redis has ended, well or not. */
  readonly ready: Promise<void>;
  stats(): RedisLimiterStats;
}

export interface RedisLimiterStats {
  is_alone: boolean;
  nodes: number;
  decisions: number;
  /** Decided by Redis, from a purse, and alone. */
  by_redis: number;
  by_purse: number;
  by_itself: number;
  scripts: number;
  late: number;
  failed: number;
}

/** Limits that all nodes of a house share. Rules in SPEC.md (RE20 to RE39) and in `ports/limiter/SPEC.md`. */
export function createRedisLimiter(needs: RedisLimiterNeeds): RedisLimiter {
  const { redis, clock } = needs;
  let words = 0;
  const word = () => `${Math.floor(clock.random() * 2 ** 48).toString(36)}.${(words++).toString(36)}`;
  const time = needs.time_ms ? { time_ms: needs.time_ms } : {};
  const answer_ms_max = needs.answer_ms_max ?? ANSWER_MS_MAX;
  const deadline = createDeadline(clock, answer_ms_max, () => new RedisAway(`no answer within ${answer_ms_max} ms`));
  const calls = createLimiterCalls({
    redis,
    house: needs.house,
    spread: needs.spread ?? 1,
    word,
    deadline,
    ...time,
  });
  const alone = createAlone({ clock, keys_max: needs.keys_max, word });
  const telling = createTelling({ calls, alone, word });
  let nodes = 1;
  const counted = countNodes({ clock, liveNodes: needs.liveNodes });
  const purses = needs.leases ? createPurses({ nodes: () => nodes, keys_max: needs.keys_max }) : null;

  let is_alone = true;
  let away_since_ms = clock.monotonic();
  let was_told = false;
  let has_met = false;
  /** Others may have to tell it first: it is waited for that once what this node knows was told. */
  let settles = false;
  let settled_at_ms = 0;
  /** Keys. */
  let told = 0;
  let lates = 0;
  let closed = false;
  const count = { decisions: 0, by_redis: 0, by_purse: 0, by_itself: 0, late: 0, failed: 0 };

  function leave(reason: string): void {
    if (is_alone) return;
    is_alone = true;
    away_since_ms = clock.monotonic();
    was_told = true;
    alone.begin();
    needs.onAlone?.(reason);
  }

  /** One call, within its time. What fails switches the node over; @throws what failed */
  async function ask<T>(work: () => Promise<T>): Promise<T> {
    try {
      const answer = await deadline.run(work());
      lates = 0;
      return answer;
    } catch (error) {
      failedWith(error);
      throw error;
    }
  }

  function failedWith(error: unknown): void {
    const reason = error instanceof Error ? error.message : String(error);
    const is_late = reason.startsWith("no answer within");
    if (is_late) count.late++;
    else count.failed++;
    if (!is_late || ++lates >= LATE_MAX) leave(reason);
    if (error instanceof RedisForgot) void beat();
  }

  let beating: Promise<void> | null = null;
  /** Owned by the loop below, and by whoever finds Redis empty. */
  function beat(): Promise<void> {
    return (beating ??= meet().finally(() => (beating = null)));
  }

  async function meet(): Promise<void> {
    nodes = await counted.nodes();
    alone.setNodes(nodes);
    let knew: boolean;
    try {
      knew = await calls.meet();
      if (!is_alone && knew) {
        await telling.releases();
        await telling.holds();
        if (purses) await giveIdle(false);
        return;
      }
      if (!knew) {
        leave("it has forgotten what it held");
        telling.anew();
        purses?.clear();
        if (has_met) {
          settles = true;
          settled_at_ms = clock.monotonic() + SETTLE_MS;
        }
      } else if (clock.monotonic() < settled_at_ms) return;
      // Before Redis decides again it is told what was granted meanwhile, so that nobody gets it a second time; as a fine,
      // for where only this node was cut off the others may have granted all that there is.
      const keys = await telling.owed();
      told += keys;
      if (settles) {
        settles = false;
        return;
      }
      await telling.releases();
      is_alone = false;
      has_met = true;
      lates = 0;
      if (was_told) needs.onShared?.({ keys: told, away_ms: clock.monotonic() - away_since_ms });
      was_told = false;
      told = 0;
    } catch (error) {
      // It stays away; the first time that is news.
      const reason = error instanceof Error ? error.message : String(error);
      if (!is_alone) leave(reason);
      else if (!was_told) {
        was_told = true;
        alone.begin();
        needs.onAlone?.(reason);
      }
    }
  }

  async function giveIdle(all: boolean): Promise<void> {
    const back = purses!.empty(clock.monotonic(), all);
    for (let i = 0; i < back.length; i += BACK_PER_SCRIPT)
      await calls.change("back", back.slice(i, i + BACK_PER_SCRIPT));
  }

  const stop = new AbortController();
  const ready = beat();
  const loop = (async () => {
    await ready;
    while (!closed) {
      await clock.sleep(is_alone ? BEAT_ALONE_MS : BEAT_SHARED_MS, stop.signal).catch(() => {});
      if (!closed) await beat();
    }
  })();

  function decideAlone(claims: LimitClaim[], patience_ms: number): LimitDecision {
    count.by_itself++;
    return alone.take(claims, patience_ms);
  }

  async function byRedis(
    claims: LimitClaim[],
    patience_ms: number,
    split: Split | null,
    all: LimitClaim[],
  ): Promise<LimitDecision> {
    const hold = claims.some(takesSlots) ? { id: word(), claims: claims.filter(takesSlots) } : null;
    let verdict;
    try {
      verdict = await calls.take(claims, patience_ms, hold?.id ?? "", split?.more);
      lates = 0;
    } catch (error) {
      failedWith(error);
      split?.done(null);
      // It may hold them all the same, for nobody.
      if (hold) telling.orphan(hold, true);
      return decideAlone(all, patience_ms);
    }
    count.by_redis++;
    const { allowed, wait_ms, shown, left_tokens, reset_ms, borrowed } = verdict;
    if (allowed) {
      split?.done({ borrowed, left: left_tokens, shown });
      alone.note(all, hold);
    } else split?.refused(shown, wait_ms, clock.monotonic());
    return {
      allowed,
      rule: claims[shown]!.rule,
      remaining_tokens: left_tokens,
      wait_ms: allowed ? wait_ms : 0,
      retry_after_ms: allowed ? 0 : wait_ms,
      reset_after_ms: reset_ms,
      hold: allowed ? hold : null,
    };
  }

  async function take(asked: LimitClaim[], patience_ms = 0): Promise<LimitDecision> {
    checkClaims(asked, patience_ms);
    const claims = asked.length > 1 ? mergeClaims(asked) : asked;
    for (const { rule } of claims) termsOf(rule);
    count.decisions++;
    if (is_alone) return decideAlone(claims, patience_ms);
    if (!purses || patience_ms > 0) return byRedis(claims, patience_ms, null, claims);
    for (let turn = 0; ; turn++) {
      const decision = purses.decide(claims, clock.monotonic());
      if (decision) {
        count.by_purse++;
        if (decision.allowed) alone.note(claims, null);
        return decision;
      }
      const filling = turn < TURNS_MAX ? purses.filling(claims) : null;
      if (!filling) break;
      await filling;
      if (is_alone) return decideAlone(claims, 0);
    }
    const split = purses.split(claims, clock.monotonic());
    return byRedis(split.asked, 0, split, claims);
  }

  /** What cannot be told to Redis now is noted here, and holds here. */
  async function change(deed: Deed, claims: LimitClaim[]): Promise<void> {
    purses?.forget(claims);
    if (deed === "back") await alone.giveBack(claims);
    else if (is_alone) await alone.penalise(claims);
    else alone.note(claims, null);
    if (is_alone) return;
    // It is counted, and the node goes on alone: what was not told there refills there.
    await ask(() => calls.change(deed, claims)).catch(() => {});
  }

  return {
    ready,
    take,
    async giveBack(claims) {
      checkClaims(claims);
      await change("back", mergeClaims(claims));
    },
    async penalise(claims) {
      checkFine(claims);
      await change("fine", mergeClaims(claims));
    },
    async release(hold) {
      await alone.release(hold);
      if (!is_alone && (await ask(() => calls.release(hold)).then(yes, no))) return;
      // It is told later; where it cannot be, the hold ends by itself after `hold_ms`.
      telling.orphan(hold, false);
    },
    async renew(hold) {
      const is_known = await alone.renew(hold);
      if (is_alone) return is_known;
      try {
        const held = await ask(() => calls.renew(hold));
        if (held) alone.told(hold);
        else await alone.release(hold);
        return held;
      } catch {
        return is_known;
      }
    },
    stats: () => ({ is_alone, nodes, scripts: calls.scripts(), ...count }),
    async [Symbol.asyncDispose]() {
      closed = true;
      stop.abort();
      await loop;
      if (purses && !is_alone)
        await createDeadline(clock, STOP_MS_MAX, tooLong)
          .run(giveIdle(true))
          .catch(() => {});
      await alone[Symbol.asyncDispose]();
    },
  };
}

const yes = () => true;
const no = () => false;
const tooLong = () => new RedisAway(`not given back within ${STOP_MS_MAX} ms`);
