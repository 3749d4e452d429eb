import { HOUR_MS, MINUTE_MS } from "#kernel/time.ts";

import type { JobClass } from "./contract.ts";

/**
 * So long may the oldest of a class that is due wait in health. Interactive work begins in milliseconds; two minutes are
 * somebody who has given up. Batch work may lie behind a few long films, and tidying may wait for the night.
 */
export const WAIT_MS_MAX: Record<JobClass, number> = {
  interactive: 2 * MINUTE_MS,
  batch: HOUR_MS,
  maintenance: 6 * HOUR_MS,
};

export interface Wait {
  class: JobClass;
  oldest_wait_s: number;
  wait_s_max: number;
  is_starving: boolean;
}

export function waitOf(of: JobClass, oldest_wait_s: number): Wait {
  const wait_s_max = WAIT_MS_MAX[of] / 1000;
  return { class: of, oldest_wait_s, wait_s_max, is_starving: oldest_wait_s > wait_s_max };
}
