import { useSyncExternalStore } from "react";

/**
 * What the viewer just did, laid over what the house last said, so that every copy of a thing on the page changes at
 * once and no list has to be searched. Entries are bounded; the oldest go first.
 */
export interface Overlay<T extends object> {
  patch(id: string, change: Partial<T> | ((before: Partial<T>) => Partial<T>)): void;
  forget(id: string): void;
  of(id: string): Partial<T>;
  subscribe(listener: () => void): () => void;
}

export const OVERLAY_ENTRIES_MAX = 2_000;
const NOTHING = Object.freeze({});

export function createOverlay<T extends object>(entries_max = OVERLAY_ENTRIES_MAX): Overlay<T> {
  const entries = new Map<string, Partial<T>>();
  const listeners = new Set<() => void>();
  const tell = () => {
    for (const listener of listeners) listener();
  };
  return {
    patch(id, change) {
      const before = entries.get(id) ?? (NOTHING as Partial<T>);
      entries.delete(id);
      entries.set(id, { ...before, ...(typeof change === "function" ? change(before) : change) });
      if (entries.size > entries_max) entries.delete(entries.keys().next().value!);
      tell();
    },
    forget(id) {
      if (entries.delete(id)) tell();
    },
    of: (id) => entries.get(id) ?? (NOTHING as Partial<T>),
    subscribe(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}

/** The thing as the viewer should see it. */
export function useOverlaid<T extends object>(overlay: Overlay<T>, id: string, thing: T): T {
  const change = useSyncExternalStore(overlay.subscribe, () => overlay.of(id));
  return change === NOTHING ? thing : { ...thing, ...change };
}
