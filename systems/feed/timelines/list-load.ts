import type { PersonId } from "#kernel/ids.ts";
import type { Sql } from "#ports/sql/index.ts";

import { BEFORE_ALL_KEYS, idOf } from "./key.ts";
import type { ListsNeeds, LoadedList } from "./lists.ts";
import { keysByActor } from "./pull.ts";
import type { Reposts } from "./reposts.ts";
import { entriesSince, newestEntries } from "./store.ts";

export interface ListLoadBounds {
  list_entries_max: number;
  /** Rows that the first question of a load brings, of all people together. */
  load_entries_max: number;
}

const PER_ACTOR_MIN = 4;
const PER_ACTOR_MAX = 48;
/** Whoever wrote more than was asked for is asked for so many times more. */
const DEEPER = 8;

/** Makes lists from the database: a few entries of everybody, then more of those who would end the list too early. */
export function createListLoad({
  sql,
  reposts,
  bounds,
}: {
  sql: Sql;
  reposts: Pick<Reposts, "knows">;
  bounds: ListLoadBounds;
}): Pick<ListsNeeds, "load" | "since"> {
  const { pool } = sql;
  /** Half of what a list may hold, so that it can grow before it is trimmed. */
  const wanted = Math.ceil(bounds.list_entries_max / 2);

  async function load(actors: readonly PersonId[]): Promise<LoadedList> {
    let per_actor = Math.min(
      wanted,
      PER_ACTOR_MAX,
      Math.max(PER_ACTOR_MIN, Math.floor(bounds.load_entries_max / actors.length)),
    );
    const known = keysByActor(await newestEntries(pool, actors, per_actor), reposts);
    /** Of whom there may be more than we have. */
    let open = [...known.keys()].filter((actor) => known.get(actor)!.length >= per_actor);
    for (;;) {
      const covers_from = open.reduce((from, actor) => Math.max(from, oldest(known, actor)), BEFORE_ALL_KEYS);
      const all = [...known.values()].flat();
      const keys = all.filter((key) => Math.abs(key) >= covers_from).toSorted((a, b) => Math.abs(b) - Math.abs(a));
      if (covers_from === BEFORE_ALL_KEYS || keys.length >= wanted) {
        const kept = keys.slice(0, wanted);
        return { keys: kept, covers_from: kept.length < keys.length ? Math.abs(kept.at(-1)!) : covers_from };
      }
      per_actor = Math.min(wanted, per_actor * DEEPER);
      const aim = all.length < wanted ? 0 : Math.abs(all.toSorted((a, b) => Math.abs(b) - Math.abs(a))[wanted - 1]!);
      const asked = open.filter((actor) => oldest(known, actor) >= aim);
      const more = keysByActor(await newestEntries(pool, asked, per_actor), reposts);
      for (const actor of asked) known.set(actor, more.get(actor) ?? []);
      const limit = per_actor;
      const ended = new Set(asked.filter((actor) => known.get(actor)!.length < limit));
      open = open.filter((actor) => !ended.has(actor));
    }
  }

  return {
    load,
    // One more than fits: then the list is trimmed, and knows it.
    since: async (actors, covers_from) =>
      keysByActor(await entriesSince(pool, actors, idOf(covers_from), bounds.list_entries_max + 1), reposts),
  };
}

const oldest = (known: ReadonlyMap<PersonId, readonly number[]>, actor: PersonId): number =>
  Math.abs(known.get(actor)?.at(-1) ?? 0);
