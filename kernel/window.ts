/** Counts of what happened lately: sums over the last `window_ms`, forgotten a tenth of it at a time. */
export interface Window {
  /** Counts one of this lane. @param now_ms monotonic; one that is read late counts as the newest */
  add(now_ms: number, lane: number): void;
  sum(now_ms: number, lane: number): number;
  clear(): void;
}

const SLICES = 10;

/** @param lanes kinds of things that are counted side by side */
export function createWindow(window_ms: number, lanes: number): Window {
  const slice_ms = window_ms / SLICES;
  const slices = new Float64Array(SLICES * lanes);
  const sums = new Float64Array(lanes);
  let newest = -1;

  function clear(): void {
    slices.fill(0);
    sums.fill(0);
  }

  /** Forgets what left the window. @returns where this moment's counts lie */
  function at(now_ms: number): number {
    const slice = Math.max(newest, Math.floor(now_ms / slice_ms));
    if (newest < 0 || slice - newest >= SLICES) clear();
    else {
      for (let old = newest + 1; old <= slice; old++) {
        const place = (old % SLICES) * lanes;
        for (let lane = 0; lane < lanes; lane++) {
          sums[lane]! -= slices[place + lane]!;
          slices[place + lane] = 0;
        }
      }
    }
    newest = slice;
    return (slice % SLICES) * lanes;
  }

  return {
    add(now_ms, lane) {
      slices[at(now_ms) + lane]! += 1;
      sums[lane]! += 1;
    },
    sum(now_ms, lane) {
      at(now_ms);
      return sums[lane]!;
    },
    clear,
  };
}
