/**
 * What was done here comes back by the log a moment later. If the same entry has changed here again meanwhile, its older
 * change must not be done once more: the post that was deleted and brought back would be gone until the log has told all of it.
 */
export interface Echoes {
  /** Done here, after its commit. */
  own(entry_id: string): void;
  /** The log tells it. @returns false when something newer was done here that it has not told yet */
  logged(entry_id: string): boolean;
}

/** Where the log is so far behind, everything is done again as it comes; the end is the same. */
export const ECHOES_MAX = 10_000;

export function createEchoes(): Echoes {
  const waiting = new Map<string, number>();
  return {
    own(entry_id) {
      if (waiting.size >= ECHOES_MAX) waiting.clear();
      waiting.set(entry_id, (waiting.get(entry_id) ?? 0) + 1);
    },
    logged(entry_id) {
      const left = (waiting.get(entry_id) ?? 0) - 1;
      if (left > 0) waiting.set(entry_id, left);
      else waiting.delete(entry_id);
      return left <= 0;
    },
  };
}
