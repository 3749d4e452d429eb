/**
 * How a loader waits. A segment that is asked for before it was made is made for whoever asks (0.3 to 1 s); a house with
 * too many of those says 503 and when to come again; 425 is "not yet". All of them are late, not lost.
 */
export const TRIES_MAX = 7;
const WAIT_MS_FIRST = 300;
const WAIT_MS_MAX = 8_000;

export interface Trouble {
  /** 0 for no answer at all. */
  status: number;
  /** As the house said it; null where it said nothing. */
  retry_after_s: number | null;
}

const LATE = new Set([0, 408, 425, 429, 502, 503, 504]);

/**
 * @param tried how many times it was asked for already (1 after the first)
 * @param chance 0…1, spreads those who were sent away together
 * @returns ms to wait before asking again; null gives up
 */
export function waitBefore(tried: number, { status, retry_after_s }: Trouble, chance: number): number | null {
  if (!LATE.has(status) || tried >= TRIES_MAX) return null;
  const own_ms = Math.min(WAIT_MS_MAX, WAIT_MS_FIRST * 2 ** (tried - 1));
  const asked_ms = retry_after_s === null ? own_ms : Math.min(WAIT_MS_MAX, retry_after_s * 1000);
  return Math.round(asked_ms * (1 + chance * 0.25));
}

/** @returns seconds of a `Retry-After`, which may be a number or a date; null for nothing to go by */
export function retryAfter(header: string | null, now_ms: number): number | null {
  if (header === null || header.trim() === "") return null;
  const seconds = Number(header);
  if (Number.isFinite(seconds)) return Math.max(0, seconds);
  const date_ms = Date.parse(header);
  return Number.isNaN(date_ms) ? null : Math.max(0, (date_ms - now_ms) / 1000);
}
