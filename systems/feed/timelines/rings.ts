import type { PersonId } from "#kernel/ids.ts";

import { addTo, bytesOf, DROPPED, makeRing, removeFrom, type Ring, UNUSED, USED } from "./ring.ts";

/** The rings of this process: what is asked for is loaded, what is new is added, what nobody reads goes. */
export interface Rings {
  /**
   * In the order of `actors`. Those that are not here are loaded together. Whoever asks with the same array again is
   * answered from the last time, which is most of what a read costs: 200 look-ups by id took 20 µs.
   */
  of(actors: readonly PersonId[]): Ring[] | Promise<Ring[]>;
  /** An entry was committed. Rings that are not here, or below whose coverage it lies, need not know. */
  add(actor: PersonId, key: number): void;
  remove(actor: PersonId, key: number): void;
  /** Forgets everything; the next reads load again. */
  clear(): void;
  stats(): { rings: number; bytes: number; loads: number; dropped: number };
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

interface Loading {
  /** What was committed while the database was being read: it may be in that answer or not. */
  changes: { key: number; gone: boolean }[];
  done: Promise<Ring>;
}

export function createRings(needs: RingsNeeds): Rings {
  const rings = new Map<PersonId, Ring>();
  const loading = new Map<PersonId, Loading>();
  /** By the array that was asked with; gone with it. */
  const answers = new WeakMap<readonly PersonId[], Ring[]>();
  let bytes = 0;
  let loads = 0;
  let dropped = 0;
  let generation = 0;
  /** Where the sweep stopped; a second chance for whatever was read since it last came by (CLOCK). */
  let hand = rings.entries();

  function makeRoom() {
    let looked = 0;
    const looks_max = rings.size * 2 + 1;
    while (bytes > needs.bytes_max && rings.size > 0 && looked++ < looks_max) {
      let next = hand.next();
      if (next.done) {
        hand = rings.entries();
        next = hand.next();
        if (next.done) return;
      }
      const [actor, ring] = next.value;
      if (ring.state === USED) {
        ring.state = UNUSED;
        continue;
      }
      drop(actor, ring);
      dropped += 1;
    }
  }

  function drop(actor: PersonId, ring: Ring) {
    rings.delete(actor);
    bytes -= bytesOf(ring);
    ring.state = DROPPED;
  }

  function change(ring: Ring, key: number, gone: boolean) {
    if (gone) removeFrom(ring, key);
    else addTo(ring, key, needs.ring_entries_max);
  }

  async function loadRings(missing: readonly PersonId[]): Promise<Map<PersonId, Ring>> {
    const per_actor = Math.min(
      needs.ring_entries_max,
      LOAD_PER_ACTOR_MAX,
      Math.max(LOAD_PER_ACTOR_MIN, Math.floor(needs.load_entries_max / missing.length)),
    );
    const born = generation;
    loads += 1;
    const loaded = await needs.load(missing, per_actor);
    const made = new Map<PersonId, Ring>();
    for (const actor of missing) {
      const keys = loaded.get(actor) ?? [];
      const ring = makeRing(keys, keys.length < per_actor);
      for (const { key, gone } of loading.get(actor)?.changes ?? []) change(ring, key, gone);
      made.set(actor, ring);
      if (born !== generation) {
        ring.state = DROPPED;
        continue;
      }
      rings.set(actor, ring);
      bytes += bytesOf(ring);
    }
    makeRoom();
    return made;
  }

  async function withMissing(actors: readonly PersonId[], found: (Ring | undefined)[]): Promise<Ring[]> {
    const missing = actors.filter((actor, i) => !found[i] && !loading.has(actor));
    if (missing.length > 0) {
      const all = loadRings(missing);
      for (const actor of missing) {
        const done = all.then((made) => made.get(actor)!);
        // Who waits gets the failure from `done` too; this only says that nobody waiting is fine as well.
        done.catch(() => {});
        loading.set(actor, { changes: [], done });
      }
      all
        .catch(() => {})
        .finally(() => {
          for (const actor of missing) loading.delete(actor);
        });
    }
    // The present ones are taken again by reference: a sweep may have dropped them meanwhile, but they are still true.
    return Promise.all(
      actors.map(async (actor, i) => found[i] ?? (await loading.get(actor)?.done) ?? rings.get(actor)!),
    );
  }

  return {
    of(actors) {
      const known = answers.get(actors);
      if (known && areHere(known)) return known;
      const found = new Array<Ring | undefined>(actors.length);
      let complete = true;
      for (let i = 0; i < actors.length; i++) {
        const ring = rings.get(actors[i]!);
        if (ring) ring.state = USED;
        else complete = false;
        found[i] = ring;
      }
      if (!complete) return withMissing(actors, found);
      answers.set(actors, found as Ring[]);
      return found as Ring[];
    },
    add(actor, key) {
      loading.get(actor)?.changes.push({ key, gone: false });
      const ring = rings.get(actor);
      if (!ring) return;
      const before = bytesOf(ring);
      change(ring, key, false);
      bytes += bytesOf(ring) - before;
      if (bytes > needs.bytes_max) makeRoom();
    },
    remove(actor, key) {
      loading.get(actor)?.changes.push({ key, gone: true });
      const ring = rings.get(actor);
      if (ring) change(ring, key, true);
    },
    clear() {
      generation += 1;
      for (const [actor, ring] of rings) drop(actor, ring);
      hand = rings.entries();
    },
    stats: () => ({ rings: rings.size, bytes, loads, dropped }),
  };
}

function areHere(rings: readonly Ring[]): boolean {
  for (let i = 0; i < rings.length; i++) {
    const ring = rings[i]!;
    if (ring.state !== USED) {
      if (ring.state === DROPPED) return false;
      ring.state = USED;
    }
  }
  return true;
}
