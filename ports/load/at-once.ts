import { AT_ONCE_DECREASE, AT_ONCE_MAX, AT_ONCE_MIN, AT_ONCE_RISE, AT_ONCE_START, CALM_WINDOWS } from "./bounds.ts";

/**
 * How many requests may be at work at once. It falls while they wait for what is ours (the thread, a connection of the database)
 * and rises while they do not and it was in the way. The time that a request takes is not asked: of a slow mail server or a slow
 * disk of others it would learn that the house is full, and turn away those who want something else. So DAGOR does (SoCC '18);
 * a gradient of response times (Netflix concurrency-limits) does not tell the two apart.
 */
export interface AtOnce {
  readonly max: number;
  /** It was in the way without need, and is soon much more: whoever waits for it waits for no work. */
  readonly isRising: boolean;
  /** @param is_long whether anything of ours was waited for too long in this window @param peak most at work at once in it */
  learn(is_long: boolean, peak: number): void;
}

export function createAtOnce(): AtOnce {
  let max = AT_ONCE_START;
  /** Windows since it last fell. */
  let calm = CALM_WINDOWS;
  let is_rising = false;
  return {
    get max() {
      return max;
    },
    get isRising() {
      return is_rising;
    },
    learn(is_long, peak) {
      is_rising = false;
      if (is_long) {
        // Where it was not in the way, less of it would change nothing.
        if (peak < max / 2) return;
        max = Math.max(AT_ONCE_MIN, Math.floor(max * AT_ONCE_DECREASE));
        calm = 0;
        return;
      }
      calm += 1;
      if (peak < max * 0.8) return;
      // Nothing of ours is waited for: what they wait for is slow (others' mail, a disk), and each window in which they fill all places refuses somebody for nothing.
      is_rising = calm > CALM_WINDOWS && max < AT_ONCE_MAX;
      const rise = calm > CALM_WINDOWS ? max * AT_ONCE_RISE : Math.sqrt(max);
      max = Math.min(AT_ONCE_MAX, max + Math.max(1, Math.floor(rise)));
    },
  };
}
