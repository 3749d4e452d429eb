import type { LogPosition } from "./index.ts";

/** A place in the log as the tables know it: decimal strings of `bigint`s. */
export interface Place {
  stamp: string;
  seq: string;
}

const DIGITS = 19;

/** Before every event of every topic. */
export const LOG_START: LogPosition = encodePosition({ stamp: "0", seq: "0" });

/** Both numbers padded to one width, so that positions sort as text. */
export function encodePosition({ stamp, seq }: Place): LogPosition {
  return `${stamp.padStart(DIGITS, "0")}.${seq.padStart(DIGITS, "0")}`;
}

/** @throws RangeError for what `encodePosition` did not make */
export function decodePosition(position: LogPosition): Place {
  const match = /^(\d{19})\.(\d{19})$/.exec(position);
  if (!match) throw new RangeError(`"${position}" is not a position of the event log`);
  return { stamp: match[1]!, seq: match[2]! };
}

/** @returns below 0 when `a` comes before `b`, 0 when they are the same, above 0 otherwise */
export const comparePositions = (a: LogPosition, b: LogPosition): number => (a < b ? -1 : a > b ? 1 : 0);
