import { MOD } from "./keyboard.ts";

/** How any part of the page calls the palette; the frame listens. */
export const PALETTE_WANTED = "folkhus:palette";
export const openPalette = () => void window.dispatchEvent(new Event(PALETTE_WANTED));
export const searchHint = `${MOD} K`;
