import { useInfiniteQuery } from "@tanstack/react-query";
import { ChevronDown, ChevronUp, Clapperboard } from "lucide-react";
import { type ReactNode, useEffect, useRef, useState } from "react";

import { shortsFeed } from "#systems/feed/contract.ts";

import { stopPlaying } from "../media/now-playing.ts";
import { Button, Wheel } from "../parts/button.tsx";
import { cx } from "../parts/class.ts";
import { Empty, Failed } from "../parts/empty.tsx";
import { openCompose } from "../shell/compose.ts";
import { askPages } from "../shell/house.ts";
import { useShortcuts } from "../shell/keyboard.ts";
import { useTitle } from "../shell/page-header.tsx";
import { useMe } from "../shell/session.ts";
import { Short } from "./short.tsx";
import { isHeld } from "./shorts-place.ts";
import { useSwipe } from "./use-swipe.ts";

/** The next page is asked for when so few are left. */
const LEFT_TO_ASK = 4;

/** One short fills the screen; a swipe, a wheel or an arrow brings the next. */
export function ShortsScreen() {
  useTitle("Shorts");
  const me = useMe();
  const pages = useInfiniteQuery(askPages(shortsFeed, { query: { limit: 10 } }));
  const stage = useRef<HTMLDivElement>(null);
  /** The one whose picture moves: until it does, no other fetches or sets up anything beside it. */
  const [moving, setMoving] = useState(-1);
  const posts = pages.data?.pages.flatMap((page) => page.items).filter((post) => post.video?.hls_url) ?? [];
  const { at, go, onScroll, onTouchStart } = useSwipe(stage, posts.length);
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = pages;

  useEffect(() => {
    if (posts.length - at <= LEFT_TO_ASK && hasNextPage && !isFetchingNextPage) void fetchNextPage();
  }, [at, posts.length, hasNextPage, isFetchingNextPage, fetchNextPage]);

  // Shorts fill the screen and play one after the other: nothing else is watched beside them.
  useEffect(stopPlaying, []);
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
        onScroll={onScroll}
        onTouchStart={onTouchStart}
      >
        {posts.map((post, index) => (
          <section
            key={post.id}
            aria-label={`Short by ${post.author.display_name}`}
            className="relative h-full snap-start snap-always overflow-hidden"
          >
            {isHeld(index, at) && (
              <Short
                told={post}
                on={index === at}
                ready={index === at || moving === at}
                begun={() => setMoving(index)}
              />
            )}
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
