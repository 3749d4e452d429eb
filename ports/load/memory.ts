import { FREE_STAGES, FREE_STEP_BACK, MEMORY_STAGES, MEMORY_STEP_BACK } from "./bounds.ts";
import type { Memory } from "./memory-bound.ts";

/** How near the process is to being killed for its memory; each stage has what the one before has. */
export const STAGES = ["calm", "caution", "shed", "refuse"] as const;
export type Stage = (typeof STAGES)[number];

export interface MemoryWatch {
  readonly stage: Stage;
  look(): { stage: Stage; was: Stage };
  stats(): { rss_bytes: number; bytes_max: number; free_share: number };
}

export function createMemoryWatch(memory: Memory): MemoryWatch {
  let stage: Stage = "calm";
  let rss_bytes = 0;
  let free_share = 1;

  /** @param back what is given in, so that a stage does not come and go with each look */
  const stageFor = (used: number, free: number, back: { used: number; free: number }): Stage => {
    for (const name of ["refuse", "shed", "caution"] as const) {
      if (used >= MEMORY_STAGES[name] - back.used || free <= FREE_STAGES[name] + back.free) return name;
    }
    return "calm";
  };

  return {
    get stage() {
      return stage;
    },
    look() {
      const was = stage;
      rss_bytes = memory.rss();
      free_share = memory.free();
      const used = rss_bytes / memory.bytes_max;
      const up = stageFor(used, free_share, { used: 0, free: 0 });
      const down = stageFor(used, free_share, { used: MEMORY_STEP_BACK, free: FREE_STEP_BACK });
      if (STAGES.indexOf(up) > STAGES.indexOf(stage)) stage = up;
      else if (STAGES.indexOf(down) < STAGES.indexOf(stage)) stage = down;
      return { stage, was };
    },
    stats: () => ({ rss_bytes, bytes_max: memory.bytes_max, free_share }),
  };
}
