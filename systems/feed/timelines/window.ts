import type { PersonId } from "#kernel/ids.ts";
import { comparePositions, type LogPosition } from "#ports/log/index.ts";

/** What changed in homes lately, as this node knows it. */
export interface Change {
  member: PersonId;
  key: number;
  gone: boolean;
}

/**
 * The latest changes of all people, from a place in the event log on without a gap; and this node's own that the log has not
 * brought back yet. With it a list that is true as of some place is made true as of now.
 */
export interface Window {
  /** Committed here a moment ago; the log will bring it again, with its place, or was quicker than who committed it. */
  own(change: Change): void;
  /** The log brought it. */
  logged(change: Change, position: LogPosition): void;
  /** Whether all changes after this place are known. */
  reaches(position: LogPosition): boolean;
  /** Those after a place, oldest first; with the node's own at the end. */
  after(position: LogPosition): Change[];
  /** The same with their places, without the node's own: for whoever tells others. */
  loggedAfter(position: LogPosition, changes_max: number): { changes: Change[]; to: LogPosition };
  /** The place of the last change that is known, or where knowledge begins. */
  head(): LogPosition;
}

/** The log is quicker than who commits by a moment: so many changes of others may have come with what it brought. */
const AHEAD_CHANGES_MAX = 256;

export function createWindow(from: LogPosition, changes_max: number): Window {
  /** Parallel, oldest first; `start` moves instead of shifting. */
  let changes: Change[] = [];
  let positions: LogPosition[] = [];
  let start = 0;
  let complete_from = from;
  const own: Change[] = [];
  /** The latest of the log's that nobody here had told before: others' changes, and own ones that the log was quicker with. */
  const ahead: Change[] = [];
  let lost_own = false;

  function trim() {
    while (changes.length - start > changes_max) {
      complete_from = positions[start]!;
      start += 1;
    }
    if (start < changes_max) return;
    changes = changes.slice(start);
    positions = positions.slice(start);
    start = 0;
  }

  function firstAfter(position: LogPosition): number {
    let low = start;
    let high = positions.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (comparePositions(positions[middle]!, position) <= 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /**
   * True where the log brought this very change before it was told here. What this node knows then is as new as the change;
   * kept as one that the log is still to bring, it would stand for ever after all that comes later.
   */
  function wasQuicker({ key, gone }: Change): boolean {
    if (own.some((mine) => mine.key === key)) return false;
    const at = ahead.findIndex((known) => known.key === key);
    if (at < 0 || ahead[at]!.gone !== gone) return false;
    ahead.splice(at, 1);
    return true;
  }

  return {
    own(change) {
      if (wasQuicker(change)) return;
      own.push(change);
      if (own.length <= changes_max) return;
      // The log has not come by for so long that what was written here is no longer known.
      own.shift();
      lost_own = true;
    },
    logged(change, position) {
      const at = own.findIndex((mine) => mine.key === change.key && mine.gone === change.gone);
      // Of an entry only the latest counts: what was told of it before is over, whoever did it.
      const before = ahead.findIndex((known) => known.key === change.key);
      if (before >= 0) ahead.splice(before, 1);
      if (at >= 0) own.splice(at, 1);
      else if (ahead.push(change) > AHEAD_CHANGES_MAX) ahead.shift();
      if (own.length === 0) lost_own = false;
      changes.push(change);
      positions.push(position);
      trim();
    },
    reaches: (position) => !lost_own && comparePositions(complete_from, position) <= 0,
    after: (position) => [...changes.slice(firstAfter(position)), ...own],
    loggedAfter(position, most) {
      const first = firstAfter(position);
      const end = Math.min(positions.length, first + most);
      return { changes: changes.slice(first, end), to: end > first ? positions[end - 1]! : position };
    },
    head: () => positions.at(-1) ?? complete_from,
  };
}
