import type { VirtualClock } from "#ports/clock/index.ts";

/** Lets so much time pass, a little at a time, so that what follows from what has happened is done before the next happens. */
export async function pass(clock: VirtualClock, ms: number, step_ms = 1): Promise<void> {
  await settled();
  for (let left = ms; left > 0; left -= step_ms) {
    await clock.advance(Math.min(step_ms, left));
    await settled();
  }
}

/** Everything that needs no time has happened. */
export const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** What a call came to: a value, or the name of what was thrown. */
export const outcome = (asked: Promise<unknown>): Promise<unknown> =>
  asked.then(
    (value) => value,
    (error: unknown) => (error instanceof Error ? error.name : error),
  );

/** Of random runs: the same each time, and printed, unless another is told. */
export function seedOf(title: string): number {
  const seed = Number(process.env.CALLS_SEED ?? 20_261_122);
  console.log(`${title}: CALLS_SEED=${seed}`);
  return seed;
}
