import { useInfiniteQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { CheckCheck, Coffee, Sparkle } from "lucide-react";
import { useState } from "react";

import {
  CATCH_UP_RANGES,
  catchUp,
  type CatchUpRange,
  type CaughtPost,
  getPosition,
  putPosition,
} from "#systems/feed/contract.ts";

import { Button } from "../../parts/button.tsx";
import { cx } from "../../parts/class.ts";
import { Empty, End } from "../../parts/empty.tsx";
import { plural } from "../../parts/numbers.ts";
import { PagedList } from "../../parts/paged-list.tsx";
import { PostSkeleton } from "../../parts/skeleton.tsx";
import { wholeTime } from "../../parts/time.tsx";
import { deviceOf } from "../../people/device.ts";
import { askPages, call, queries } from "../../shell/house.ts";
import { NeedMe } from "../../shell/need-me.tsx";
import { say, sorry } from "../../shell/toasts.ts";
import { HomeFrame } from "../home-tabs.tsx";
import { PostCard } from "../post-card.tsx";
import { POST_GAP } from "../post-list.tsx";
import { HOME } from "../timeline/use-timeline.ts";

const SINCE = new Intl.DateTimeFormat(undefined, { weekday: "short", hour: "numeric", minute: "2-digit" });

const RANGE_WORDS: Record<CatchUpRange, string> = {
  left: "Since you left",
  day: "A day",
  three_days: "Three days",
  week: "A week",
};

/** The best of home since one left it, each with its reason. */
export function CatchUpScreen() {
  return (
    <HomeFrame on="catch-up" title="Catch up">
      <NeedMe>{() => <CatchUp />}</NeedMe>
    </HomeFrame>
  );
}

function CatchUp() {
  const { range = "left" } = useSearch({ from: "/catch-up" });
  const pages = useInfiniteQuery({
    ...askPages(catchUp, { query: { range } }),
    // An order that stands while it is read; it is made anew when somebody comes back to it.
    staleTime: 5 * 60_000,
  });
  const first = pages.data?.pages[0] as
    { since: string; newest_entry_id: string | null; candidates: number } | undefined;
  const count = pages.data?.pages.reduce((sum, page) => sum + page.items.length, 0) ?? 0;
  const done = first?.newest_entry_id ? <Done newest={first.newest_entry_id} /> : null;
  return (
    <>
      <Ranges on={range} />
      {first && count > 0 && (
        <div className="flex flex-wrap items-center gap-x-3 gap-y-1 px-4 pb-3 text-sm text-ink-2 sm:px-1">
          <p className="min-w-0 flex-1">
            The best of {plural(first.candidates, "post")} since{" "}
            <time dateTime={first.since} title={wholeTime(first.since)} className="font-semibold">
              {SINCE.format(new Date(first.since))}
            </time>
          </p>
          {done}
        </div>
      )}
      <PagedList<CaughtPost>
        pages={pages as unknown as Parameters<typeof PagedList<CaughtPost>>[0]["pages"]}
        what="posts"
        role="feed"
        keyOf={(post) => post.id}
        className={POST_GAP}
        empty={
          <Empty icon={<Coffee />} title="You are caught up">
            Nothing new came into your home {range === "left" ? "since you left it" : "in this time"}.
          </Empty>
        }
        end={
          <div className="text-center">
            <End>That was the best of it.</End>
            {done}
          </div>
        }
        skeleton={
          <div className={POST_GAP}>
            <PostSkeleton />
            <PostSkeleton media />
            <PostSkeleton />
          </div>
        }
      >
        {(post) => (
          <div>
            <p className="flex items-center gap-2 px-4 pb-1 text-xs font-medium text-ink-3 sm:px-5">
              <Sparkle className="size-3.5 shrink-0 text-accent-ink" aria-hidden="true" />
              {post.reason.sentence}
            </p>
            <PostCard post={post} />
          </div>
        )}
      </PagedList>
    </>
  );
}

function Ranges({ on }: { on: CatchUpRange }) {
  const navigate = useNavigate();
  return (
    <div role="radiogroup" aria-label="How far back" className="flex gap-1 overflow-x-auto px-4 pb-3 no-bar sm:px-1">
      {CATCH_UP_RANGES.map((range) => (
        <button
          key={range}
          type="button"
          role="radio"
          aria-checked={range === on}
          onClick={() =>
            void navigate({
              to: "/catch-up",
              search: range === "left" ? {} : { range },
              replace: true,
              resetScroll: false,
            })
          }
          className={cx(
            "h-9 shrink-0 rounded-full border px-4 text-sm font-medium transition-colors",
            range === on
              ? "border-accent-ink bg-accent-tint text-accent-ink"
              : "border-line text-ink-2 hover:bg-sunken",
          )}
        >
          {RANGE_WORDS[range]}
        </button>
      ))}
    </div>
  );
}

/** Puts the reading position at the newest, so that home opens there; the way back puts it where it was. */
function Done({ newest }: { newest: string }) {
  const [busy, setBusy] = useState(false);
  const put = async (entry_id: string) => {
    await call(putPosition, {
      params: { timeline: "home" },
      body: { entry_id, device: deviceOf(navigator.userAgent).name },
    });
    queries.removeQueries({ queryKey: HOME.key, type: "inactive" });
    await queries.resetQueries({ queryKey: [catchUp.path] });
  };
  const mark = async () => {
    const { position } = await call(getPosition, { params: { timeline: "home" } });
    await put(newest);
    say("Caught up.", position ? () => put(position.entry_id) : undefined);
  };
  return (
    <Button
      look="soft"
      size="sm"
      busy={busy}
      onClick={() => {
        setBusy(true);
        mark()
          .catch(sorry)
          .finally(() => setBusy(false));
      }}
    >
      <CheckCheck className="size-4.5" /> Mark as caught up
    </Button>
  );
}
