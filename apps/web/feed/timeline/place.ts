/** Above this line stand the lintel and the pill, and the end of what was read; a list that opens where one stopped begins here. */
const READ_FROM_PX = 176;
/** So near to the top, one reads the newest. */
export const AT_TOP_PX = 160;

export function topmost(list: HTMLElement): HTMLElement | null {
  for (const item of list.querySelectorAll<HTMLElement>("[data-entry]")) {
    if (item.getBoundingClientRect().bottom > READ_FROM_PX + 1) return item;
  }
  return null;
}

/** Frames in which what is drawn for the first time may still change its height; 20 are a third of a second. */
const STEADY_FRAMES = 20;

/**
 * Brings a thing to a place in the window, and keeps it there while what stands above it takes its true height, unless its
 * reader moves first. @returns what ends it
 */
export function keepAt(item: HTMLElement, top_px: number): () => void {
  let frames = 0;
  let frame = 0;
  const end = () => {
    cancelAnimationFrame(frame);
    for (const name of MOVES) window.removeEventListener(name, end);
  };
  const align = () => {
    const moved = item.getBoundingClientRect().top - top_px;
    if (moved !== 0) window.scrollBy({ top: moved, behavior: "instant" });
    if (frames++ < STEADY_FRAMES && item.isConnected) frame = requestAnimationFrame(align);
    else end();
  };
  for (const name of MOVES) window.addEventListener(name, end, { passive: true });
  align();
  return end;
}

/** To where reading begins. */
export const goTo = (item: HTMLElement): (() => void) => keepAt(item, READ_FROM_PX);
const MOVES = ["wheel", "touchstart", "keydown", "pointerdown"] as const;

export const LOOK_MS_MIN = 30_000;
const LOOK_MS_MAX = 300_000;

/** How long to wait until the next look for newer ones: longer after each that found nothing. */
export const waitAfter = (fruitless: number): number => Math.min(LOOK_MS_MAX, LOOK_MS_MIN * 1.5 ** fruitless);

const UPWARDS = new Set(["ArrowUp", "PageUp", "Home", "k"]);
const DOWNWARDS = new Set(["ArrowDown", "PageDown", "End", " ", "j"]);

/** Which way its reader goes, by their own hand: the window also moves by itself when things come in. */
export function watchWay(tell: (up: boolean) => void): () => void {
  let finger_y: number | null = null;
  const onWheel = ({ deltaY }: WheelEvent) => deltaY !== 0 && tell(deltaY < 0);
  const onKey = ({ key }: KeyboardEvent) => (UPWARDS.has(key) ? tell(true) : DOWNWARDS.has(key) && tell(false));
  const onTouch = ({ touches }: TouchEvent) => {
    const y = touches[0]?.clientY ?? null;
    if (y !== null && finger_y !== null && y !== finger_y) tell(y > finger_y);
    finger_y = y;
  };
  window.addEventListener("wheel", onWheel, { passive: true });
  window.addEventListener("keydown", onKey);
  window.addEventListener("touchmove", onTouch, { passive: true });
  window.addEventListener("touchend", onTouch, { passive: true });
  return () => {
    window.removeEventListener("wheel", onWheel);
    window.removeEventListener("keydown", onKey);
    window.removeEventListener("touchmove", onTouch);
    window.removeEventListener("touchend", onTouch);
  };
}

export interface TellerNeeds {
  tell: (entry_id: string) => void;
  /** Calls back later; gives what takes that back. */
  later: (run: () => void) => () => void;
}

/** Tells where somebody reads once they rest there, each place once, and at once when the page goes. */
export interface Teller {
  at(entry_id: string): void;
  now(): void;
}

export function createTeller({ tell, later }: TellerNeeds): Teller {
  let told: string | null = null;
  let waiting: string | null = null;
  let cancel = () => {};
  const now = () => {
    cancel();
    if (waiting === null || waiting === told) return;
    told = waiting;
    tell(waiting);
  };
  return {
    at(entry_id) {
      if (entry_id === waiting) return;
      waiting = entry_id;
      cancel();
      cancel = later(now);
    },
    now,
  };
}
