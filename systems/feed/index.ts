import { join } from "node:path";

import type { CommentId, Id, PersonId, PostId } from "#kernel/ids.ts";
import type { Viewer } from "#kernel/viewer.ts";
import type { Caches } from "#ports/cache/index.ts";
import type { SharedLists } from "#ports/lists/index.ts";
import type { Log, LogPosition, StoredEvent } from "#ports/log/index.ts";
import type { MigrationFolder } from "#ports/sql/index.ts";

import * as b from "./bounds.ts";
import { type CatchUp, createCatchUp } from "./catch-up/catch-up.ts";
import { type CommentReader, createCommentReader } from "./comments/read.ts";
import { commentTexts } from "./comments/store.ts";
import { definePurgeOfComments } from "./comments/write.ts";
import type { Post } from "./contract.ts";
import { countsIn, defineRecount, recount, startCounting } from "./counts/counts.ts";
import { createExactSums } from "./counts/exact.ts";
import { defineForgetting, startForgetting } from "./departures.ts";
import { COUNTS_TOPIC, FEED_TOPIC, type FeedEvent, readFeedEvent } from "./events.ts";
import { createForYou, type ForYou } from "./foryou/index.ts";
import type { Ground } from "./ground.ts";
import { createLinkBook, type LinkBook } from "./links/book.ts";
import { defineLooking } from "./links/look.ts";
import { createListBook, type ListBook } from "./lists/book.ts";
import { createFeedModeration, type FeedModeration } from "./moderation/moderate.ts";
import { changedIn, startPollCounting } from "./polls/counting.ts";
import { definePollEnd } from "./polls/end.ts";
import { definePurge } from "./posts/delete.ts";
import { createLikes } from "./reactions/likes.ts";
import { createOverlay, type Overlay } from "./reactions/overlay.ts";
import { createHydrator, type Hydrator } from "./reading/hydrate.ts";
import { createMediaCards, type MediaCards } from "./reading/media-cards.ts";
import { createPassers, type Passers } from "./reading/passers.ts";
import { postOf } from "./reading/present.ts";
import { createReader, type Reader } from "./reading/reader.ts";
import { definePublishing } from "./scheduled/publish.ts";
import { defineSeenTrim } from "./seen/seen.ts";
import { seenOf } from "./seen/store.ts";
import { MEDIA_TOPIC, startShorts } from "./shorts/shorts.ts";
import { type Choices, createChoices } from "./timelines/choice.ts";
import { explainTimelines, type Explanation } from "./timelines/explain.ts";
import { createLiveTimeline, type LiveTimeline, type TimelineBounds } from "./timelines/live.ts";
import { createReadCounter } from "./timelines/reads.ts";
import { whereToJoin } from "./timelines/shared-homes.ts";
import type { Strategy, Timeline } from "./timelines/timeline.ts";
import { createTrending, type Trending } from "./trending/watch.ts";
import { createWindows, type Windows } from "./windows/windows.ts";
import { followReading } from "./wishes/events.ts";
import { createWishBook, type WishBook } from "./wishes/wishes.ts";

export const FEED_FOLDER: MigrationFolder = { system: "feed", folder: join(import.meta.dirname, "sql") };

export interface FeedNeeds extends Omit<Ground, "happened" | "likes" | "exactSums"> {
  caches: Caches;
  /** Where something is smaller than `bounds.ts` says; for small machines and for tests. */
  bounds?: Partial<FeedBounds>;
  /** How long somebody waits for a For you that has to be made first, in ms; for machines that are slower, and for tests. */
  for_you_wait_ms?: number;
  /** How homes are made until an admin chooses otherwise; `pull` where nothing is said. All give the same pages. */
  timeline?: Strategy;
  /** `hybrid`: whoever has more followers is pulled. */
  push_followers_max?: number;
  /** Push lists that all nodes share; without it, each process has its own. */
  shared_homes?: SharedLists;
  /** Told of what goes wrong in the background and is made good by itself. */
  onFailure?: (error: unknown) => void;
  /** Told when the daily recount found sums that had drifted. */
  onDrift?: (subjects: number) => void;
}

export interface FeedBounds extends TimelineBounds {
  posts_cached_max: number;
  posts_cached_bytes_max: number;
  post_cached_ms: number;
  viewer_posts_max: number;
  posts_max: number;
}

export const FEED_BOUNDS: FeedBounds = {
  rings_bytes_max: b.RINGS_BYTES_MAX,
  ring_entries_max: b.RING_ENTRIES_MAX,
  load_entries_max: b.RING_LOAD_ENTRIES_MAX,
  reposts_cached_max: b.REPOSTS_CACHED_MAX,
  lists_bytes_max: b.LISTS_BYTES_MAX,
  list_entries_max: b.LIST_ENTRIES_MAX,
  list_idle_ms_max: b.LIST_IDLE_MS_MAX,
  posts_cached_max: b.POSTS_CACHED_MAX,
  posts_cached_bytes_max: b.POSTS_CACHED_BYTES_MAX,
  post_cached_ms: b.POST_CACHED_MS,
  viewer_posts_max: b.OVERLAY_VIEWER_POSTS_MAX,
  posts_max: b.OVERLAY_POSTS_MAX,
};

/** The feed, in this process. Other systems use its events; its routes are served by `serveFeed`. */
export interface Feed extends AsyncDisposable {
  /** Sums, shorts, purges, departures and the daily recount. Start it on nodes that work in the background. */
  work(): Disposable;
  /** Makes these sums right at once. @returns how many were wrong */
  recount(kind: "post" | "comment", ids: readonly string[]): Promise<number>;
  /** Of these, what this viewer may read now; the rest is missing. */
  posts(viewer: Viewer, ids: readonly PostId[]): Promise<Map<PostId, Post>>;
  /** The words of these comments; what was deleted is missing. Says nothing of whether their post may be read. */
  commentTexts(ids: readonly CommentId[]): Promise<Map<CommentId, string>>;
  /** For each of these texts: whether this reader muted a word in it everywhere, to hide it or to be warned. */
  mutedIn(person_id: PersonId, texts: readonly (readonly string[])[]): Promise<("hide" | "warn" | null)[]>;
  /** Throws all hot state away; nothing but speed is lost. */
  forgetAll(): void;
  /** For the system that moderates. */
  moderation: FeedModeration;
  /** Cards of links, for whoever else shows some. */
  links: LinkBook;
  /** The same lists for who pages by places, and posts by id: for doors of other protocols. */
  windows: Windows;
  stats(): ReturnType<LiveTimeline["stats"]> & { overlay: ReturnType<Overlay["stats"]> };
  /** For this system's own routes. */
  rooms: Rooms;
}

export interface Rooms {
  ground: Ground;
  reader: Reader;
  comments: CommentReader;
  timeline: Timeline & Pick<LiveTimeline, "work">;
  choices: Choices;
  /** What homes cost here and why, measured now; some 100 ms of work. */
  explain(): Promise<Explanation>;
  /** What trends, before any rule of who may see what. */
  trending: Trending;
  forYou: ForYou;
  wishes: WishBook;
  lists: ListBook;
  catchUp: CatchUp;
}

/** Follows its own events from here on, so that what another node writes shows here too. */
export async function createFeed(needs: FeedNeeds): Promise<Feed> {
  const { sql, log, jobs } = needs;
  const bounds = { ...FEED_BOUNDS, ...needs.bounds };
  const mediaCards = createMediaCards(needs);
  const hydrator = createHydrator({
    ...needs,
    media: mediaCards,
    bounds,
    public_url: needs.links?.public_url ?? null,
    addressOf: needs.links?.pictures.urlOf ?? null,
  });
  const overlay = createOverlay({ sql, bounds });
  const by_config = {
    strategy: needs.timeline ?? "pull",
    push_followers_max: needs.push_followers_max ?? b.PUSH_FOLLOWERS_MAX,
  };
  const reads = createReadCounter(needs);
  const from = await whereToJoin(needs, FEED_TOPIC, needs.shared_homes ?? null);
  const shared = needs.shared_homes ? { store: needs.shared_homes, from } : null;
  const timeline = createLiveTimeline({ ...needs, bounds, choice: by_config, shared, onRead: reads.count });
  const passers = createPassers(needs);
  const memory = { hydrator, mediaCards, overlay, timeline, passers };
  const happened = (event: FeedEvent) => apply(event, memory);
  const ground: Ground = { ...needs, happened, likes: createLikes(needs), exactSums: createExactSums({ sql }) };
  const wishes = createWishBook(needs);
  const lists = createListBook(needs);
  const reader = createReader({ ...needs, hydrator, overlay, passers, wishes });
  const catchUp = createCatchUp({ ...needs, reader, timeline });
  const comments = createCommentReader({ sql, people: needs.people, reader });
  definePurge(ground, jobs);
  definePurgeOfComments(ground);
  definePollEnd(ground);
  definePublishing(ground);
  if (needs.links) defineLooking(ground, needs.links);
  defineForgetting(ground);
  defineSeenTrim(ground);
  defineRecount({ sql, log, jobs, onDrift: needs.onDrift ?? (() => {}) });
  await using followed = new AsyncDisposableStack();
  followed.use(reads);
  followed.defer(timeline.settled);
  followed.use(await follow(log, from, memory));
  followed.use(await followReading(log, { wishes, lists }));
  const choices = followed.use(await createChoices({ sql, log, clock: needs.clock, timeline, by_config }));
  const explain = async () => {
    await reads.flush();
    return explainTimelines({ ...needs, choices, bounds, timeline });
  };
  const trending = followed.use(await createTrending(needs));
  const forYou = createForYou({ ...needs, timeline, seenOf, trending });
  const tails = followed.move();
  return {
    rooms: { ground, reader, comments, timeline, choices, explain, trending, forYou, wishes, lists, catchUp },
    windows: createWindows({ sql, reader, comments, timeline, lists, spaces: ground.spaces }),
    links: createLinkBook(ground),
    moderation: createFeedModeration(ground, reader, comments),
    work: () =>
      together([
        timeline.work(),
        startCounting({ log }),
        startShorts(ground),
        startPollCounting(ground),
        startForgetting(ground),
        forYou.work(),
      ]),
    recount: (kind, ids) => recount({ sql, log }, kind, ids),
    posts: async (viewer, ids) =>
      new Map(Array.from(await reader.posts(viewer, ids), ([id, json]) => [id, postOf(json)] as const)),
    commentTexts: (ids) => commentTexts(sql.pool, ids),
    async mutedIn(person_id, texts) {
      const { words } = await wishes.of(person_id);
      return texts.map((fields) => {
        const verdict = words?.judgeText(fields, "everywhere") ?? null;
        return verdict && (verdict.hides ? "hide" : "warn");
      });
    },
    forgetAll() {
      timeline.clear();
      hydrator.forgetAll();
      mediaCards.forgetAll();
      overlay.forgetAll();
      passers.forgetAll();
      wishes.forgetAll();
      lists.forgetAll();
    },
    stats: () => ({ ...timeline.stats(), overlay: overlay.stats() }),
    [Symbol.asyncDispose]: () => tails[Symbol.asyncDispose](),
  };
}

/** Live before the first read, so that whatever a cache loads from then on misses nothing. */
async function follow(log: Log, from: LogPosition, memory: Memory): Promise<AsyncDisposable> {
  await using tails = new AsyncDisposableStack();
  const onBatch = (batch: StoredEvent[]) => {
    for (const stored of batch) {
      const event = readFeedEvent(stored);
      if (event) apply(event, memory, stored.position);
    }
    memory.timeline.told();
  };
  tails.use(await log.tail(FEED_TOPIC, onBatch, from));
  tails.use(
    await log.tail(COUNTS_TOPIC, (batch) => {
      for (const [id, likes, reposts, comments, views, quotes] of countsIn(batch)) {
        if (views === undefined || quotes === undefined) memory.hydrator.forget(id as PostId);
        else memory.hydrator.counted(id as PostId, { likes, reposts, comments, views, quotes });
      }
      for (const id of changedIn(batch)) memory.hydrator.forget(id);
    }),
  );
  tails.use(await log.tail(MEDIA_TOPIC, (batch) => memory.mediaCards.onEvents(batch)));
  return tails.move();
}

/** What this process remembers. */
interface Memory {
  hydrator: Hydrator;
  mediaCards: MediaCards;
  overlay: Overlay;
  timeline: LiveTimeline;
  passers: Passers;
}

/** What an event changes in this process's memory. The same event twice changes nothing more. */
function apply(
  event: FeedEvent,
  { hydrator, mediaCards, overlay, timeline, passers }: Memory,
  position?: LogPosition,
): void {
  const { data } = event;
  const own = { id: data.post_id, post_id: data.post_id, actor_id: data.author_id };
  switch (event.type) {
    case "feed.post_created":
    case "feed.post_restored":
      hydrator.forget(data.post_id);
      mediaCards.forget(event.data);
      return timeline.added(own, position);
    case "feed.post_deleted":
      hydrator.forget(data.post_id);
      return timeline.removed(own, position);
    case "feed.post_edited":
    case "feed.post_hidden":
    case "feed.post_shown":
    case "feed.post_marked":
    case "feed.post_moved":
      mediaCards.forget(event.data);
      return hydrator.forget(data.post_id);
    case "feed.post_purged":
    case "feed.quote_detached":
    case "feed.link_hidden":
    case "feed.link_shown":
      return hydrator.forget(data.post_id);
    case "feed.reposted":
      overlay.forget(event.data.person_id, data.post_id);
      passers.forget(data.post_id);
      return timeline.added(passedOn(event.data), position);
    case "feed.unreposted":
      overlay.forget(event.data.person_id, data.post_id);
      passers.forget(data.post_id);
      return timeline.removed(passedOn(event.data), position);
    case "feed.liked":
    case "feed.unliked":
    case "feed.bookmarked":
    case "feed.unbookmarked":
      return overlay.forget(event.data.person_id, data.post_id);
    default:
      return;
  }
}

const passedOn = (data: { entry_id: string; post_id: PostId; person_id: PersonId }) => ({
  id: data.entry_id as Id<"entry">,
  post_id: data.post_id,
  actor_id: data.person_id,
});

const together = (parts: Disposable[]): Disposable => ({
  [Symbol.dispose]() {
    for (const part of parts) part[Symbol.dispose]();
  },
});

export { COMMENT_DEPTH_MAX, POST_IMAGES_MAX, POST_TEXT_CHARS_MAX } from "./bounds.ts";
export { POLL_OPEN_S_MAX, POLL_OPEN_S_MIN, POLL_OPTION_CHARS_MAX, POLL_OPTIONS_MAX } from "./polls/bounds.ts";
export { feedRoutes } from "./contract.ts";
export type { Comment, Post, PostImage, PostVideo } from "./contract.ts";
export type { LinkBook } from "./links/book.ts";
export {
  COUNTS_TOPIC,
  FEED_TOPIC,
  LINKS_TOPIC,
  type LinkLookedEvent,
  WRITING_TOPIC,
  type ScheduleFailedEvent,
  type SchedulePublishedEvent,
  type CountedEvent,
  type FeedEvent,
  type FeedEventOf,
} from "./events.ts";
export type { Done, FeedModeration, FeedPlace, FeedSubject } from "./moderation/moderate.ts";
export type { FeedMedia, FeedPeople, FeedSpaces, FoundSpace, LinkNeeds, LinkPictures, MediaClaim } from "./needs.ts";
export { type Elsewhere, evaluateHistory, evaluateHouse, installTrained, trainHouse } from "./foryou/house.ts";
export type { Evaluation } from "./foryou/evaluate.ts";
export type { History, HistoryAct, HistoryPost } from "./foryou/replay.ts";
export type { Trained } from "./foryou/train.ts";
export { SEEN_TOPIC, type SeenEvent } from "./seen/seen.ts";
export { createMoving, exportedArchive, type Moving, type MovingFiles, serveMoving } from "./moving/index.ts";
export { serveFeed } from "./routes.ts";
export type { Explanation } from "./timelines/explain.ts";
export { STRATEGIES, type HomeEntry, type Strategy, type Timeline } from "./timelines/timeline.ts";
export { readFeedEvent } from "./events.ts";
export type { WindowOf } from "./windows/lists.ts";
export type { Windowed, Windows } from "./windows/windows.ts";
export { marksOf, tagOf, tokenize, type Token } from "./tokens.ts";
