import { useQuery, type UseQueryResult } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Ban, ChartNoAxesColumn, ExternalLink } from "lucide-react";
import { lazy, type ReactNode, Suspense, useState } from "react";

import type { SpaceId } from "#kernel/ids.ts";
import {
  type Post,
  type TrendingBar,
  type TrendingHashtag,
  type TrendingLink,
  trendingRoutes as r,
} from "#systems/feed/contract.ts";

import { IconButton } from "../../parts/button.tsx";
import { cx } from "../../parts/class.ts";
import { Empty, Failed } from "../../parts/empty.tsx";
import { plural } from "../../parts/numbers.ts";
import { Loading, PostSkeleton, RowSkeleton } from "../../parts/skeleton.tsx";
import { ask } from "../../shell/house.ts";
import { useMe } from "../../shell/session.ts";
import { PostCard } from "../post-card.tsx";
import { POST_GAP } from "../post-list.tsx";
import { Films } from "./films.tsx";
import { Sparkline } from "./sparkline.tsx";

const BarDialog = lazy(() => import("./bars.tsx").then((module) => ({ default: module.BarDialog })));
const BarsPanel = lazy(() => import("./bars.tsx").then((module) => ({ default: module.BarsPanel })));

type Window = "hour" | "day";
const WINDOWS: [Window, string][] = [
  ["day", "Today"],
  ["hour", "This hour"],
];
/** It moves; a screen that stays open follows. */
const FOLLOW_MS = 30_000;

export interface ToBar {
  kind: TrendingBar["kind"];
  subject: string;
}

/** What most people react to now, in the house or in one space. */
export function Trending({ space }: { space?: { id: SpaceId; name: string } }) {
  const me = useMe();
  const [window_, setWindow] = useState<Window>("day");
  const [barring, setBarring] = useState<ToBar | null>(null);
  const where = { window: window_, ...(space ? { space_id: space.id } : {}) };
  const follow = { refetchInterval: FOLLOW_MS, staleTime: 5_000 };
  const hashtags = useQuery({ ...ask(r.trendingHashtags, { query: { ...where, limit: 8 } }), ...follow });
  const links = useQuery({ ...ask(r.trendingLinks, { query: { ...where, limit: 5 } }), ...follow });
  const posts = useQuery({ ...ask(r.trendingPosts, { query: { ...where, limit: 20 } }), ...follow });
  const films = useQuery({ ...ask(r.trendingVideos, { query: { ...where, limit: 10 } }), ...follow });
  const moderates = !space && me !== null && me !== undefined && me.role !== "member";
  const bar = moderates ? setBarring : null;

  const all = [hashtags, links, films, posts];
  const is_quiet = all.every((query) => query.data?.items.length === 0);
  return (
    <>
      <fieldset className="flex gap-1 px-4 pb-3 sm:px-0">
        <legend className="sr-only">Over which time</legend>
        {WINDOWS.map(([value, label]) => (
          <label
            key={value}
            className={cx(
              "flex h-9 cursor-pointer items-center rounded-full border px-4 text-sm font-semibold transition-colors has-focus-visible:outline-2 has-focus-visible:outline-accent-ink",
              window_ === value
                ? "border-transparent bg-accent-tint text-accent-ink"
                : "border-line text-ink-2 hover:bg-sunken",
            )}
          >
            <input
              type="radio"
              name="window"
              value={value}
              checked={window_ === value}
              onChange={() => setWindow(value)}
              className="sr-only"
            />
            {label}
          </label>
        ))}
      </fieldset>
      {is_quiet ? (
        <Empty icon={<ChartNoAxesColumn />} title={window_ === "hour" ? "A quiet hour" : "A quiet day"}>
          {space
            ? `When several people in ${space.name} react to the same thing, it will stand here.`
            : "When several people react to the same post, hashtag or link, it will stand here. Nobody gets here alone."}
        </Empty>
      ) : (
        <div className="space-y-3">
          <Some query={hashtags} what="hashtags" title="Hashtags">
            {(items) => items.map((item) => <HashtagRow key={item.tag} item={item} bar={bar} />)}
          </Some>
          <Some query={links} what="links" title="Links">
            {(items) => items.map((item) => <LinkRow key={item.url} item={item} bar={bar} />)}
          </Some>
          {films.data && films.data.items.length > 0 && <Films items={films.data.items} />}
          <Posts query={posts} />
        </div>
      )}
      <Suspense fallback={null}>
        {moderates && <BarsPanel />}
        {barring && <BarDialog subject={barring} close={() => setBarring(null)} />}
      </Suspense>
    </>
  );
}

function Some<T>({
  query,
  what,
  title,
  children,
}: {
  query: UseQueryResult<{ items: T[] }>;
  what: string;
  title: string;
  children: (items: T[]) => ReactNode;
}) {
  if (query.data?.items.length === 0) return null;
  return (
    <section className="border-line bg-surface py-2 max-sm:border-y sm:rounded-2xl sm:border">
      <h2 className="px-4 pt-2 pb-1 font-bold sm:px-5">{title}</h2>
      {query.data ? (
        <ol aria-label={`Trending ${what}`}>{children(query.data.items)}</ol>
      ) : query.isError ? (
        <Failed error={query.error} retry={() => void query.refetch()} />
      ) : (
        <div className="px-4 sm:px-5">
          <Loading what={`trending ${what}`} />
          <RowSkeleton />
          <RowSkeleton />
        </div>
      )}
    </section>
  );
}

const ROW = "group flex items-center gap-3 px-4 transition-colors hover:bg-sunken sm:px-5";

function HashtagRow({ item, bar }: { item: TrendingHashtag; bar: ((what: ToBar) => void) | null }) {
  return (
    <li className={ROW}>
      <Link to="/tags/$tag" params={{ tag: item.tag }} className="flex min-h-14 min-w-0 flex-1 items-center gap-4 py-2">
        <span className="min-w-0 flex-1">
          <span className="block truncate leading-6 font-semibold">#{item.tag}</span>
          <span className="block text-xs text-ink-3">{plural(item.people, "person", "people")}</span>
        </span>
        <Sparkline values={item.sparkline} className="h-8 w-24 shrink-0 sm:w-32" />
      </Link>
      {bar && <KeepOut what={`#${item.tag}`} onPress={() => bar({ kind: "hashtag", subject: item.tag })} />}
    </li>
  );
}

function LinkRow({ item, bar }: { item: TrendingLink; bar: ((what: ToBar) => void) | null }) {
  return (
    <li className={ROW}>
      <a
        href={item.url}
        target="_blank"
        rel="noopener noreferrer nofollow ugc"
        className="flex min-h-14 min-w-0 flex-1 items-center gap-4 py-2"
      >
        <span className="min-w-0 flex-1">
          <span className="flex items-center gap-1.5 leading-6 font-semibold">
            <span className="truncate">{item.title ?? item.url.replace(/^https?:\/\/(?:www\.)?/, "")}</span>
            <ExternalLink className="size-3.5 shrink-0 text-ink-3" aria-hidden="true" />
          </span>
          <span className="block truncate text-xs text-ink-3">
            {item.host} · {plural(item.people, "person", "people")}
          </span>
        </span>
        <Sparkline values={item.sparkline} className="h-8 w-16 shrink-0 sm:w-32" />
      </a>
      {bar && <KeepOut what={item.host} onPress={() => bar({ kind: "link", subject: item.url })} />}
    </li>
  );
}

const KeepOut = ({ what, onPress }: { what: string; onPress: () => void }) => (
  <IconButton label={`Keep ${what} out of trending`} onClick={onPress} className="-mr-2">
    <Ban className="size-4.5" />
  </IconButton>
);

function Posts({ query }: { query: UseQueryResult<{ items: { post: Post; people: number }[] }> }) {
  if (query.data?.items.length === 0) return null;
  return (
    <section aria-labelledby="trending-posts">
      <h2 id="trending-posts" className="px-4 pt-3 pb-2 font-bold sm:px-1">
        Posts
      </h2>
      {query.data ? (
        <div className={POST_GAP} role="feed" aria-label="trending posts">
          {query.data.items.map(({ post, people }) => (
            <div key={post.id}>
              <PostCard post={post} />
              <p className="px-4 pt-1 pb-1 text-xs text-ink-3 sm:px-5">
                {plural(people, "person", "people")} reacted to this
              </p>
            </div>
          ))}
        </div>
      ) : query.isError ? (
        <Failed error={query.error} retry={() => void query.refetch()} />
      ) : (
        <div className={POST_GAP}>
          <Loading what="trending posts" />
          <PostSkeleton />
          <PostSkeleton media />
        </div>
      )}
    </section>
  );
}
