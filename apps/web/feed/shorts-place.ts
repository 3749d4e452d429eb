/** Which short is meant. */

/** Videos beside the one on the screen that are made ready: two to come, one to go back to. */
export const AHEAD = 2;
export const BEHIND = 1;

/** So much of the next one is on the screen when it takes over: early enough that it moves when it arrives. */
const TURN = 0.35;

/**
 * The short that a scrolled list shows.
 * @param place scroll offset in heights of one short: 1.4 stands between the second and the third
 * @param at the one that is playing
 */
export function shownAt(place: number, at: number, count: number): number {
  const moved = place - at;
  const next = Math.abs(moved) < TURN ? at : moved > 0 ? Math.floor(place + 1 - TURN) : Math.ceil(place - 1 + TURN);
  return Math.min(Math.max(0, count - 1), Math.max(0, next));
}

/** Whether a short is held ready; all others let go of what they had. */
export const isHeld = (index: number, at: number): boolean => index - at <= AHEAD && at - index <= BEHIND;
