import type { Clock } from "#ports/clock/index.ts";

import { CURSOR_EVERY_MS } from "./bounds.ts";

/** Cursors that only move on: the first is passed on at once, and then the newest once a second. */
export interface Cursors {
  set(name: string, seq: number, write: (seq: number) => Promise<void>): void;
  /** Writes what waits, and takes no more. */
  end(): void;
}

export function createCursors({ clock, onFailure }: { clock: Clock; onFailure: (error: unknown) => void }): Cursors {
  const all = new Map<string, { wanted: number; written: number; write: (seq: number) => Promise<void> }>();
  let ended = false;

  async function pass(name: string): Promise<void> {
    for (let cursor = all.get(name); cursor && cursor.wanted > cursor.written; cursor = all.get(name)) {
      cursor.written = cursor.wanted;
      try {
        await cursor.write(cursor.written);
      } catch (error) {
        // The client says it again when it comes back; its cursor is its own.
        onFailure(error);
      }
      if (ended) return;
      await clock.sleep(CURSOR_EVERY_MS);
    }
    all.delete(name);
  }

  return {
    set(name, seq, write) {
      if (ended) return;
      const known = all.get(name);
      if (known) {
        known.wanted = Math.max(known.wanted, seq);
        known.write = write;
        return;
      }
      all.set(name, { wanted: seq, written: -1, write });
      void pass(name);
    },
    end() {
      ended = true;
      for (const cursor of all.values())
        if (cursor.wanted > cursor.written) {
          cursor.written = cursor.wanted;
          void cursor.write(cursor.wanted).catch(onFailure);
        }
    },
  };
}
