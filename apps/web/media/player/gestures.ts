/** What fingers on the picture mean. Times in ms, places in CSS pixels. */
export const HOLD_MS = 450;
export const DOUBLE_MS = 320;
const MOVE_PX = 12;
const LEAVE_PX = 70;
/** A swipe over the whole width goes so far, or over the whole film where that is shorter. */
const SWIPE_S = 120;
export const TAP_S = 10;

export type Side = "left" | "middle" | "right";

/** The thirds of the picture: the outer ones go back and on, the middle one plays. */
export const sideOf = (x: number, width: number): Side =>
  x < width * 0.35 ? "left" : x > width * 0.65 ? "right" : "middle";

export interface Tap {
  at_ms: number;
  side: Side;
}

/** Whether a tap is the second of two; taps that follow go on counting. */
export const isDouble = (tap: Tap, before: Tap | null): boolean =>
  before !== null && tap.side === before.side && tap.at_ms - before.at_ms < DOUBLE_MS;

export type Drag = "none" | "along" | "up" | "down";

/** What a finger that moved so far does: sweep along the film, or lift the picture to full screen and put it down. */
export function dragOf(dx: number, dy: number): Drag {
  if (Math.abs(dx) < MOVE_PX && Math.abs(dy) < MOVE_PX) return "none";
  if (Math.abs(dx) >= Math.abs(dy)) return "along";
  return dy > 0 ? "down" : "up";
}

export const hasLeft = (dy: number): boolean => Math.abs(dy) > LEAVE_PX;

/** Where a sweep along leads. */
export function sweptTo(from_s: number, dx: number, width: number, duration_s: number): number {
  const reach_s = Math.min(SWIPE_S, duration_s);
  return Math.min(duration_s, Math.max(0, from_s + (dx / Math.max(1, width)) * reach_s));
}
