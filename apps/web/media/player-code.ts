import { type ReactNode, useSyncExternalStore } from "react";

import type { Playing } from "./now-playing.ts";

type Host = (props: { playing: Playing }) => ReactNode;

let host: Host | null = null;
const listeners = new Set<() => void>();

const subscribe = (listener: () => void) => {
  listeners.add(listener);
  return () => void listeners.delete(listener);
};

/** The player's code (no part of a first visit). */
export async function loadPlayer(): Promise<void> {
  if (host) return;
  host = (await import("./player-host.tsx")).default;
  for (const listener of listeners) listener();
}

/**
 * The player's code, where it is there. Not by `lazy`: what React once waited for it shows 300 ms later at the earliest,
 * and a film's first picture would wait with it.
 */
export const usePlayerHost = () => useSyncExternalStore(subscribe, () => host);
