import { AT_ONCE_DECREASE, AT_ONCE_MAX, AT_ONCE_MIN, AT_ONCE_START } from "./bounds.ts";

/**
 * How many requests may be at work at once. It falls while they wait for what is ours (the thread, a connection of the database)
 * and rises while they do not and it was in the way. The time that a request takes is not asked: of a slow mail server or a slow
 * disk of others it would learn that the house is full, and turn away those who want something else. So DAGOR does (SoCC '18);
 * a gradient of response times (Netflix concurrency-limits) does not tell the two apart.
 */
export interface AtOnce {
  readonly max: number;
  /** @param delay_ms the longest wait for anything of ours in this window @param peak most at work at once in it */
  learn(delay_ms: number, peak: number): void;
}

export function createAtOnce(target_ms: number): AtOnce {
  let max = AT_ONCE_START;
  return {
    get max() {
      return max;
    },
    learn(delay_ms, peak) {
      if (delay_ms > target_ms) {
        // Where it was not in the way, less of it would change nothing.
        if (peak >= max / 2) max = Math.max(AT_ONCE_MIN, Math.floor(max * AT_ONCE_DECREASE));
      } else if (peak >= max * 0.8) {
        max = Math.min(AT_ONCE_MAX, max + Math.max(1, Math.floor(Math.sqrt(max))));
      }
    },
  };
}
