/** What is known of the line and of the picture before a film begins. */
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

/** From this width on a page has other things beside its film: the rail, and what people say. */
const BESIDE_FROM_PX = 1024;
const BESIDE_PX = 700;
const PAGE_PX_MAX = 1296;

/**
 * The short side of a film's picture in device pixels: more than that it does not need at first. Before its player is
 * there, as large as it will be on its page.
 */
export function pictureSide(video?: HTMLVideoElement): number {
  const ratio = devicePixelRatio || 1;
  if (video && video.clientWidth > 0) return Math.min(video.clientWidth, video.clientHeight) * ratio;
  const width = innerWidth < BESIDE_FROM_PX ? innerWidth : Math.min(innerWidth, PAGE_PX_MAX) - BESIDE_PX;
  return ((width * 9) / 16) * ratio;
}
