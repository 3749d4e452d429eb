import type { Priority } from "#kernel/contract.ts";

import type { Rank } from "./levels.ts";
import type { Stage } from "./memory.ts";

/**
 * Keeps a house that is asked for more than it can do doing what it can. It watches the loop and the memory of this process,
 * lets so many requests work at once, and refuses the rest early, the least important first.
 */
export interface Load extends Disposable {
  /**
   * Lets a request in. Whoever got in calls `leave` once, however the request ends.
   * @param left_ms until its deadline
   * @param from says where it comes from, and is asked only where it may have to wait: those of one rank that wait have turns by it, so whoever sends much waits behind its own
   * @returns null where it is in at once (nothing to await), else a promise that ends when it is
   * @throws Problem 503 `load.busy`, `load.late`, `load.memory`, at once or after the wait
   */
  enter(rank: Rank, left_ms: number, from?: () => string): Promise<void> | null;
  /** @param rank as it was let in */
  leave(rank: Rank): void;
  /** Whether it would be let in, for what takes no place because it may last for hours. @throws as `enter` */
  look(rank: Rank, from?: () => string): void;
  /** Asked before what holds memory for long. @throws Problem 503 `load.memory` */
  hold(what: "socket" | "upload"): void;
  readonly stage: Stage;
  stats(): LoadStats;
}

export interface LoadStats {
  in_flight: number;
  /** Most that may work at once, now. */
  at_once_max: number;
  waiting: number;
  admitted: number;
  /** Refused since the start. */
  shed: Record<Priority, number>;
  refused_sockets: number;
  refused_uploads: number;
  /** The longest that anything waited for the loop, in the last tenth of a second. */
  loop_lag_ms: number;
  /** The longest of the last ten seconds. */
  loop_lag_worst_ms: number;
  /** What a probe of the database's pool waited last; null where nothing was asked. */
  probe_ms: number | null;
  /** More is asked than can be done: turns of the loop are long, or the line stands. */
  is_behind: boolean;
  /** 0 calm, 1 caution, 2 shed, 3 refuse. */
  memory_stage: number;
  rss_bytes: number;
  memory_bytes_max: number;
  /** Part of the machine's memory that is free. */
  free_share: number;
}

export * from "./bounds.ts";
export type { Rank } from "./levels.ts";
export { createLoad, type LoadNeeds } from "./load.ts";
export { type Memory, systemMemory } from "./memory-bound.ts";
export { type Stage, STAGES } from "./memory.ts";
