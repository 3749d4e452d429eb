import type { PersonId } from "#kernel/ids.ts";
import type { Sql } from "#ports/sql/index.ts";

import { AFTER_ALL_KEYS, BEFORE_ALL_KEYS, idOf, keyOf } from "./key.ts";
import type { HomeLists } from "./lists.ts";
import { createMerge, type Merged } from "./merge.ts";
import { isEndedEarly, type PullTimeline } from "./pull.ts";
import type { Reposts } from "./reposts.ts";
import { DROPPED } from "./ring.ts";
import { entriesBelow } from "./store.ts";
import { homeEntry, type Strategy, type Timeline } from "./timeline.ts";

/** Those of the followed whose entries are pushed into the viewer's list, and those whose rings are merged with it. */
interface Split {
  light: readonly PersonId[];
  heavy: readonly PersonId[];
}

export interface PushedNeeds {
  name: Extract<Strategy, "push" | "hybrid">;
  sql: Sql;
  reposts: Reposts;
  lists: HomeLists;
  pull: Pick<PullTimeline, "read" | "readHome" | "rings">;
  /** Which of these have too many followers to push to; null where everybody is pushed. */
  heavyOf: ((actors: readonly PersonId[]) => Promise<readonly PersonId[]>) | null;
}

const NOBODY: readonly PersonId[] = [];
/** A list that was dropped while rings were being read is asked for again; a second time is a house without memory. */
const TRIES_MAX = 3;

/**
 * Home from the viewer's own list, merged with the rings of whom too many follow. Without `heavyOf` all are in the list.
 * Other lists (a person's page) are pulled.
 */
export function createPushedTimeline(needs: PushedNeeds): Timeline {
  const { reposts, lists, pull, heavyOf } = needs;
  const merge = createMerge();
  const splits = new WeakMap<readonly PersonId[], Split>();

  async function split(actors: readonly PersonId[]): Promise<Split> {
    const heavy = heavyOf === null ? NOBODY : await heavyOf(actors);
    const many = new Set(heavy);
    const made: Split =
      many.size === 0 ? { light: actors, heavy: NOBODY } : { light: actors.filter((id) => !many.has(id)), heavy };
    splits.set(actors, made);
    return made;
  }

  /** Null where memory does not hold what is needed at once; "pull" where there is no list to be had now. */
  async function mergeAll(
    viewer_id: PersonId,
    { light, heavy }: Split,
    below: number,
    entries_max: number,
  ): Promise<Merged | "pull" | null> {
    for (let tries = 0; tries < TRIES_MAX; tries++) {
      const asked = lists.of(viewer_id, light, below, entries_max);
      const list = asked instanceof Promise ? await asked : asked;
      if (list === null) return "pull";
      if (heavy.length === 0) return merge({ rings: null, list }, below, entries_max);
      const merging = pull.rings.read(heavy, (rings) =>
        // Who is no longer told of anything must not be read after waiting.
        list.state === DROPPED ? null : merge({ rings, list }, below, entries_max),
      );
      const merged = merging instanceof Promise ? await merging : merging;
      const heavyEnded = isEndedEarly(merged, entries_max) ? heavy[merged.ended]! : null;
      // A ring that was loaded short may have more; then all is merged once more, but for the last time.
      const goesOn = heavyEnded !== null && tries < TRIES_MAX - 1 && pull.rings.deepen(heavyEnded);
      if (merged !== null && !goesOn) return merged;
    }
    return null;
  }

  return {
    name: needs.name,
    read: pull.read,
    async readHome(viewer_id, actors, before, entries_max) {
      const parts = splits.get(actors) ?? (await split(actors));
      const below = before === null ? AFTER_ALL_KEYS : keyOf(before);
      const merged = await mergeAll(viewer_id, parts, below, entries_max);
      if (merged === "pull") return pull.readHome(viewer_id, actors, before, entries_max);
      if (merged === null) return (await entriesBelow(needs.sql.pool, actors, before, entries_max)).map(homeEntry);
      // Whose post it is says the post; the list knows only ids.
      const entries = (await reposts.entries(merged.keys, () => viewer_id)).map(homeEntry);
      if (entries.length >= entries_max || merged.covered_to === BEFORE_ALL_KEYS) return entries;
      const rest = await entriesBelow(needs.sql.pool, actors, idOf(merged.covered_to), entries_max - entries.length);
      return entries.concat(rest.map(homeEntry));
    },
  };
}
