import { PRIORITIES, type Priority } from "#kernel/contract.ts";

import { CLAIMED_SHARE, RESERVE_MIN, RESERVE_SHARE } from "./bounds.ts";

/**
 * What a request is worth: its route's priority. `claimed` is critical by the route's word alone, for whoever calls it: signing in must go on,
 * and a crowd of strangers that signs in all day must not be all that goes on.
 */
export type Rank = Priority | "claimed";

/** A rank as a number, 0 the most important. */
export type Level = 0 | 1 | 2 | 3 | 4;
export const LEVELS = 5;
export const CLAIMED: Level = 1;
export const SPARE: Level = 4;

const LEVEL_OF: Record<Rank, Level> = { critical: 0, claimed: CLAIMED, act: 2, read: 3, spare: SPARE };
export const levelOf = (rank: Rank): Level => LEVEL_OF[rank];
/** As it is counted: by priority. */
export const countedAs = (level: Level): number => PRIORITIES.indexOf(PRIORITY_OF[level]);
const PRIORITY_OF: Record<Level, Priority> = { 0: "critical", 1: "critical", 2: "act", 3: "read", 4: "spare" };

/**
 * What a level may wait for once the line stands, in waits that a read may bear; what is spare does not wait then. A standing line is as long as
 * it may be, so to wait longer serves nobody more: it would only make all that is served late.
 */
const PATIENCE_TARGETS: Record<Level, number> = { 0: 10, 1: 10, 2: 2, 3: 1, 4: 0 };
/** What it may wait for in a burst. */
const PATIENCE_IN_BURST_MS: Record<Level, number> = { 0: 2_000, 1: 2_000, 2: 800, 3: 400, 4: 100 };

export const patienceOf = (level: Level, target_ms: number) => PATIENCE_TARGETS[level] * target_ms;
export const patienceInBurst = (level: Level, target_ms: number) =>
  Math.max(PATIENCE_IN_BURST_MS[level], patienceOf(level, target_ms));

/** Of the requests at work at once, what a level may fill together with all that are no more important. */
export function roomOf(level: Level, at_once_max: number): number {
  if (level === 0) return at_once_max + Math.max(RESERVE_MIN, Math.ceil(at_once_max * RESERVE_SHARE));
  if (level <= 2) return at_once_max;
  return Math.max(1, Math.floor(at_once_max * (level === 3 ? 0.9 : 0.5)));
}

/** Of the same, what is claimed may fill by itself. */
export const roomOfClaimed = (at_once_max: number) => Math.max(1, Math.floor(at_once_max * CLAIMED_SHARE));
