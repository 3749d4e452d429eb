import { useSyncExternalStore } from "react";

import { chatRoutes as r, type Presence, PRESENCE_ASKED_MAX } from "#systems/chat/contract.ts";

import { call } from "../shell/house.ts";
import { FORGET } from "../shell/session.ts";

/** As old as what is shown of others may be. */
const LOOK_MS = 30_000;
/** Rows that are drawn together are asked for together. */
const GATHER_MS = 60;

const wanted = new Map<string, number>();
const known = new Map<string, { presence: Presence; at: number }>();
const listeners = new Set<() => void>();
let gathering: ReturnType<typeof setTimeout> | undefined;
let looking: ReturnType<typeof setInterval> | undefined;

function look(older_ms: number): void {
  if (document.visibilityState !== "visible") return;
  const now = performance.now();
  const ids = [...wanted.keys()]
    .filter((id) => now - (known.get(id)?.at ?? -Infinity) >= older_ms)
    .slice(-PRESENCE_ASKED_MAX);
  if (ids.length === 0) return;
  call(r.presence, { query: { ids: ids.join(",") } })
    .then(({ items }) => {
      for (const presence of items) known.set(presence.person_id, { presence, at: now });
      for (const listener of listeners) listener();
    })
    // Asked again with the next look; until then what was known stands.
    .catch(() => {});
}

const soon = (older_ms: number) => {
  gathering ??= setTimeout(() => {
    gathering = undefined;
    look(older_ms);
  }, GATHER_MS);
};
const seen = () => soon(LOOK_MS / 2);

/** Asked for anew: one's own status was changed. */
export const presenceChanged = (): void => look(0);

window.addEventListener(FORGET, () => known.clear());

/** Whether somebody is here, and what they say of themselves, as long as something shows it. Asked for in one call for all. */
export function usePresence(id: string | undefined): Presence | undefined {
  return useSyncExternalStore(
    (listener) => {
      if (id === undefined) return () => {};
      listeners.add(listener);
      wanted.set(id, (wanted.get(id) ?? 0) + 1);
      if (!known.has(id)) soon(LOOK_MS);
      if (looking === undefined) {
        looking = setInterval(() => look(LOOK_MS / 2), LOOK_MS);
        document.addEventListener("visibilitychange", seen);
      }
      return () => {
        listeners.delete(listener);
        const left = (wanted.get(id) ?? 1) - 1;
        if (left > 0) wanted.set(id, left);
        else wanted.delete(id);
        if (wanted.size > 0) return;
        clearInterval(looking);
        looking = undefined;
        document.removeEventListener("visibilitychange", seen);
      };
    },
    () => (id === undefined ? undefined : known.get(id)?.presence),
  );
}
