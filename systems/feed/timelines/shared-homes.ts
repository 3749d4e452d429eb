import type { PersonId } from "#kernel/ids.ts";
import { onOwnTime } from "#ports/calls/index.ts";
import type { Clock } from "#ports/clock/index.ts";
import { FINGERPRINT_CHARS, type ListRead, ListsAway, type SharedLists } from "#ports/lists/index.ts";
import type { Log, LogPosition } from "#ports/log/index.ts";

import { keyOf } from "./key.ts";
import type { HomeLists, ListsNeeds, LoadedList } from "./lists.ts";
import { addTo, removeFrom, type Ring, ringFrom } from "./ring.ts";
import type { Window } from "./window.ts";

/**
 * Push lists that all nodes share. What is there is true as of a place in the event log; what this node knows of later is
 * added at each read. Where that does not reach, or the store is away, there is no list and the caller pulls.
 */
export interface SharedHomes extends HomeLists {
  /** Puts what the log brought into the lists, if this node does so. Called after each batch; one run at a time. */
  push(): void;
  /** Whether this node pushes, and whether anybody reads lists. */
  pushes(on: boolean): void;
  stats(): SharedHomesStats;
  /** Waits for what is under way. */
  settled(): Promise<void>;
  /** What reading a list and putting one id into one list takes there, as a caller waits for it; null while it is away. */
  measure(): Promise<{ list_us: number; push_us: number } | null>;
}

export interface SharedHomesStats {
  reads: number;
  /** Of them: the store was away, or knowledge did not reach; the rings answered. */
  pulled: number;
  loads: number;
  /** Changes put into the store, and times that all lists were given up. */
  pushes: number;
  begun_anew: number;
}

export interface SharedHomesNeeds {
  clock: Clock;
  store: SharedLists;
  window: Window;
  load: ListsNeeds["load"];
  list_entries_max: number;
  /** Told of what went wrong while pushing, which no reader notices. */
  onFailure?: (error: unknown) => void;
}

/** How far back the log is read when a node starts, to join on to what the store holds. */
const JOIN_EVENTS_MAX = 1_000;
const JOIN_MS_MAX = 3_600_000;

/**
 * Where in the log this node's knowledge begins: at the place where the store stands, if the log tells of all since, so that a
 * restart keeps the lists; else at the log's end.
 */
export async function whereToJoin(
  { log, clock }: { log: Pick<Log, "head" | "read">; clock: Clock },
  topic: string,
  store: SharedLists | null,
): Promise<LogPosition> {
  const head = await log.head(topic);
  if (store === null) return head;
  try {
    const standing = await store.position();
    // What is older may have been trimmed from the log, which would not say so.
    if (standing === null || clock.now() - standing.at_ms > JOIN_MS_MAX || standing.position >= head) return head;
    const since = await log.read(topic, standing.position, JOIN_EVENTS_MAX);
    return since.length < JOIN_EVENTS_MAX ? standing.position : head;
  } catch (error) {
    if (error instanceof ListsAway) return head;
    throw error;
  }
}

/** More than asked for, for what turns out to be gone since. */
const SLACK_KEYS = 8;
const CHANGES_PER_PUSH_MAX = 256;
const SAVE_TRIES_MAX = 4;

interface Members {
  fingerprint: string;
  ids: ReadonlySet<PersonId>;
}

export function createSharedHomes(needs: SharedHomesNeeds): SharedHomes {
  const { store, window } = needs;
  const members = new WeakMap<readonly PersonId[], Members>();
  const loading = new Map<PersonId, { actors: readonly PersonId[]; position: LogPosition; done: Promise<Ring> }>();
  const counts: SharedHomesStats = { reads: 0, pulled: 0, loads: 0, pushes: 0, begun_anew: 0 };
  let pushing: Promise<void> | null = null;
  let again = false;
  let is_on = false;

  function membersOf(actors: readonly PersonId[]): Members {
    const known = members.get(actors);
    if (known) return known;
    let sum = 0n;
    // The sum does not ask for an order; a hash of each keeps different sets apart.
    for (const id of actors) sum = BigInt.asUintN(64, sum + BigInt(Bun.hash(id)));
    const made = { fingerprint: sum.toString(16).padStart(FINGERPRINT_CHARS, "0"), ids: new Set(actors) };
    members.set(actors, made);
    return made;
  }

  /** Brings a list up to now. */
  function withLater(ring: Ring, ids: ReadonlySet<PersonId>, position: LogPosition): Ring {
    for (const { member, key, gone } of window.after(position)) {
      if (!ids.has(member)) continue;
      if (gone) removeFrom(ring, key);
      else addTo(ring, key, Number.POSITIVE_INFINITY);
    }
    return ring;
  }

  /** Kept for the next reader as of the place where the store stands; while that moves on, the list is brought after it. */
  async function save(viewer_id: PersonId, actors: readonly PersonId[], loaded: LoadedList, from: LogPosition) {
    const { fingerprint, ids } = membersOf(actors);
    const ring = ringFrom(loaded.keys, loaded.covers_from);
    for (let at = from, tries = 0; tries < SAVE_TRIES_MAX; tries++) {
      const keys = Array.from(ring.keys.subarray(0, ring.count)).toReversed().slice(0, needs.list_entries_max);
      const covers_from = keys.length < ring.count ? Math.abs(keys.at(-1)!) : ring.covers_from;
      if (await store.save(viewer_id, { fingerprint, members: actors, keys, covers_from }, at)) return;
      const standing = await store.position();
      if (standing === null || !window.reaches(at) || standing.position > window.head()) return;
      const since = window.loggedAfter(at, Number.POSITIVE_INFINITY);
      for (const { member, key, gone } of since.changes) {
        if (!ids.has(member)) continue;
        if (gone) removeFrom(ring, key);
        else addTo(ring, key, Number.POSITIVE_INFINITY);
      }
      at = standing.position;
    }
  }

  async function load(viewer_id: PersonId, actors: readonly PersonId[], position: LogPosition): Promise<Ring> {
    counts.loads += 1;
    const loaded = await needs.load(actors);
    try {
      await save(viewer_id, actors, loaded, position);
    } catch (error) {
      if (!(error instanceof ListsAway)) throw error;
    }
    return withLater(ringFrom(loaded.keys, loaded.covers_from), membersOf(actors).ids, position);
  }

  async function loadOnce(viewer_id: PersonId, actors: readonly PersonId[], position: LogPosition): Promise<Ring> {
    const known = loading.get(viewer_id);
    // Another's load began before this read, so it may lack what this reader saw happen; the window brings that.
    if (known?.actors === actors) {
      return withLater(await known.done, membersOf(actors).ids, known.position);
    }
    const done = onOwnTime(() => load(viewer_id, actors, position));
    loading.set(viewer_id, { actors, position, done });
    try {
      return await done;
    } finally {
      if (loading.get(viewer_id)?.done === done) loading.delete(viewer_id);
    }
  }

  /** Where the store stands, so that this node's knowledge joins on; a store that knows nothing begins here. */
  async function joined(read: ListRead): Promise<LogPosition | null> {
    let { position } = read;
    if (position === null) {
      const head = window.head();
      position = (await store.begin(head, null)) ? head : ((await store.position())?.position ?? null);
    }
    return position !== null && window.reaches(position) ? position : null;
  }

  async function step(): Promise<void> {
    const standing = await store.position();
    if (standing === null) {
      await store.begin(window.head(), null);
      return;
    }
    const { position } = standing;
    if (!window.reaches(position)) {
      counts.begun_anew += 1;
      await store.begin(window.head(), position);
      return;
    }
    const { changes, to } = window.loggedAfter(position, CHANGES_PER_PUSH_MAX);
    if (changes.length === 0) return;
    const done = await store.apply(changes, position, to);
    if (done) counts.pushes += changes.length;
    // Another node was quicker, or there is more.
    if (!done || to !== window.head()) again = true;
  }

  async function pushAll(): Promise<void> {
    do {
      again = false;
      try {
        await step();
      } catch (error) {
        if (!(error instanceof ListsAway)) needs.onFailure?.(error);
      }
    } while (again && is_on);
  }

  function push(): void {
    if (!is_on) return;
    if (pushing) {
      again = true;
      return;
    }
    // Owned by `settled`; it never fails.
    pushing = onOwnTime(pushAll).finally(() => {
      pushing = null;
    });
  }

  return {
    async of(viewer_id, actors, before, entries_max) {
      counts.reads += 1;
      const { fingerprint, ids } = membersOf(actors);
      try {
        const read = await store.read(viewer_id, fingerprint, before, entries_max + SLACK_KEYS);
        const position = await joined(read);
        if (position !== null && read.list)
          return withLater(ringFrom(read.list.keys, read.list.covers_from), ids, position);
        if (position !== null) return await loadOnce(viewer_id, actors, position);
      } catch (error) {
        if (!(error instanceof ListsAway)) throw error;
      }
      counts.pulled += 1;
      return null;
    },
    push,
    pushes(on) {
      is_on = on;
      push();
    },
    stats: () => counts,
    settled: async () => void (await pushing),
    measure: () => measureStore(store, needs.clock, window),
  };
}

const PROBE_LISTS = 50;
const PROBE_KEYS = 400;
const PROBE_TRIES = 3;
/** No person has this name, so nobody's home is touched. */
const PROBE = "probe";
const PROBE_FINGERPRINT = PROBE.padEnd(FINGERPRINT_CHARS, "-");

async function measureStore(
  store: SharedLists,
  clock: Clock,
  window: Window,
): Promise<{ list_us: number; push_us: number } | null> {
  const newest = keyOf("4000000000000000");
  const keys = Array.from({ length: PROBE_KEYS }, (_, i) => keyOf(`${3_000_000_000_000_000 - i}`));
  const list = { fingerprint: PROBE_FINGERPRINT, members: [PROBE], keys, covers_from: keys.at(-1)! };
  const timed = async (steps: number, work: () => Promise<boolean>) => {
    const began = clock.monotonic();
    return (await work()) ? ((clock.monotonic() - began) * 1_000) / steps : null;
  };
  try {
    for (let tries = 0; tries < PROBE_TRIES; tries++) {
      const standing = await store.position();
      if (standing === null) {
        await store.begin(window.head(), null);
        continue;
      }
      // It stays where it stands: only the probes change.
      const { position: at } = standing;
      let all = true;
      for (let i = 0; i < PROBE_LISTS && all; i++) all = await store.save(`${PROBE}${i}`, list, at);
      if (!all) continue;
      const push_us = await timed(PROBE_LISTS, () =>
        store.apply([{ member: PROBE, key: newest, gone: false }], at, at),
      );
      const list_us = await timed(PROBE_LISTS, async () => {
        for (let i = 0; i < PROBE_LISTS; i++)
          await store.read(`${PROBE}${i}`, PROBE_FINGERPRINT, Number.POSITIVE_INFINITY, 32);
        return true;
      });
      if (push_us !== null && list_us !== null) return { list_us, push_us };
    }
  } catch (error) {
    if (!(error instanceof ListsAway)) throw error;
  }
  return null;
}
