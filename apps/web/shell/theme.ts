import { useSyncExternalStore } from "react";

/** Light, dark or as the system says; and whether things may move. The early script in the HTML reads the same keys. */
export type Theme = "system" | "light" | "dark";
export type Motion = "system" | "still";

const DARK = "(prefers-color-scheme: dark)";
const listeners = new Set<() => void>();

export function themeNow(): Theme {
  const kept = localStorage.getItem("folkhus.theme");
  return kept === "light" || kept === "dark" ? kept : "system";
}
export const motionNow = (): Motion => (localStorage.getItem("folkhus.motion") === "still" ? "still" : "system");

function apply() {
  const theme = themeNow();
  const root = document.documentElement;
  root.dataset.theme = theme === "system" ? (matchMedia(DARK).matches ? "dark" : "light") : theme;
  if (motionNow() === "still") root.dataset.motion = "still";
  else delete root.dataset.motion;
  const color = getComputedStyle(root).getPropertyValue("--birch").trim();
  for (const meta of document.querySelectorAll<HTMLMetaElement>('meta[name="theme-color"]')) meta.content = color;
  for (const listener of listeners) listener();
}

export function watchTheme() {
  apply();
  matchMedia(DARK).addEventListener("change", apply);
  window.addEventListener("storage", apply);
}

const keep = (key: string, value: string) => {
  if (value === "system") localStorage.removeItem(key);
  else localStorage.setItem(key, value);
  apply();
};
export const setTheme = (theme: Theme) => keep("folkhus.theme", theme);
export const setMotion = (motion: Motion) => keep("folkhus.motion", motion);

const subscribe = (listener: () => void) => {
  listeners.add(listener);
  return () => void listeners.delete(listener);
};
export const useTheme = () => useSyncExternalStore(subscribe, themeNow);
export const useMotion = () => useSyncExternalStore(subscribe, motionNow);

/** No autoplay, no smooth scrolling: by the system's wish or the page's own switch. */
export const isStill = () => motionNow() === "still" || matchMedia("(prefers-reduced-motion: reduce)").matches;
