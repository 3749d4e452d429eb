/** mulberry32: the same seed, the same run. */
export interface Dice {
  /** 0 … sides-1 */
  (sides: number): number;
}

export function createDice(seed: number): Dice {
  let state = seed >>> 0;
  return (sides) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let x = Math.imul(state ^ (state >>> 15), state | 1);
    x ^= x + Math.imul(x ^ (x >>> 7), x | 61);
    return ((x ^ (x >>> 14)) >>> 0) % sides;
  };
}

export const anyOf = <T>(dice: Dice, list: readonly T[]): T => list[dice(list.length)]!;

/** The seed of one world of a run: far from those of its neighbours. */
export const seedOf = (run_seed: number, world: number): number =>
  (Math.imul(run_seed ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(world + 1, 0xc2b2ae35)) >>> 0;
