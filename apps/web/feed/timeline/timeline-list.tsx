import { Ellipsis } from "lucide-react";
import { type ReactNode, useEffect, useEffectEvent, useLayoutEffect, useMemo, useRef, useState } from "react";

import { type Post, putPosition, type ReadingPosition } from "#systems/feed/contract.ts";

import { Button } from "../../parts/button.tsx";
import { PagedList } from "../../parts/paged-list.tsx";
import { PostSkeleton } from "../../parts/skeleton.tsx";
import { Ago } from "../../parts/time.tsx";
import { deviceOf } from "../../people/device.ts";
import { call, queries } from "../../shell/house.ts";
import { useShortcuts } from "../../shell/keyboard.ts";
import { sorry } from "../../shell/toasts.ts";
import { PostCard } from "../post-card.tsx";
import { POST_GAP } from "../post-list.tsx";
import { NewsPill } from "./news.tsx";
import { articleKey, type Drawn, entryOf, type Gap, isNewer, newestOf, type TimelineData } from "./pages.ts";
import { AT_TOP_PX, createTeller, goTo, keepAt, topmost, watchWay } from "./place.ts";
import { newsKey, useNews } from "./use-news.ts";
import { stoppedAt, takeLanding, type Timeline, useTimeline } from "./use-timeline.ts";

const REST_MS = 1_500;
/** Further down than this, newer ones come in above unseen; nearer to the top they would be seen to come. */
const AWAY_FROM_TOP_PX = 600;

/** Home or a list: opens where its reader stopped, tells of newer ones, and moves nothing that is read. */
export function TimelineList({ timeline, empty, end }: { timeline: Timeline; empty: ReactNode; end?: ReactNode }) {
  const { pages, posts, loadNewest, fill } = useTimeline(timeline);
  const list = useRef<HTMLDivElement>(null);
  const stopped = pages.data ? stoppedAt(timeline.id) : null;
  const hold = useHold(list, pages.data);
  const goesUp = useGoesUp(stopped !== null);
  const newest = newestOf(pages.data);
  const { reached, toTop } = useReading(timeline.id, list, pages.data, stopped);
  const news = useNews(timeline.id, newest === null ? null : (reached ?? newest), stopped === null);
  const unseen = unseenOf(news, posts, reached);

  const comeIn = useEffectEvent(() => {
    if (window.scrollY < AWAY_FROM_TOP_PX) return;
    // Where it fails it is tried again with the next look.
    loadNewest(() => hold(list.current && topmost(list.current))).catch(() => {});
  });
  const newest_there = news?.newest_entry_id ?? null;
  useEffect(() => {
    if (newest_there !== null && newest !== null && isNewer(newest_there, newest)) comeIn();
  }, [newest_there, newest]);

  const show = () => {
    const there = newest_there !== null && newest !== null && isNewer(newest_there, newest);
    void (there ? loadNewest() : Promise.resolve()).then(() => {
      toTop();
      queries.setQueryData<object>(newsKey(timeline.id), (before) => before && { ...before, count: 0 });
    }, sorry);
  };
  useShortcuts([{ keys: ".", label: "Show new posts", group: "Posts", run: show }]);

  // What stands twice among the pages is drawn once.
  const drawnPages = pages.data
    ? { ...pages, data: { pageParams: [null], pages: [{ items: posts.map(({ post }) => post), next_cursor: null }] } }
    : pages;
  const gapBelow = useMemo(() => new Map(posts.map(({ post, gap }) => [articleKey(post), gap])), [posts]);
  const divider = stopped && dividerOf(posts, stopped);
  return (
    <div ref={list}>
      <NewsPill count={unseen} people={news?.people ?? []} show={show} />
      <PagedList
        pages={drawnPages as unknown as Parameters<typeof PagedList<Post>>[0]["pages"]}
        what="posts"
        role="feed"
        keyOf={articleKey}
        className={POST_GAP}
        empty={empty}
        end={end}
        skeleton={
          <div className={POST_GAP}>
            <PostSkeleton />
            <PostSkeleton media />
            <PostSkeleton />
          </div>
        }
      >
        {(post) => {
          const gap = gapBelow.get(articleKey(post));
          return (
            <>
              {stopped && divider === articleKey(post) && <StoppedHere at={stopped} />}
              <div data-entry={entryOf(post)} className="scroll-mt-44">
                <PostCard post={post} />
              </div>
              {gap && <Between key={gap.above} gap={gap} fill={fill} hold={hold} goesUp={goesUp} />}
            </>
          );
        }}
      </PagedList>
    </div>
  );
}

/** How many are newer than what was reached; what came in meanwhile and was passed counts no more. */
function unseenOf(news: ReturnType<typeof useNews>, posts: readonly Drawn[], reached: string | null): number {
  if (!news || news.count === 0) return 0;
  if (reached === null || !isNewer(reached, news.since)) return news.count;
  const passed = posts.filter(
    ({ post }) =>
      post.entry_id !== null &&
      isNewer(post.entry_id, news.since) &&
      !isNewer(post.entry_id, reached) &&
      !post.viewer?.own,
  ).length;
  return Math.max(0, news.count - passed);
}

/** The first post that is not newer than where they stopped. */
function dividerOf(posts: readonly Drawn[], { entry_id }: ReadingPosition): string | null {
  const at = posts.findIndex(({ post }) => !isNewer(entryOf(post), entry_id));
  return at > 0 ? articleKey(posts[at]!.post) : null;
}

/** Goes to where one stopped, once; then says to the house where one reads, and remembers how far up one came. */
function useReading(
  timeline: string,
  list: React.RefObject<HTMLDivElement | null>,
  data: TimelineData | undefined,
  stopped: ReadingPosition | null,
) {
  const [reached, setReached] = useState<string | null>(null);
  const teller = useMemo(
    () =>
      createTeller({
        later(run) {
          const timer = setTimeout(run, REST_MS);
          return () => clearTimeout(timer);
        },
        tell(entry_id) {
          const body = { entry_id, device: deviceOf(navigator.userAgent).name };
          // The next rest tells it again, further on.
          call(putPosition, { params: { timeline }, body, keepalive: true }).catch(() => {});
        },
      }),
    [timeline],
  );
  const there = data !== undefined;
  useLayoutEffect(() => {
    if (!there || !list.current) return;
    const landing = takeLanding(timeline);
    if (landing === null) return;
    const items = [...list.current.querySelectorAll<HTMLElement>("[data-entry]")];
    const item = items.find(({ dataset }) => !isNewer(dataset.entry!, landing.entry_id));
    return item && goTo(item);
  }, [there, timeline, list]);

  const look = useEffectEvent(() => {
    if (!list.current || !data) return;
    const item = topmost(list.current);
    const newest = newestOf(data);
    const entry = window.scrollY < AT_TOP_PX && newest !== null ? newest : item?.dataset.entry;
    if (entry === undefined) return;
    teller.at(entry);
    setReached((before) => (before === null || isNewer(entry, before) ? entry : before));
  });
  useEffect(() => {
    if (!there) return;
    let frame = requestAnimationFrame(() => look());
    const onScroll = () => {
      cancelAnimationFrame(frame);
      frame = requestAnimationFrame(() => look());
    };
    const leave = () => document.visibilityState === "hidden" && teller.now();
    window.addEventListener("scroll", onScroll, { passive: true });
    document.addEventListener("visibilitychange", leave);
    window.addEventListener("pagehide", teller.now);
    return () => {
      cancelAnimationFrame(frame);
      window.removeEventListener("scroll", onScroll);
      document.removeEventListener("visibilitychange", leave);
      window.removeEventListener("pagehide", teller.now);
      teller.now();
    };
  }, [there, teller]);

  const toTop = () => {
    window.scrollTo({ top: 0, behavior: "instant" });
    // Once what came in is drawn.
    setTimeout(() => list.current?.querySelector<HTMLElement>("[data-post]")?.focus({ preventScroll: true }), 60);
  };
  return { reached: reached ?? stopped?.entry_id ?? null, toTop };
}

/** Keeps one thing where it is on the screen over the next change of the list, also in browsers that do not by themselves. */
function useHold(list: React.RefObject<HTMLDivElement | null>, data: unknown) {
  const held = useRef<{ item: HTMLElement; top: number } | null>(null);
  const keeping = useRef(() => {});
  useLayoutEffect(() => {
    const before = held.current;
    held.current = null;
    if (!before || !list.current?.contains(before.item)) return;
    keeping.current();
    keeping.current = keepAt(before.item, before.top);
  }, [data, list]);
  useEffect(() => () => keeping.current(), []);
  return (item: HTMLElement | null) => {
    held.current = item && { item, top: item.getBoundingClientRect().top };
  };
}

/** Who opened below the top goes up at first. */
function useGoesUp(atFirst: boolean): () => boolean {
  const way = useRef<boolean | null>(null);
  useEffect(
    () =>
      watchWay((up) => {
        way.current = up;
      }),
    [],
  );
  return () => way.current ?? atFirst;
}

/** Above it is what came since. */
function StoppedHere({ at }: { at: ReadingPosition }) {
  return (
    <div className="flex items-center gap-3 px-4 py-2 text-xs text-ink-3 sm:px-2">
      <span className="h-px flex-1 bg-line" aria-hidden="true" />
      <p className="truncate">
        You stopped here · <Ago at={at.at} />
        {at.device !== "" && <span className="max-sm:hidden"> · {at.device}</span>}
      </p>
      <span className="h-px flex-1 bg-line" aria-hidden="true" />
    </div>
  );
}

/** More came than a page holds: what lies between is asked for by hand, so that nothing moves by itself. */
function Between({
  gap,
  fill,
  hold,
  goesUp,
}: {
  gap: Gap;
  fill: (gap: Gap, before: () => void) => Promise<void>;
  hold: (item: HTMLElement | null) => void;
  goesUp: () => boolean;
}) {
  const [busy, setBusy] = useState(false);
  const root = useRef<HTMLDivElement>(null);
  const load = () => {
    setBusy(true);
    // Who comes from below goes on reading upwards: what they have read stays where it is.
    fill(gap, () => goesUp() && hold(root.current?.nextElementSibling as HTMLElement | null))
      .catch(sorry)
      .finally(() => setBusy(false));
  };
  return (
    <div ref={root} className="flex justify-center px-4 py-3">
      <Button look="outline" busy={busy} onClick={load}>
        <Ellipsis className="size-5" /> Load the posts between
      </Button>
    </div>
  );
}
