import { PRIORITIES, type Priority } from "#kernel/contract.ts";

import { RESERVE_MIN, RESERVE_SHARE, WAIT_TARGET_MS } from "./bounds.ts";

/** A priority as a number, 0 the most important. */
export type Level = 0 | 1 | 2 | 3;

export const levelOf = (priority: Priority): Level => LEVELS[priority];
const LEVELS: Record<Priority, Level> = { critical: 0, act: 1, read: 2, spare: 3 };
export const priorityOf = (level: Level): Priority => PRIORITIES[level];

/** What a level may wait for while the house is behind; what is spare does not wait then. */
export const PATIENCE_MS: Record<Level, number> = {
  0: 40 * WAIT_TARGET_MS,
  1: 5 * WAIT_TARGET_MS,
  2: WAIT_TARGET_MS,
  3: 0,
};
/** What it may wait for in a burst. */
export const PATIENCE_IN_BURST_MS: Record<Level, number> = { 0: 5_000, 1: 2_000, 2: 1_000, 3: 200 };

/** Of the requests at work at once, what a level may fill together with all below it. */
export function roomOf(level: Level, at_once_max: number): number {
  if (level === 0) return at_once_max + Math.max(RESERVE_MIN, Math.ceil(at_once_max * RESERVE_SHARE));
  if (level === 1) return at_once_max;
  return Math.max(1, Math.floor(at_once_max * (level === 2 ? 0.9 : 0.5)));
}
