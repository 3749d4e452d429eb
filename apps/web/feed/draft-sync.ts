import { Away, Refusal } from "../client.ts";

/** A draft as the house has it; `version` is the one that this page knows. */
export interface Kept {
  id: string;
  version: number;
}

export interface SyncNeeds<C> {
  /** What is being written; null while there is nothing worth keeping. */
  content: () => C | null;
  kept: () => Kept | null;
  /** Makes a draft or saves the one that is there, and loses to what was written elsewhere meanwhile. */
  save: (content: C, kept: Kept | null) => Promise<Kept>;
  remove: (kept: Kept) => Promise<void>;
  /** `fork`: what was kept was changed on another device; what is written here goes on as a draft of its own. */
  changed: (kept: Kept | null, why: "saved" | "removed" | "gone" | "fork") => void;
  /** Runs something later; returns what takes that back. */
  later: (run: () => void) => () => void;
}

export interface DraftSync {
  /** Something was written. */
  touched(): void;
  /** Tries now: the line is back, or the page is about to be left. */
  flush(): Promise<void>;
  /** Nothing is on its way any more, and nothing begins by itself until the next `touched`. */
  settle(): Promise<void>;
}

/** So many forks in a row would be a fault of ours, not of two people at two keyboards. */
const TRIES_MAX = 3;

/**
 * Brings what is written to the house a moment after the last key, one save at a time and the newest only. Without a line
 * it waits: the browser has the draft anyway.
 */
export function createDraftSync<C>(needs: SyncNeeds<C>): DraftSync {
  let is_dirty = false;
  let cancel: (() => void) | null = null;
  let running: Promise<void> | null = null;

  async function once(): Promise<void> {
    const content = needs.content();
    const kept = needs.kept();
    if (content === null) {
      if (kept === null) return;
      needs.changed(null, "removed");
      await needs.remove(kept);
      return;
    }
    needs.changed(await needs.save(content, kept), "saved");
  }

  async function run(): Promise<void> {
    for (let tries = 0; is_dirty && tries < TRIES_MAX; tries++) {
      is_dirty = false;
      try {
        await once();
        tries = -1;
      } catch (error) {
        if (error instanceof Away) {
          is_dirty = true;
          return;
        }
        if (!(error instanceof Refusal) || needs.kept() === null) return;
        if (error.status === 412) needs.changed(null, "fork");
        else if (error.status === 404) needs.changed(null, "gone");
        else return;
        is_dirty = true;
      }
    }
  }

  const flush = async (): Promise<void> => {
    cancel?.();
    cancel = null;
    running ??= run().finally(() => (running = null));
    await running;
  };
  return {
    touched() {
      is_dirty = true;
      cancel?.();
      cancel = needs.later(() => void flush());
    },
    flush,
    async settle() {
      cancel?.();
      cancel = null;
      is_dirty = false;
      await running;
    },
  };
}
