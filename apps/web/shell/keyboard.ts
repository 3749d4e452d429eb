import { useEffect, useRef } from "react";

/** Keys for the whole page, each with its words, so that the help can never forget one. */
export interface Shortcut {
  /** "n", "?", "g h" (one after the other) or "mod+k". */
  keys: string;
  label: string;
  group: string;
  run: () => void;
}

const SEQUENCE_MS_MAX = 1_000;
const living = new Set<{ current: readonly Shortcut[] }>();
let began: { key: string; at: number } | null = null;

export const shortcutsNow = (): Shortcut[] => [...living].flatMap((group) => group.current);

export function useShortcuts(shortcuts: readonly Shortcut[]) {
  const latest = useRef(shortcuts);
  useEffect(() => {
    latest.current = shortcuts;
  });
  useEffect(() => {
    living.add(latest);
    return () => void living.delete(latest);
  }, []);
}

export const isTyping = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement &&
  (target.isContentEditable || /^(?:INPUT|TEXTAREA|SELECT)$/.test(target.tagName)) &&
  !/^(?:checkbox|radio|range)$/.test((target as HTMLInputElement).type);

/** The name of a key press in the grammar above; null for presses that name nothing. */
export function pressOf(event: Pick<KeyboardEvent, "key" | "ctrlKey" | "metaKey" | "altKey">): string | null {
  if (event.altKey) return null;
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  return event.ctrlKey || event.metaKey ? `mod+${key}` : key;
}

function onKey(event: KeyboardEvent) {
  const press = pressOf(event);
  if (press === null || event.defaultPrevented || event.isComposing) return;
  if (isTyping(event.target) && !press.startsWith("mod+")) return;
  // A dialog or a menu has the keyboard to itself.
  if (
    !press.startsWith("mod+") &&
    event.target instanceof Element &&
    event.target.closest('[role="dialog"],[role="menu"],[role="alertdialog"]')
  )
    return;
  // The space bar presses the button that has the focus.
  if (press === " " && event.target instanceof Element && event.target.closest("button,a,summary,[role=slider]"))
    return;
  const sequence = began && event.timeStamp - began.at < SEQUENCE_MS_MAX ? `${began.key} ${press}` : null;
  began = null;
  const all = shortcutsNow();
  const hit =
    (sequence && all.findLast((shortcut) => shortcut.keys === sequence)) ||
    all.findLast((shortcut) => shortcut.keys === press);
  if (hit) {
    event.preventDefault();
    hit.run();
  } else if (all.some((shortcut) => shortcut.keys.startsWith(`${press} `))) {
    began = { key: press, at: event.timeStamp };
  }
}

export function listenToKeys() {
  window.addEventListener("keydown", onKey);
}

export const MOD = /Mac|iPhone|iPad/.test(globalThis.navigator?.platform ?? "") ? "⌘" : "Ctrl";

/** j and k walk through whatever list of posts is on the screen. */
export function walkPosts(step: 1 | -1) {
  const posts = [...document.querySelectorAll<HTMLElement>("[data-post]")];
  if (posts.length === 0) return;
  const at = posts.indexOf(document.activeElement?.closest<HTMLElement>("[data-post]") as HTMLElement);
  const inView = posts.findIndex((post) => post.getBoundingClientRect().bottom > 80);
  const next = posts[at === -1 ? Math.max(0, inView) : Math.min(posts.length - 1, Math.max(0, at + step))];
  next?.focus({ preventScroll: true });
  next?.scrollIntoView({ block: "start" });
}
