/** The keys of the player, as the help shows them. */
export const PLAYER_KEYS = [
  ["Space k", "Play or pause"],
  ["j l", "10 seconds back or on"],
  ["← →", "5 seconds back or on"],
  ["↑ ↓", "Louder or softer"],
  ["0 … 9", "To that tenth of the video"],
  ["m", "Sound on or off"],
  ["c", "Captions"],
  ["< >", "Slower or faster"],
  ["f", "Full screen"],
  ["t", "Wide picture"],
  ["i", "Into the corner and back"],
  ["Escape", "Close the corner"],
] as const;
