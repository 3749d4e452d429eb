import type { PersonId } from "#kernel/ids.ts";
import type { Caches } from "#ports/cache/index.ts";
import type { Clock } from "#ports/clock/index.ts";
import type { SharedLists, SharedListsStats } from "#ports/lists/index.ts";
import type { LogPosition } from "#ports/log/index.ts";
import type { Sql } from "#ports/sql/index.ts";

import type { FeedPeople } from "../needs.ts";
import { createEchoes } from "./echoes.ts";
import { createListLoad } from "./list-load.ts";
import { createLists, type HomeLists, type Lists, type ListStats } from "./lists.ts";
import { createPlainTimeline } from "./plain.ts";
import { createPullTimeline, type PullTimeline, signedKey } from "./pull.ts";
import { createPushedTimeline } from "./pushed.ts";
import { createReposts } from "./reposts.ts";
import { createSharedHomes, type SharedHomesStats } from "./shared-homes.ts";
import type { Entry, Strategy, Timeline } from "./timeline.ts";
import { createWindow } from "./window.ts";

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
  /** To be told of every committed change, on every node: at once where it was made, and by the log with its place. */
  added(entry: Entry, position?: LogPosition): void;
  removed(entry: Entry, position?: LogPosition): void;
  /** A batch of the log has been told. */
  told(): void;
  /** This node puts what the log brings into shared lists. */
  work(): Disposable;
  clear(): void;
  stats(): TimelineStats;
  /** What steps take where lists are shared; null where they are not, or are away. */
  measureShared(): Promise<{ list_us: number; push_us: number } | null>;
  /** Waits for what is under way towards shared lists. */
  settled(): Promise<void>;
}

export interface TimelineStats {
  rings: ReturnType<PullTimeline["rings"]["stats"]>;
  /** In this process. */
  lists: ListStats;
  /** Where lists are shared with other nodes; null where they are not. */
  shared: (SharedHomesStats & SharedListsStats) | null;
}

/** About 100 bytes each. */
const WINDOW_CHANGES_MAX = 4_096;

export interface TimelineBounds {
  rings_bytes_max: number;
  ring_entries_max: number;
  load_entries_max: number;
  reposts_cached_max: number;
  lists_bytes_max: number;
  list_entries_max: number;
  list_idle_ms_max: number;
  /** Of the feed's latest changes, remembered where lists are shared; `WINDOW_CHANGES_MAX` where nothing is said. */
  window_changes_max?: number;
}

export interface LiveNeeds {
  sql: Sql;
  caches: Caches;
  clock: Clock;
  people: Pick<FeedPeople, "followedByMany">;
  bounds: TimelineBounds;
  choice: TimelineChoice;
  /** Lists that all nodes share, and from where in the log on this node is told; null: lists in this process. */
  shared: { store: SharedLists; from: LogPosition } | null;
  onFailure?: (error: unknown) => void;
  /** A home was read. */
  onRead(): void;
}

export function createLiveTimeline(needs: LiveNeeds): LiveTimeline {
  const { sql, bounds } = needs;
  const reposts = createReposts({ sql, caches: needs.caches, cached_max: bounds.reposts_cached_max });
  const pull = createPullTimeline({ sql, reposts, bounds });
  const plain = createPlainTimeline(sql);
  const listLoad = createListLoad({ sql, reposts, bounds });
  const lists: Lists = createLists({
    ...listLoad,
    clock: needs.clock,
    bytes_max: bounds.lists_bytes_max,
    list_entries_max: bounds.list_entries_max,
    idle_ms_max: bounds.list_idle_ms_max,
  });

  const window = needs.shared ? createWindow(needs.shared.from, bounds.window_changes_max ?? WINDOW_CHANGES_MAX) : null;
  const shared =
    needs.shared && window
      ? createSharedHomes({
          store: needs.shared.store,
          clock: needs.clock,
          window,
          load: listLoad.load,
          list_entries_max: bounds.list_entries_max,
          ...(needs.onFailure ? { onFailure: needs.onFailure } : {}),
        })
      : null;
  const homes: HomeLists = shared ?? lists;

  const echoes = createEchoes({ clock: needs.clock });
  const heavyAbove = (push_followers_max: number) => (actors: readonly PersonId[]) =>
    needs.people.followedByMany(actors, push_followers_max);

  function strategyOf({ strategy, push_followers_max }: TimelineChoice): Timeline {
    if (strategy === "pull") return pull;
    if (strategy === "plain") return plain;
    const heavyOf = strategy === "push" ? null : heavyAbove(push_followers_max);
    return createPushedTimeline({ name: strategy, sql, reposts, lists: homes, pull, heavyOf });
  }

  let choice = needs.choice;
  let timeline = strategyOf(choice);
  let works = false;
  const listed = () => choice.strategy === "push" || choice.strategy === "hybrid";

  function tell(entry: Entry, position: LogPosition | undefined, gone: boolean): void {
    const key = signedKey(entry);
    if (window !== null) {
      const change = { member: entry.actor_id, key, gone };
      if (position === undefined) window.own(change);
      else window.logged(change, position);
    }
    if (position === undefined) echoes.own(entry.id);
    else if (!echoes.logged(entry.id)) return;
    if (gone) {
      pull.removed(entry);
      lists.removed(entry, key);
    } else {
      pull.added(entry);
      lists.added(entry, key);
    }
  }

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
      shared?.pushes(works && listed());
    },
    added: (entry, position) => tell(entry, position, false),
    removed: (entry, position) => tell(entry, position, true),
    told: () => shared?.push(),
    work() {
      works = true;
      shared?.pushes(listed());
      return {
        [Symbol.dispose]() {
          works = false;
          shared?.pushes(false);
        },
      };
    },
    clear() {
      pull.clear();
      lists.clear();
    },
    stats: () => ({
      rings: pull.rings.stats(),
      lists: lists.stats(),
      shared: shared && needs.shared ? { ...shared.stats(), ...needs.shared.store.stats() } : null,
    }),
    measureShared: async () => (await shared?.measure()) ?? null,
    settled: async () => shared?.settled(),
  };
}
