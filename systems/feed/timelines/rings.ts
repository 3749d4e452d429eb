import type { PersonId } from "#kernel/ids.ts";

import { BEFORE_ALL_KEYS, keyOf } from "./key.ts";
import { createRingTable, type RingTable, UNUSED, USED } from "./ring-table.ts";

/** Rings of one table, in the order in which they were asked for. */
export interface RingSet {
  table: RingTable;
  slots: Int32Array;
}

/** The rings of this process: what is asked for is loaded, what is new is added, what nobody reads goes. */
export interface Rings {
  /**
   * Calls `look` with the rings of all these people, at once where they are here, else when they have been loaded together. What
   * it is given is true until it returns, and may be anybody's afterwards. Whoever asks with the same array again is answered
   * from the last time, which is most of what a read costs: 200 look-ups by id took 20 µs.
   * @returns null where memory is too small to hold them all at once
   */
  read<T>(actors: readonly PersonId[], look: (set: RingSet) => T): T | Promise<T | null>;
  /**
   * This person's ring ended a merge early. One that was loaded short, among many, is let go, so that the next read loads more of it.
   * @returns false where there is no more to be had
   */
  deepen(actor: PersonId): boolean;
  /** An entry was committed. Rings that are not here, or below whose coverage it lies, need not know. */
  add(actor: PersonId, key: number): void;
  remove(actor: PersonId, key: number): void;
  /** Forgets everything; the next reads load again. */
  clear(): void;
  stats(): RingsStats;
}

export interface RingsStats {
  rings: number;
  keys: number;
  /** What rings and their keys take, and what is held for them in all. */
  bytes: number;
  held_bytes: number;
  loads: number;
  dropped: number;
}

export interface RingsNeeds {
  /** The newest keys of each, newest first, at most `entries_max` of each. Who has none may be missing. */
  load(actors: readonly PersonId[], entries_max: number): Promise<Map<PersonId, number[]>>;
  bytes_max: number;
  ring_entries_max: number;
  /** Keys that one load brings of all people together; with many missing at once each gets fewer. */
  load_entries_max: number;
}

const LOAD_PER_ACTOR_MIN = 4;
const LOAD_PER_ACTOR_MAX = 48;
/** What was loaded may have had to go again before all of it was here. */
const TRIES_MAX = 3;

interface Loading {
  /** What was committed while the database was being read: it may be in that answer or not. */
  changes: { key: number; gone: boolean }[];
  done: Promise<void>;
}

/** Where somebody's rings were the last time. */
interface Answer extends RingSet {
  owners: Float64Array;
  /** True as long as nobody's ring was dropped, and marked as read as long as no sweep came by. */
  drops: number;
  sweeps: number;
}

export function createRings(needs: RingsNeeds): Rings {
  const table = createRingTable({ entries_max: needs.ring_entries_max });
  const loading = new Map<PersonId, Loading>();
  /** By the array that was asked with; gone with it. */
  const answers = new WeakMap<readonly PersonId[], Answer>();
  let loads = 0;
  let dropped = 0;
  let generation = 0;
  let drops = 0;
  let sweeps = 0;
  /** Where the sweep stopped; a second chance for whatever was read since it last came by (CLOCK). */
  let hand = 0;

  function makeRoom() {
    let looks = table.rows().states.length * 2 + 1;
    while (table.stats().bytes > needs.bytes_max && looks-- > 0) {
      const { states } = table.rows();
      if (hand >= states.length) hand = 0;
      const slot = hand++;
      if (states[slot] === USED) {
        states[slot] = UNUSED;
        sweeps += 1;
      } else if (states[slot] === UNUSED) {
        table.drop(slot);
        drops += 1;
        dropped += 1;
      }
    }
  }

  /** Keys that each gets where so many are loaded together. */
  const perActor = (people: number) =>
    Math.min(
      needs.ring_entries_max,
      LOAD_PER_ACTOR_MAX,
      Math.max(LOAD_PER_ACTOR_MIN, Math.floor(needs.load_entries_max / people)),
    );

  async function load(missing: readonly PersonId[]): Promise<void> {
    const born = generation;
    loads += 1;
    // Room is made before, so that what comes is still here when its reader looks.
    makeRoom();
    try {
      const per_actor = perActor(missing.length);
      const loaded = await needs.load(missing, per_actor);
      // All was forgotten meanwhile; who waits asks again.
      if (born !== generation) return;
      for (const actor of missing) {
        const keys = loaded.get(actor) ?? [];
        const is_whole = keys.length < per_actor;
        const slot = table.make(keyOf(actor), keys, is_whole ? BEFORE_ALL_KEYS : Math.abs(keys.at(-1)!));
        for (const { key, gone } of loading.get(actor)!.changes) {
          if (gone) table.remove(slot, key);
          else table.add(slot, key);
        }
      }
    } finally {
      for (const actor of missing) loading.delete(actor);
    }
  }

  /** Everybody's slot, or whose are not here. */
  function find(actors: readonly PersonId[]): Answer | PersonId[] {
    const slots = new Int32Array(actors.length);
    const owners = new Float64Array(actors.length);
    let missing: PersonId[] | null = null;
    for (let i = 0; i < actors.length; i++) {
      const owner = keyOf(actors[i]!);
      const slot = table.find(owner);
      owners[i] = owner;
      slots[i] = slot;
      if (slot < 0) (missing ??= []).push(actors[i]!);
      else table.rows().states[slot] = USED;
    }
    return missing ?? { table, slots, owners, drops, sweeps };
  }

  function isHere(answer: Answer): boolean {
    const { owners, states } = table.rows();
    if (answer.drops !== drops) {
      for (let i = 0; i < answer.slots.length; i++) if (owners[answer.slots[i]!] !== answer.owners[i]) return false;
      answer.drops = drops;
    }
    if (answer.sweeps !== sweeps) {
      for (let i = 0; i < answer.slots.length; i++) states[answer.slots[i]!] = USED;
      answer.sweeps = sweeps;
    }
    return true;
  }

  async function whenHere<T>(
    actors: readonly PersonId[],
    first: PersonId[],
    look: (set: RingSet) => T,
  ): Promise<T | null> {
    let missing = first;
    for (let tries = 0; tries < TRIES_MAX; tries++) {
      const fresh = [...new Set(missing)].filter((actor) => !loading.has(actor));
      if (fresh.length > 0) {
        const all = Promise.withResolvers<void>();
        // Who waits gets the failure; this only says that nobody waiting is fine as well.
        all.promise.catch(() => {});
        for (const actor of fresh) loading.set(actor, { changes: [], done: all.promise });
        load(fresh).then(all.resolve, all.reject);
      }
      const loads_awaited = new Set<Promise<void>>();
      for (const actor of missing) {
        const known = loading.get(actor);
        if (known) loads_awaited.add(known.done);
      }
      await Promise.all(loads_awaited);
      const found = find(actors);
      if (!Array.isArray(found)) {
        answers.set(actors, found);
        return look(found);
      }
      missing = found;
    }
    return null;
  }

  return {
    read(actors, look) {
      const known = answers.get(actors);
      if (known && isHere(known)) return look(known);
      const found = find(actors);
      if (Array.isArray(found)) return whenHere(actors, found, look);
      answers.set(actors, found);
      return look(found);
    },
    deepen(actor) {
      const slot = table.find(keyOf(actor));
      // Somebody else has let it go, and it is being loaded.
      if (slot < 0) return true;
      const { counts, covers } = table.rows();
      const is_short = counts[slot]! < perActor(1);
      if (!is_short || covers[slot] === BEFORE_ALL_KEYS) return false;
      table.drop(slot);
      drops += 1;
      return true;
    },
    add(actor, key) {
      loading.get(actor)?.changes.push({ key, gone: false });
      const slot = table.find(keyOf(actor));
      if (slot < 0) return;
      table.add(slot, key);
      if (table.stats().bytes > needs.bytes_max) makeRoom();
    },
    remove(actor, key) {
      loading.get(actor)?.changes.push({ key, gone: true });
      const slot = table.find(keyOf(actor));
      if (slot >= 0) table.remove(slot, key);
    },
    clear() {
      generation += 1;
      drops += 1;
      table.clear();
      hand = 0;
    },
    stats: () => ({ ...table.stats(), loads, dropped }),
  };
}
