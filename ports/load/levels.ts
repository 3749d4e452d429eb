import { PRIORITIES, type Priority } from "#kernel/contract.ts";

import { RESERVE_MIN, RESERVE_SHARE } from "./bounds.ts";

/** A priority as a number, 0 the most important. */
export type Level = 0 | 1 | 2 | 3;

export const levelOf = (priority: Priority): Level => LEVELS[priority];
const LEVELS: Record<Priority, Level> = { critical: 0, act: 1, read: 2, spare: 3 };
export const priorityOf = (level: Level): Priority => PRIORITIES[level];

/** What a level may wait for while the house is behind, in waits that a read may bear; what is spare does not wait then. */
const PATIENCE_TARGETS: Record<Level, number> = { 0: 40, 1: 5, 2: 1, 3: 0 };
/** What it may wait for in a burst. */
const PATIENCE_IN_BURST_MS: Record<Level, number> = { 0: 5_000, 1: 2_000, 2: 1_000, 3: 200 };

export const patienceOf = (level: Level, target_ms: number) => PATIENCE_TARGETS[level] * target_ms;
export const patienceInBurst = (level: Level, target_ms: number) =>
  Math.max(PATIENCE_IN_BURST_MS[level], patienceOf(level, target_ms));

/** Of the requests at work at once, what a level may fill together with all below it. */
export function roomOf(level: Level, at_once_max: number): number {
  if (level === 0) return at_once_max + Math.max(RESERVE_MIN, Math.ceil(at_once_max * RESERVE_SHARE));
  if (level === 1) return at_once_max;
  return Math.max(1, Math.floor(at_once_max * (level === 2 ? 0.9 : 0.5)));
}
