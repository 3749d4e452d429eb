import type { PersonId } from "#kernel/ids.ts";
import type { Caches } from "#ports/cache/index.ts";
import type { Clock } from "#ports/clock/index.ts";
import type { Sql } from "#ports/sql/index.ts";

import type { FeedPeople } from "../needs.ts";
import { createListLoad } from "./list-load.ts";
import { createLists, type Lists, type ListStats } from "./lists.ts";
import { createPlainTimeline } from "./plain.ts";
import { createPullTimeline, type PullTimeline, signedKey } from "./pull.ts";
import { createPushedTimeline } from "./pushed.ts";
import { createReposts } from "./reposts.ts";
import type { Entry, Strategy, Timeline } from "./timeline.ts";

/** How homes are made; the same on every node. */
export interface TimelineChoice {
  strategy: Strategy;
  /** `hybrid`: people with more followers than this are pulled. */
  push_followers_max: number;
}

/** All strategies of this process behind one, which can change between two reads. */
export interface LiveTimeline extends Timeline {
  choice(): TimelineChoice;
  choose(choice: TimelineChoice): void;
  /** To be told of every committed change, on every node. */
  added(entry: Entry): void;
  removed(entry: Entry): void;
  clear(): void;
  stats(): { rings: ReturnType<PullTimeline["rings"]["stats"]>; lists: ListStats };
}

export interface TimelineBounds {
  rings_bytes_max: number;
  ring_entries_max: number;
  load_entries_max: number;
  reposts_cached_max: number;
  lists_bytes_max: number;
  list_entries_max: number;
  list_idle_ms_max: number;
}

export interface LiveNeeds {
  sql: Sql;
  caches: Caches;
  clock: Clock;
  people: Pick<FeedPeople, "followedByMany">;
  bounds: TimelineBounds;
  choice: TimelineChoice;
  /** A home was read. */
  onRead(): void;
}

export function createLiveTimeline(needs: LiveNeeds): LiveTimeline {
  const { sql, bounds } = needs;
  const reposts = createReposts({ sql, caches: needs.caches, cached_max: bounds.reposts_cached_max });
  const pull = createPullTimeline({ sql, reposts, bounds });
  const plain = createPlainTimeline(sql);
  const lists: Lists = createLists({
    ...createListLoad({ sql, reposts, bounds }),
    clock: needs.clock,
    bytes_max: bounds.lists_bytes_max,
    list_entries_max: bounds.list_entries_max,
    idle_ms_max: bounds.list_idle_ms_max,
  });

  const heavyAbove = (push_followers_max: number) => (actors: readonly PersonId[]) =>
    needs.people.followedByMany(actors, push_followers_max);

  function strategyOf({ strategy, push_followers_max }: TimelineChoice): Timeline {
    if (strategy === "pull") return pull;
    if (strategy === "plain") return plain;
    const heavyOf = strategy === "push" ? null : heavyAbove(push_followers_max);
    return createPushedTimeline({ name: strategy, sql, reposts, lists, pull, heavyOf });
  }

  let choice = needs.choice;
  let timeline = strategyOf(choice);
  const listed = () => choice.strategy === "push" || choice.strategy === "hybrid";
  return {
    get name() {
      return timeline.name;
    },
    read: (actors, before, entries_max) => timeline.read(actors, before, entries_max),
    readHome(viewer_id, actors, before, entries_max) {
      needs.onRead();
      return timeline.readHome(viewer_id, actors, before, entries_max);
    },
    choice: () => choice,
    choose(next) {
      if (next.strategy === choice.strategy && next.push_followers_max === choice.push_followers_max) return;
      choice = next;
      timeline = strategyOf(next);
      // Nobody would read them, and every post would still be put into them.
      if (!listed()) lists.clear();
    },
    added(entry) {
      pull.added(entry);
      lists.added(entry, signedKey(entry));
    },
    removed(entry) {
      pull.removed(entry);
      lists.removed(entry, signedKey(entry));
    },
    clear() {
      pull.clear();
      lists.clear();
    },
    stats: () => ({ rings: pull.rings.stats(), lists: lists.stats() }),
  };
}
