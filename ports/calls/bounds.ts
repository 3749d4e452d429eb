import type { RetryBounds } from "#kernel/retry.ts";

/** What a dependency may take and cost; units last. Each has what holds where nothing is said. */
export interface CallBounds extends RetryBounds {
  /** One try, from its first byte to its answer. */
  try_ms_max: number;
  /** Calls under way. */
  at_once_max: number;
  /** Calls that wait for a place; one more is refused at once. */
  waiting_max: number;
  /** Further tries for each hundred first ones; the floor is for each window of 10 s, however few first ones there were. */
  retry_percent_max: number;
  retry_floor: number;
  /** Second tries begun beside a slow first one, for each hundred first ones. They count as further tries too. */
  hedge_percent_max: number;
  /** Failures in a row after which it counts as away; more where some fail every day, so that it is no chance. */
  failures_max: number;
  /** Failures among a hundred calls of the last 10 s after which it does too, once there were so many calls. */
  failing_percent_max: number;
  failing_calls_min: number;
  /** How long an away one is left alone: doubled each time up to the second, with up to as much again by chance. */
  away_ms_min: number;
  away_ms_max: number;
}

export const CALL_BOUNDS: CallBounds = {
  try_ms_max: 10_000,
  at_once_max: 32,
  waiting_max: 128,
  tries_max: 3,
  base_ms: 100,
  delay_ms_max: 5_000,
  retry_percent_max: 10,
  retry_floor: 3,
  hedge_percent_max: 5,
  failures_max: 5,
  failing_percent_max: 50,
  failing_calls_min: 50,
  away_ms_min: 1_000,
  away_ms_max: 30_000,
};

/** Failures are counted over so long. */
export const FAILING_WINDOW_MS = 10_000;
/** Answers that the 95th hundredth is taken of, and how many there must be before anything rests on it. */
export const ANSWERS_KEPT = 128;
export const ANSWERS_MIN = 20;
/** What was told to stop and does not keeps its place for so long. */
export const LINGER_MS_MAX = 5_000;
/** Names of others that are known at once, with a state each. */
export const KEYS_MAX = 1_000;
/** Parts that one answer may be gathered of, and how many are asked at once. */
export const PARTS_MAX = 64;
export const PARTS_AT_ONCE_MAX = 8;
/** Statements of one asker that are known, to be stopped: more than a process has connections. */
export const STATEMENTS_HELD_MAX = 16;
/** What is still begun for who has given up is refused for so long; after that it is taken for a loop of the house. */
export const ASKER_LINGERS_MS_MAX = 60_000;
