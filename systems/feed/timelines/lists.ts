import type { PersonId } from "#kernel/ids.ts";
import type { Clock } from "#ports/clock/index.ts";

import { addTo, bytesOf, DROPPED, makeRing, removeFrom, type Ring, ringFrom, UNUSED, USED } from "./ring.ts";
import { createSubscribers } from "./subscribers.ts";
import type { Entry } from "./timeline.ts";

/** Where homes lie ready, as a strategy asks for them. */
export interface HomeLists {
  /**
   * The viewer's entries of exactly these people, as far as this node knows; of those below `before` at least
   * `entries_max`, or it says from where on it knows. Null where there is no list to be had now: pull instead.
   */
  of(
    viewer_id: PersonId,
    actors: readonly PersonId[],
    before: number,
    entries_max: number,
  ): Ring | Promise<Ring | null>;
}

/** Lists of ids, one for each active viewer: made when first asked for, pushed to from then on, dropped when nobody reads them. */
export interface Lists {
  /**
   * The viewer's list of exactly these people's entries, as far as this node knows. Whoever was added since is filled in
   * and whoever has left is taken out before this answers. Read it at once; it changes under who keeps it.
   */
  of(viewer_id: PersonId, actors: readonly PersonId[]): Ring | Promise<Ring>;
  /** To be told of every committed change, on every node. */
  added(entry: Entry, key: number): void;
  removed(entry: Entry, key: number): void;
  clear(): void;
  stats(): ListStats;
}

export interface ListStats {
  lists: number;
  entries: number;
  bytes: number;
  /** Of who is told of whom, beside `bytes`. */
  subscriber_bytes: number;
  /** Lists read from the database, changed by a follow or unfollow, dropped by the sweep, and ids put into a list. */
  loads: number;
  changes: number;
  dropped: number;
  pushes: number;
}

/** Keys newest first, and from where on they are all there is; `BEFORE_ALL_KEYS` where nothing older exists. */
export interface LoadedList {
  keys: number[];
  covers_from: number;
}

export interface ListsNeeds {
  clock: Clock;
  /** The newest entries of these people together. */
  load(actors: readonly PersonId[]): Promise<LoadedList>;
  /** All entries of these people at or above a key, in any order; more than `entries_max` of one person are cut at the old end. */
  since(actors: readonly PersonId[], covers_from: number): Promise<Map<PersonId, number[]>>;
  bytes_max: number;
  list_entries_max: number;
  /** A list that nobody read for so long is not pushed to any more. */
  idle_ms_max: number;
}

/** More changes of whom somebody follows than this between two reads, and the list is read anew. */
const CHANGED_ACTORS_MAX = 64;
/** In the rows of those who are told, 4 bytes for each list, and half as much again for room to grow. */
const BYTES_PER_ACTOR = 6;
/** A full list drops a 32nd at once, its oldest: it stays nearly full, and moves its keys for one push in 25. */
const DROPPED_SHIFT = 5;

interface List extends Ring {
  viewer_id: PersonId;
  serial: number;
  actors: readonly PersonId[];
  read_ms: number;
  /** While the database is being read for it: what was committed meanwhile, which may be in that answer or not. */
  meanwhile: { key: number; gone: boolean }[] | null;
}

export function createLists(needs: ListsNeeds): Lists {
  const lists = new Map<PersonId, List>();
  const bySerial = new Map<number, List>();
  const subscribers = createSubscribers();
  /** One change of a list at a time; whoever comes meanwhile waits and looks again. */
  const busy = new Map<PersonId, Promise<unknown>>();
  let serials = 0;
  let bytes = 0;
  let generation = 0;
  let loads = 0;
  let changes = 0;
  let dropped = 0;
  let pushes = 0;
  let hand = lists.values();

  /** With its share of who is told of whom, so that a list of very many followees counts for what it takes. */
  const sizeOf = (list: List) => bytesOf(list) + list.actors.length * BYTES_PER_ACTOR;
  const isAlive = (serial: number) => bySerial.has(serial);

  function drop(list: List) {
    if (list.state === DROPPED) return;
    list.state = DROPPED;
    if (lists.get(list.viewer_id) === list) {
      lists.delete(list.viewer_id);
      bytes -= sizeOf(list);
    }
    bySerial.delete(list.serial);
    subscribers.left(list.actors.length, isAlive);
  }

  /** A second chance for whatever was read since the hand last came by (CLOCK). */
  function makeRoom() {
    let looks = lists.size * 2 + 1;
    while (bytes > needs.bytes_max && lists.size > 0 && looks-- > 0) {
      let next = hand.next();
      if (next.done) {
        hand = lists.values();
        next = hand.next();
        if (next.done) return;
      }
      const list = next.value;
      if (list.state === USED) list.state = UNUSED;
      else {
        drop(list);
        dropped += 1;
      }
    }
  }

  function apply(list: List, key: number, gone: boolean) {
    if (gone) return removeFrom(list, key);
    const before = bytesOf(list);
    addTo(list, key, needs.list_entries_max, needs.list_entries_max >> DROPPED_SHIFT);
    if (lists.get(list.viewer_id) === list) bytes += bytesOf(list) - before;
  }

  function tell(entry: Entry, key: number, gone: boolean) {
    const now = needs.clock.monotonic();
    const idle: List[] = [];
    subscribers.each(entry.actor_id, (serial) => {
      const list = bySerial.get(serial);
      if (!list) return false;
      if (list.meanwhile === null && now - list.read_ms > needs.idle_ms_max) {
        idle.push(list);
        return false;
      }
      list.meanwhile?.push({ key, gone });
      apply(list, key, gone);
      pushes += 1;
      return true;
    });
    for (const list of idle) drop(list);
    dropped += idle.length;
    if (bytes > needs.bytes_max) makeRoom();
  }

  /** Told of everything from before the database is read, so that nothing falls between the two. */
  async function load(viewer_id: PersonId, actors: readonly PersonId[]): Promise<List> {
    const born = generation;
    const list: List = {
      ...makeRing([], true),
      viewer_id,
      serial: ++serials,
      actors,
      read_ms: needs.clock.monotonic(),
      meanwhile: [],
    };
    bySerial.set(list.serial, list);
    for (const actor of actors) subscribers.add(actor, list.serial);
    loads += 1;
    try {
      const { keys, covers_from } = await needs.load(actors);
      const kept = keys.slice(0, needs.list_entries_max);
      const cut = kept.length < keys.length ? Math.abs(kept.at(-1)!) : covers_from;
      Object.assign(list, ringFrom(kept, cut));
      for (const { key, gone } of list.meanwhile!) apply(list, key, gone);
    } catch (error) {
      drop(list);
      throw error;
    }
    list.meanwhile = null;
    if (born !== generation) {
      // All was forgotten meanwhile, this list's subscriptions too: what was committed since is unknown to it.
      drop(list);
      return load(viewer_id, actors);
    }
    lists.set(viewer_id, list);
    bytes += sizeOf(list);
    makeRoom();
    return list;
  }

  /** Fills in whom they follow since, takes out whom they no longer follow. */
  async function adjust(list: List, actors: readonly PersonId[]): Promise<List> {
    const before = new Set(list.actors);
    const added = actors.filter((actor) => !before.delete(actor));
    const left = [...before];
    if (added.length + left.length === 0) {
      list.actors = actors;
      return list;
    }
    if (added.length + left.length > CHANGED_ACTORS_MAX) {
      drop(list);
      return load(list.viewer_id, actors);
    }
    changes += 1;
    list.meanwhile = [];
    for (const actor of left) subscribers.remove(actor, list.serial);
    for (const actor of added) subscribers.add(actor, list.serial);
    bytes += (actors.length - list.actors.length) * BYTES_PER_ACTOR;
    list.actors = actors;
    try {
      const found = await needs.since([...added, ...left], list.covers_from);
      for (const actor of left) for (const key of found.get(actor) ?? []) apply(list, key, true);
      for (const actor of added) for (const key of found.get(actor) ?? []) apply(list, key, false);
      for (const { key, gone } of list.meanwhile) apply(list, key, gone);
    } catch (error) {
      drop(list);
      throw error;
    }
    list.meanwhile = null;
    // A sweep took it out meanwhile, and nobody told it anything since.
    return list.state === DROPPED ? load(list.viewer_id, actors) : list;
  }

  async function settle(viewer_id: PersonId, actors: readonly PersonId[]): Promise<Ring> {
    for (;;) {
      const waiting = busy.get(viewer_id);
      if (waiting) {
        await waiting.catch(() => {});
        continue;
      }
      const list = lists.get(viewer_id);
      if (list && list.actors === actors) return used(list);
      const work = list ? adjust(list, actors) : load(viewer_id, actors);
      busy.set(viewer_id, work);
      try {
        return used(await work);
      } finally {
        busy.delete(viewer_id);
      }
    }
  }

  function used(list: List): List {
    list.state = USED;
    list.read_ms = needs.clock.monotonic();
    return list;
  }

  return {
    of(viewer_id, actors) {
      const list = lists.get(viewer_id);
      return list && list.actors === actors && list.meanwhile === null ? used(list) : settle(viewer_id, actors);
    },
    added: (entry, key) => tell(entry, key, false),
    removed: (entry, key) => tell(entry, key, true),
    clear() {
      generation += 1;
      for (const list of bySerial.values()) list.state = DROPPED;
      lists.clear();
      bySerial.clear();
      subscribers.clear();
      bytes = 0;
      hand = lists.values();
    },
    stats() {
      let entries = 0;
      let key_bytes = 0;
      for (const list of lists.values()) {
        entries += list.count;
        key_bytes += bytesOf(list);
      }
      const told = { subscriber_bytes: subscribers.bytes(), loads, changes, dropped, pushes };
      return { lists: lists.size, entries, bytes: key_bytes, ...told };
    },
  };
}
