/**
 * Lists of keys that all nodes of a house share, with one place in the event log up to which changes are in all of them.
 * A cache: the database is the truth of every list. It may be gone, wiped or put back to an older state at any moment, and
 * must then say so by its position; whoever reads adds what they know of later changes themselves.
 *
 * A key is 8 bytes in a `number`: lists are sorted by `Math.abs(key)`, and the sign is the owner's own.
 */
export interface SharedLists extends AsyncDisposable {
  /** Up to where changes are in the lists; null where nothing is known: a new store, or one that was wiped. @throws ListsAway */
  position(): Promise<Standing | null>;
  /**
   * Begins anew at a position: all lists are gone. @returns false when the store does not stand at `expected` any more
   * @throws ListsAway
   */
  begin(position: string, expected: string | null): Promise<boolean>;
  /**
   * One owner's newest keys below `below`, as of the position given with them. A list that was made of other members than
   * `fingerprint` says is not there. @throws ListsAway
   */
  read(owner: string, fingerprint: string, below: number, keys_max: number): Promise<ListRead>;
  /**
   * Keeps a list that holds all changes up to the position `at`, in place of the one before; members' changes are put into it
   * from then on. @returns false when the store does not stand at `at` any more @throws ListsAway
   */
  save(owner: string, list: NewList, at: string): Promise<boolean>;
  /**
   * Puts changes into the lists of whoever has their member, and moves the position on. Again changes nothing more.
   * @returns false when the store does not stand at `from` any more @throws ListsAway
   */
  apply(changes: readonly ListChange[], from: string, to: string): Promise<boolean>;
  stats(): SharedListsStats;
}

export interface Standing {
  position: string;
  /** When it came there. */
  at_ms: number;
}

export interface ListRead {
  position: string | null;
  list: {
    /** Newest first. */
    keys: number[];
    /** Nothing at or above this (and below what was asked for) is missing; 0 where there is nothing older. */
    covers_from: number;
  } | null;
}

export interface NewList {
  /** Of its members, `FINGERPRINT_CHARS` long. */
  fingerprint: string;
  members: readonly string[];
  /** Newest first. */
  keys: readonly number[];
  covers_from: number;
}

export interface ListChange {
  member: string;
  key: number;
  gone: boolean;
}

export interface SharedListsStats {
  /** Commands that were answered, that failed or were late, and that were not sent because the store was away. */
  answered: number;
  failed: number;
  refused: number;
  is_away: boolean;
}

/** The store is not there, too slow, or must not be trusted. Whoever asks does without. */
export class ListsAway extends Error {
  override readonly name = "ListsAway";
}

export const FINGERPRINT_CHARS = 16;

export interface ListBounds {
  /** A full list drops its oldest quarter, and then knows nothing below. */
  list_keys_max: number;
  /** A list is made anew after so long, read or not. */
  list_ms_max: number;
}

export { createLocalSharedLists } from "./local.ts";
