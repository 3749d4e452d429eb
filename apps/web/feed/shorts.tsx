import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import {
  Bookmark,
  ChevronDown,
  ChevronUp,
  Clapperboard,
  Heart,
  MessageCircle,
  Repeat2,
  Volume2,
  VolumeX,
} from "lucide-react";
import { type ReactNode, useEffect, useRef, useState } from "react";

import { type Post, shortsFeed } from "#systems/feed/contract.ts";

import { attach, type Attached } from "../media/hls.ts";
import { leaveStage, playOn, setSound, useSound } from "../media/stage.ts";
import { useCountedView } from "../media/viewing.ts";
import { Avatar } from "../parts/avatar.tsx";
import { Button, Wheel } from "../parts/button.tsx";
import { cx } from "../parts/class.ts";
import { Empty, Failed } from "../parts/empty.tsx";
import { compact } from "../parts/numbers.ts";
import { OfferFollow } from "../people/follow.tsx";
import { openCompose } from "../shell/compose.ts";
import { askPages } from "../shell/house.ts";
import { useShortcuts } from "../shell/keyboard.ts";
import { useTitle } from "../shell/page-header.tsx";
import { useMe } from "../shell/session.ts";
import { usePress } from "./post-actions.tsx";
import { usePost } from "./reactions.ts";
import { RichText } from "./rich-text.tsx";

/** Videos beside the one on the screen that are made ready: two to come, one to go back to. */
const AHEAD = 2;
const BEHIND = 1;
/** The next page is asked for when so few are left. */
const LEFT_TO_ASK = 4;

/** One short fills the screen; a swipe, a wheel or an arrow brings the next. */
export function ShortsScreen() {
  useTitle("Shorts");
  const me = useMe();
  const pages = useInfiniteQuery(askPages(shortsFeed, { query: { limit: 10 } }));
  const [at, setAt] = useState(0);
  const stage = useRef<HTMLDivElement>(null);
  const posts = pages.data?.pages.flatMap((page) => page.items).filter((post) => post.video?.hls_url) ?? [];
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = pages;

  useEffect(() => {
    if (posts.length - at <= LEFT_TO_ASK && hasNextPage && !isFetchingNextPage) void fetchNextPage();
  }, [at, posts.length, hasNextPage, isFetchingNextPage, fetchNextPage]);

  const go = (step: number) => stage.current?.children[Math.max(0, at + step)]?.scrollIntoView({ behavior: "smooth" });
  useShortcuts([
    { keys: "ArrowDown", label: "Next short", group: "Shorts", run: () => go(1) },
    { keys: "ArrowUp", label: "Previous short", group: "Shorts", run: () => go(-1) },
    { keys: "j", label: "Next short", group: "Shorts", run: () => go(1) },
    { keys: "k", label: "Previous short", group: "Shorts", run: () => go(-1) },
  ]);

  const frame =
    "relative mx-auto h-[calc(100dvh-4rem-env(safe-area-inset-bottom))] w-full bg-black sm:my-3 sm:h-[calc(100dvh-1.5rem)] sm:max-w-[calc((100dvh-1.5rem)*0.6)] sm:overflow-hidden sm:rounded-3xl";
  if (pages.isPending) {
    return (
      <div className={cx(frame, "grid place-items-center text-white")}>
        <p role="status" className="sr-only">
          Loading shorts…
        </p>
        <Wheel className="size-9" />
      </div>
    );
  }
  if (pages.isError && posts.length === 0) return <Failed error={pages.error} retry={() => void pages.refetch()} />;
  if (posts.length === 0) {
    return (
      <div className="grid min-h-[80dvh] place-items-center">
        <Empty
          icon={<Clapperboard />}
          title="No shorts yet"
          action={me && <Button onClick={() => openCompose()}>Share a short video</Button>}
        >
          Public videos of up to a minute and a half play here, one after the other.
        </Empty>
      </div>
    );
  }
  return (
    <div className="relative">
      <h1 className="sr-only">Shorts</h1>
      <div
        ref={stage}
        aria-label="Shorts"
        role="group"
        className={cx(frame, "snap-y snap-mandatory overflow-y-auto overscroll-contain no-bar")}
        onScroll={({ currentTarget }) => setAt(Math.round(currentTarget.scrollTop / currentTarget.clientHeight))}
      >
        {posts.map((post, index) => (
          <section
            key={post.id}
            aria-label={`Short by ${post.author.display_name}`}
            className="relative h-full snap-start snap-always overflow-hidden"
          >
            {index - at <= AHEAD && at - index <= BEHIND && <Short told={post} on={index === at} />}
          </section>
        ))}
        <div className="grid h-40 snap-end place-items-center text-sm text-white/70">
          {hasNextPage ? <Wheel className="size-7" /> : "You have seen them all."}
        </div>
      </div>
      <div className="absolute top-1/2 left-[calc(50%+(100dvh-1.5rem)*0.3+1rem)] hidden -translate-y-1/2 flex-col gap-3 lg:flex">
        <Step label="Previous short" disabled={at === 0} onClick={() => go(-1)} icon={<ChevronUp />} />
        <Step label="Next short" disabled={at >= posts.length - 1} onClick={() => go(1)} icon={<ChevronDown />} />
      </div>
    </div>
  );
}

const Step = ({ label, icon, ...rest }: { label: string; icon: ReactNode; disabled: boolean; onClick: () => void }) => (
  <button
    type="button"
    aria-label={label}
    title={label}
    {...rest}
    className="grid size-13 place-items-center rounded-full border border-line bg-surface text-ink-2 hover:bg-sunken disabled:opacity-40 [&_svg]:size-6"
  >
    {icon}
  </button>
);

function Short({ told, on }: { told: Post; on: boolean }) {
  const post = usePost(told);
  const element = useRef<HTMLVideoElement>(null);
  const [paused, setPaused] = useState(false);
  const [share, setShare] = useState(0);
  const sound = useSound();
  const me = useMe();
  const url = told.video?.hls_url ?? null;
  const counted = useCountedView(told.video?.id ?? "");

  // Made ready as soon as it is near, so that a swipe finds its first pictures there.
  const attached = useRef<Promise<Attached> | null>(null);
  useEffect(() => {
    const node = element.current;
    if (!node || url === null) return;
    const mine = attach(node, url, { ahead_s: 6 });
    attached.current = mine;
    return () => {
      leaveStage(node);
      void mine.then((player) => player.detach());
    };
  }, [url]);
  useEffect(() => {
    const node = element.current;
    if (!node) return;
    if (on) void attached.current?.then(() => playOn(node));
    else {
      node.pause();
      node.currentTime = 0;
    }
  }, [on, url]);
  useShortcuts(
    on
      ? [
          { keys: " ", label: "Play or pause", group: "Shorts", run: () => toggle() },
          { keys: "m", label: "Sound on or off", group: "Shorts", run: () => setSound(!sound) },
        ]
      : [],
  );
  if (!post?.video) return null;
  const toggle = () => {
    const node = element.current;
    if (!node) return;
    if (!sound && !node.paused) return setSound(true);
    if (node.paused) void playOn(node);
    else node.pause();
  };
  const { video } = post;
  return (
    <>
      {video.poster_url && (
        <img
          src={video.poster_url}
          alt=""
          aria-hidden="true"
          className="absolute inset-0 size-full scale-110 object-cover opacity-45 blur-2xl"
        />
      )}
      {/* The house has no caption tracks yet; the text of the post stands below. */}
      {/* oxlint-disable-next-line jsx-a11y/media-has-caption */}
      <video
        ref={element}
        muted={!sound}
        loop
        playsInline
        preload="auto"
        poster={video.poster_url ?? undefined}
        aria-label={video.title}
        className={cx(
          "relative size-full",
          (video.height ?? 1) > (video.width ?? 1) ? "object-cover" : "object-contain",
        )}
        onPlay={() => setPaused(false)}
        onPause={() => setPaused(true)}
        onTimeUpdate={({ currentTarget: { currentTime, duration } }) => {
          if (on) counted(currentTime);
          if (duration > 0) setShare(currentTime / duration);
        }}
      />
      <button
        type="button"
        onClick={toggle}
        tabIndex={on ? 0 : -1}
        aria-label={!sound ? "Tap for sound" : paused ? "Play" : "Pause"}
        className="absolute inset-0 grid place-items-center -outline-offset-4"
      >
        {!sound && on && (
          <span className="absolute top-4 left-4 flex items-center gap-2 rounded-full bg-black/55 px-3.5 py-2 text-sm font-semibold text-white">
            <VolumeX className="size-4.5" aria-hidden="true" /> Tap for sound
          </span>
        )}
      </button>
      {on && <Actions post={post} />}
      <div className="pointer-events-none absolute inset-x-0 bottom-0 bg-gradient-to-t from-black/75 via-black/35 to-transparent px-4 pt-24 pr-20 pb-5 text-white">
        <div className="pointer-events-auto flex items-center gap-3">
          <Link to="/@{$handle}" params={{ handle: post.author.handle }} className="flex min-w-0 items-center gap-2.5">
            <Avatar person={post.author} size="sm" className="ring-2 ring-white/70" />
            <span className="truncate font-bold">{post.author.display_name}</span>
          </Link>
          {me && !post.viewer?.own && <OfferFollow handle={post.author.handle} name={post.author.display_name} />}
        </div>
        {post.text !== "" && (
          <RichText
            text={post.text}
            mentions={post.mentions}
            className="pointer-events-auto mt-2.5 line-clamp-3 text-sm [&_a]:text-white [&_a]:underline"
          />
        )}
      </div>
      <span aria-hidden="true" className="absolute inset-x-0 bottom-0 h-[3px] bg-white/25">
        <span className="block h-full origin-left bg-[#ff8a7c]" style={{ transform: `scaleX(${share})` }} />
      </span>
    </>
  );
}

function Actions({ post }: { post: Post }) {
  const press = usePress(post);
  const sound = useSound();
  const viewer = post.viewer;
  return (
    <div className="absolute right-2 bottom-6 z-10 flex flex-col items-center gap-2 text-white">
      <Round
        label={`Like, ${post.counts.likes} so far`}
        pressed={viewer?.liked ?? false}
        count={post.counts.likes}
        onClick={() => press("liked", !viewer?.liked)}
      >
        <Heart className={cx("size-7", viewer?.liked && "heart-beat fill-[#ff6a5c] text-[#ff6a5c]")} />
      </Round>
      <Link
        to="/posts/$id"
        params={{ id: post.id }}
        hash="comments"
        aria-label={`Comments, ${post.counts.comments}`}
        className="flex flex-col items-center"
      >
        <span className="grid size-12 place-items-center rounded-full bg-black/35 backdrop-blur-sm hover:bg-black/60">
          <MessageCircle className="size-7" />
        </span>
        <span className="text-xs font-semibold drop-shadow">
          {post.counts.comments > 0 && compact(post.counts.comments)}
        </span>
      </Link>
      <Round
        label="Pass on"
        pressed={viewer?.reposted ?? false}
        count={post.counts.reposts}
        onClick={() => press("reposted", !viewer?.reposted)}
      >
        <Repeat2 className={cx("size-7", viewer?.reposted && "text-[#8fe0a8]")} />
      </Round>
      <Round
        label="Bookmark"
        pressed={viewer?.bookmarked ?? false}
        onClick={() => press("bookmarked", !viewer?.bookmarked)}
      >
        <Bookmark className={cx("size-6.5", viewer?.bookmarked && "fill-current")} />
      </Round>
      <Round
        label={sound ? "Turn the sound off" : "Turn the sound on"}
        pressed={sound}
        onClick={() => setSound(!sound)}
      >
        {sound ? <Volume2 className="size-6.5" /> : <VolumeX className="size-6.5" />}
      </Round>
    </div>
  );
}

const Round = ({
  label,
  pressed,
  count,
  onClick,
  children,
}: {
  label: string;
  pressed: boolean;
  count?: number;
  onClick: () => void;
  children: ReactNode;
}) => (
  <button
    type="button"
    aria-label={label}
    aria-pressed={pressed}
    onClick={onClick}
    className="flex flex-col items-center outline-white"
  >
    <span className="grid size-12 place-items-center rounded-full bg-black/35 backdrop-blur-sm hover:bg-black/60">
      {children}
    </span>
    <span aria-hidden="true" className="text-xs font-semibold drop-shadow">
      {count !== undefined && count > 0 && compact(count)}
    </span>
  </button>
);
