import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { EyeOff, History as HistoryIcon, Pause, Play, Trash2 } from "lucide-react";
import { lazy, Suspense, useState } from "react";

import {
  clearHistory,
  forgetWatched,
  getHistorySettings,
  listHistory,
  putHistorySettings,
  putPosition,
  type Watched,
} from "#systems/media/contract.ts";

import { Button } from "../../parts/button.tsx";
import { Empty } from "../../parts/empty.tsx";
import { PagedList } from "../../parts/paged-list.tsx";
import { useNowMs } from "../../parts/time.tsx";
import { ask, askPages, call, queries } from "../../shell/house.ts";
import { NeedMe } from "../../shell/need-me.tsx";
import { PageHeader } from "../../shell/page-header.tsx";
import { say, sorry } from "../../shell/toasts.ts";
import { withItems } from "./arrange.ts";
import { dayName } from "./day-name.ts";
import { VideoMenu } from "./video-menu.tsx";
import { RowsSkeleton, VideoRow } from "./video-row.tsx";

const Confirm = lazy(async () => ({ default: (await import("../../parts/dialog.tsx")).Confirm }));
const watched = askPages(listHistory, { query: { limit: 24 } });
const settings = ask(getHistorySettings);
const CONTINUE_KEY = ["/v1/videos/continue"];

export function HistoryScreen() {
  return (
    <>
      <PageHeader title="History" detail="Only you see what you watched" back />
      <NeedMe>{() => <History />}</NeedMe>
    </>
  );
}

function History() {
  const pages = useInfiniteQuery({ ...watched, staleTime: 5_000 });
  const [clearing, setClearing] = useState(false);
  const now_ms = useNowMs();
  const some = (pages.data?.pages[0]?.items.length ?? 0) > 0;
  const items = pages.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <>
      <Switches clear={some ? () => setClearing(true) : null} />
      <PagedList<Watched>
        pages={pages}
        what="what you watched"
        keyOf={({ video }) => video.id}
        className="pt-1"
        skeleton={<RowsSkeleton />}
        empty={
          <Empty icon={<HistoryIcon />} title="Nothing watched yet">
            Films that you watch are kept here, with the place where you stopped.
          </Empty>
        }
      >
        {(item, at) => {
          const day = dayName(item.at, now_ms);
          const before = items[at - 1];
          return (
            <>
              {(!before || dayName(before.at, now_ms) !== day) && (
                <h2 className="px-4 pt-5 pb-1.5 text-sm font-bold text-ink-2 sm:px-3">{day}</h2>
              )}
              <div role="listitem">
                <VideoRow
                  video={item.video}
                  menu={
                    <VideoMenu
                      video={item.video}
                      more={[{ label: "Remove from history", icon: <EyeOff />, run: () => remove(item) }]}
                    />
                  }
                />
              </div>
            </>
          );
        }}
      </PagedList>
      <Suspense fallback={null}>
        {clearing && (
          <Confirm
            open
            onOpenChange={setClearing}
            title="Clear your history?"
            action="Clear it"
            onConfirm={() => {
              setClearing(false);
              void call(clearHistory)
                .then(() => {
                  say("Your history is empty.");
                  return Promise.all([
                    queries.resetQueries({ queryKey: watched.queryKey }),
                    queries.invalidateQueries({ queryKey: CONTINUE_KEY }),
                  ]);
                })
                .catch(sorry);
            }}
          >
            All that you watched is forgotten, and where you stopped in each film. This cannot be undone.
          </Confirm>
        )}
      </Suspense>
    </>
  );
}

function Switches({ clear }: { clear: (() => void) | null }) {
  const asked = useQuery(settings);
  const paused = asked.data?.paused ?? false;
  const set = (to: boolean) => {
    queries.setQueryData(settings.queryKey, (before) => before && { ...before, paused: to });
    void call(putHistorySettings, { body: { paused: to } }).then(
      (answer) => queries.setQueryData(settings.queryKey, answer),
      (error: unknown) => {
        void asked.refetch();
        sorry(error);
      },
    );
  };
  return (
    <div className="flex flex-wrap items-center gap-2 px-4 py-3 sm:px-1">
      <Button look="outline" size="sm" disabled={!asked.data} aria-pressed={paused} onClick={() => set(!paused)}>
        {paused ? <Play className="size-4" /> : <Pause className="size-4" />}
        {paused ? "Go on keeping it" : "Pause"}
      </Button>
      {clear && (
        <Button look="outline" size="sm" onClick={clear}>
          <Trash2 className="size-4" /> Clear
        </Button>
      )}
      {paused && (
        <p role="status" className="w-full rounded-xl bg-warn-tint px-4 py-2.5 text-sm text-warn sm:w-auto sm:py-1.5">
          Paused: nothing that you watch is kept, nor where you stop.
        </p>
      )}
    </div>
  );
}

/** Gone at once; Undo puts it back, as watched just now. */
function remove({ video, position_ms }: Watched) {
  const before = queries.getQueryData(watched.queryKey);
  queries.setQueryData(
    watched.queryKey,
    (data) => data && withItems(data, (items) => items.filter((item) => item.video.id !== video.id)),
  );
  void call(forgetWatched, { params: { video_id: video.id } }).then(
    () => {
      void queries.invalidateQueries({ queryKey: CONTINUE_KEY });
      say("Removed from your history.", async () => {
        await call(putPosition, { params: { video_id: video.id }, body: { position_ms } });
        await queries.invalidateQueries({ queryKey: watched.queryKey });
      });
    },
    (error: unknown) => {
      queries.setQueryData(watched.queryKey, before);
      sorry(error);
    },
  );
}
