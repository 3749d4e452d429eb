import { useSyncExternalStore } from "react";

/** Whether the compose dialog is open, and with what it begins. */
export interface Draft {
  text?: string;
  space?: { id: string; slug: string; name: string };
  files?: File[];
}

let open: Draft | null = null;
const listeners = new Set<() => void>();

function set(next: Draft | null) {
  open = next;
  for (const listener of listeners) listener();
}

export const openCompose = (draft: Draft = {}) => set(draft);
export const closeCompose = () => set(null);

const subscribe = (listener: () => void) => {
  listeners.add(listener);
  return () => void listeners.delete(listener);
};
export const useCompose = () => useSyncExternalStore(subscribe, () => open);
