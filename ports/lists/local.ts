import type { Clock } from "#ports/clock/index.ts";

import type { ListBounds, NewList, SharedLists, Standing } from "./index.ts";

interface Kept {
  fingerprint: string;
  members: ReadonlySet<string>;
  /** Oldest first. */
  keys: number[];
  covers_from: number;
  until_ms: number;
}

/** The same in one process: what the shared store must do, in a page. For tests of who stands on it. */
export function createLocalSharedLists(needs: { clock: Clock; bounds: ListBounds }): SharedLists {
  const { clock, bounds } = needs;
  let standing: Standing | null = null;
  const lists = new Map<string, Kept>();
  let answered = 0;

  function change(list: Kept, key: number, gone: boolean) {
    const at = list.keys.findIndex((known) => Math.abs(known) >= Math.abs(key));
    const is_there = at >= 0 && Math.abs(list.keys[at]!) === Math.abs(key);
    if (gone) {
      if (is_there) list.keys.splice(at, 1);
      return;
    }
    if (is_there || Math.abs(key) < list.covers_from) return;
    list.keys.splice(at < 0 ? list.keys.length : at, 0, key);
    if (list.keys.length <= bounds.list_keys_max) return;
    list.keys.splice(0, list.keys.length - Math.ceil(bounds.list_keys_max * 0.75));
    list.covers_from = Math.abs(list.keys[0]!);
  }

  const moveTo = (position: string) => {
    standing = { position, at_ms: clock.now() };
  };
  return {
    async position() {
      answered += 1;
      return standing;
    },
    async begin(position, expected) {
      answered += 1;
      if ((standing?.position ?? null) !== expected) return false;
      lists.clear();
      moveTo(position);
      return true;
    },
    async read(owner, fingerprint, below, keys_max) {
      answered += 1;
      const list = lists.get(owner);
      const position = standing?.position ?? null;
      if (!list || list.fingerprint !== fingerprint || list.until_ms <= clock.now()) return { position, list: null };
      const newest = list.keys.filter((key) => Math.abs(key) < below).toReversed();
      const keys = newest.slice(0, keys_max);
      const covers_from = keys.length < newest.length ? Math.abs(keys.at(-1)!) : list.covers_from;
      return { position, list: { keys, covers_from } };
    },
    async save(owner, list: NewList, at) {
      answered += 1;
      if (standing?.position !== at) return false;
      lists.set(owner, {
        fingerprint: list.fingerprint,
        members: new Set(list.members),
        keys: list.keys.toReversed(),
        covers_from: list.covers_from,
        until_ms: clock.now() + bounds.list_ms_max,
      });
      return true;
    },
    async apply(changes, from, to) {
      answered += 1;
      if (standing?.position !== from) return false;
      for (const { member, key, gone } of changes)
        for (const list of lists.values()) if (list.members.has(member)) change(list, key, gone);
      moveTo(to);
      return true;
    },
    stats: () => ({ answered, failed: 0, refused: 0, is_away: false }),
    async [Symbol.asyncDispose]() {},
  };
}
