import { LOOK_MS } from "./bounds.ts";
import { type Level, LEVELS } from "./levels.ts";

/** How fast the house works, and so how long one more would wait. Learnt in windows in which somebody waited all the time: only then do those who leave say what it can. */
export interface Pace {
  begun(level: Level): void;
  left(): void;
  /** @param is_waited_for whether somebody waits at the end of this window */
  learn(elapsed_ms: number, is_waited_for: boolean): void;
  /** Ms, or 0 where nothing is known. @param above those of more important levels that go before it @param beside those of its own */
  wait(level: Level, above: number, beside: number): number;
}

const WEIGHT = 0.2;
/** What is more important takes what it wants; something is always left. */
const LEFT_MIN = 0.05;
/** A window of so long is one in which the process stood still, and says nothing of its pace. */
const WINDOW_MS_MAX = 10 * LOOK_MS;

export function createPace(): Pace {
  const begun = new Float64Array(LEVELS);
  /** Of more important levels than each, a ms. */
  const above_per_ms = new Float64Array(LEVELS);
  let left = 0;
  let left_per_ms: number | null = null;
  let was_waited_for = false;

  return {
    begun(level) {
      begun[level]! += 1;
    },
    left() {
      left += 1;
    },
    learn(elapsed_ms, is_waited_for) {
      const tells = was_waited_for && elapsed_ms > 0 && elapsed_ms <= WINDOW_MS_MAX;
      if (!is_waited_for) left_per_ms = null;
      else if (tells && (left > 0 || left_per_ms !== null)) {
        const is_first = left_per_ms === null;
        const blend = (was: number, is: number) => (is_first ? is : (1 - WEIGHT) * was + WEIGHT * is);
        left_per_ms = Math.max(1e-4, blend(left_per_ms ?? 0, left / elapsed_ms));
        let above = 0;
        for (let level = 0; level < LEVELS; level++) {
          above_per_ms[level] = blend(above_per_ms[level]!, above / elapsed_ms);
          above += begun[level]!;
        }
      }
      was_waited_for = is_waited_for;
      left = 0;
      begun.fill(0);
    },
    wait(level, above, beside) {
      if (left_per_ms === null) return 0;
      const mine = Math.max(left_per_ms * LEFT_MIN, left_per_ms - above_per_ms[level]!);
      return above / left_per_ms + beside / mine;
    },
  };
}
