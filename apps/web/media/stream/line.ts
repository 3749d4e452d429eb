/** What is known of the line and the screen before a film begins. */
const KEY = "folkhus.line";
const BPS_UNKNOWN = 3_000_000;
const BPS_MIN = 150_000;
const BPS_MAX = 200_000_000;

/** What the line carried the last time, in bit/s. */
export function bandwidth(): number {
  const kept = Number(read());
  return kept >= BPS_MIN && kept <= BPS_MAX ? kept : BPS_UNKNOWN;
}

export function rememberBandwidth(bps: number) {
  if (!Number.isFinite(bps)) return;
  try {
    localStorage.setItem(KEY, String(Math.round(Math.min(BPS_MAX, Math.max(BPS_MIN, bps)))));
  } catch {
    // A browser that keeps nothing begins with the usual guess each time.
  }
}

function read(): string | null {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null;
  }
}

/** The short side of the screen in device pixels: more than that no film needs. */
export const screenSide = (): number =>
  Math.min(screen.width || innerWidth, screen.height || innerHeight) * (devicePixelRatio || 1);
