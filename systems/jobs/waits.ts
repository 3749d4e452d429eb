import { WAIT_MS_MAX } from "./bounds.ts";
import type { JobClass } from "./contract.ts";

export interface Wait {
  class: JobClass;
  oldest_wait_s: number;
  wait_s_max: number;
  is_starving: boolean;
}

export function waitOf(
  of: JobClass,
  oldest_wait_s: number,
  wait_ms_max: Readonly<Record<JobClass, number>> = WAIT_MS_MAX,
): Wait {
  const wait_s_max = wait_ms_max[of] / 1000;
  return { class: of, oldest_wait_s, wait_s_max, is_starving: oldest_wait_s > wait_s_max };
}
