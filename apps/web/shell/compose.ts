import { useSyncExternalStore } from "react";

import type { PersonCard } from "#kernel/cards.ts";

/** Whether the compose dialog is open, and with what it begins. */
export interface Draft {
  text?: string;
  space?: { id: string; slug: string; name: string };
  files?: File[];
  /** The post that it is about. */
  quote?: QuotedBriefly;
}

export interface QuotedBriefly {
  id: string;
  author: PersonCard;
  text: string;
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
