import { useSyncExternalStore } from "react";

/** Whether the house answers. While it does not, we knock again: after 1, 2, 4 … at most 15 seconds. */
const KNOCK_MS_MAX = 15_000;

let answering = true;
let knocks = 0;
let timer: ReturnType<typeof setTimeout> | undefined;
const listeners = new Set<() => void>();
const backListeners = new Set<() => void>();

function set(next: boolean) {
  if (answering === next) return;
  answering = next;
  for (const listener of listeners) listener();
  if (next) for (const listener of backListeners) listener();
}

/** Told by every call. */
export function reached(answered: boolean) {
  if (answered) {
    clearTimeout(timer);
    timer = undefined;
    knocks = 0;
    set(true);
    return;
  }
  set(false);
  timer ??= setTimeout(knock, Math.min(KNOCK_MS_MAX, 1000 * 2 ** knocks++));
}

/** Asks at once; also what the banner's button does. */
export function knock() {
  clearTimeout(timer);
  timer = undefined;
  // Owned here: either branch ends in `reached`, which never throws.
  void fetch("/healthz", { cache: "no-store" }).then(
    (response) => reached(response.ok),
    () => reached(false),
  );
}

export const onBack = (listener: () => void) => {
  backListeners.add(listener);
  return () => void backListeners.delete(listener);
};

const subscribe = (listener: () => void) => {
  listeners.add(listener);
  return () => void listeners.delete(listener);
};

export const useReachable = () => useSyncExternalStore(subscribe, () => answering);
