import { useSyncExternalStore } from "react";

/**
 * Which warnings a reader opened: remembered for each post over a reload, the oldest forgotten first. A warning that was
 * changed since is another one, and stands closed.
 */
export interface Veils {
  isOpen(post_id: string, warning: string): boolean;
  set(post_id: string, warning: string, open: boolean): void;
  subscribe(listener: () => void): () => void;
}

export const VEILS_KEPT_MAX = 500;
const KEY = "folkhus.opened";

interface Shelf {
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
}

export function createVeils(shelf: Shelf): Veils {
  let opened = read();
  const listeners = new Set<() => void>();

  function read(): Map<string, string> {
    try {
      const found: unknown = JSON.parse(shelf.getItem(KEY) ?? "[]");
      const isPair = (one: unknown): one is [string, string] =>
        Array.isArray(one) && typeof one[0] === "string" && typeof one[1] === "string";
      return new Map(Array.isArray(found) ? found.filter(isPair) : []);
    } catch {
      return new Map();
    }
  }

  return {
    isOpen: (post_id, warning) => opened.get(post_id) === warning,
    set(post_id, warning, open) {
      opened = new Map(opened);
      opened.delete(post_id);
      if (open) opened.set(post_id, warning);
      for (const oldest of opened.keys()) {
        if (opened.size <= VEILS_KEPT_MAX) break;
        opened.delete(oldest);
      }
      try {
        shelf.setItem(KEY, JSON.stringify([...opened]));
      } catch {
        // Where the browser keeps nothing, it is remembered until the page is left.
      }
      for (const listener of listeners) listener();
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}

let veils: Veils | null = null;
const shared = (): Veils => (veils ??= createVeils(localStorage));

/** @param what `words` or `media`: each veil of a post is opened by itself */
export function useVeil(post_id: string, what: "words" | "media", warning: string): [boolean, (open: boolean) => void] {
  const key = `${post_id}.${what}`;
  const open = useSyncExternalStore(shared().subscribe, () => shared().isOpen(key, warning));
  return [open, (next) => shared().set(key, warning, next)];
}
