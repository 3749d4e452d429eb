import type { Clock } from "#ports/clock/index.ts";

const SLOT_MS = 1_000;
const SLOTS = 10;

/** The largest of the last ten seconds, in ten numbers. */
export function createWorst(clock: Clock) {
  const slots = new Float64Array(SLOTS);
  let slot = Math.floor(clock.monotonic() / SLOT_MS);
  const moveTo = (now: number) => {
    const to = Math.floor(now / SLOT_MS);
    if (to - slot >= SLOTS) slots.fill(0);
    else for (let at = slot + 1; at <= to; at++) slots[at % SLOTS] = 0;
    slot = to;
  };
  return {
    add(now: number, value: number) {
      moveTo(now);
      slots[slot % SLOTS] = Math.max(slots[slot % SLOTS]!, value);
    },
    of(now: number) {
      moveTo(now);
      return Math.max(...slots);
    },
  };
}
