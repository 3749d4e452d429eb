import { useInfiniteQuery } from "@tanstack/react-query";
import { CalendarClock, Clock, Ellipsis, PencilLine, Send, Undo2 } from "lucide-react";
import { lazy, Suspense, useState } from "react";

import {
  cancelScheduled,
  editScheduled,
  getDraft,
  listScheduled,
  publishScheduled,
  type ScheduledPost,
} from "#systems/feed/contract.ts";

import { IconButton } from "../../parts/button.tsx";
import { Sheet } from "../../parts/dialog.tsx";
import { Empty } from "../../parts/empty.tsx";
import { LazyMenu } from "../../parts/lazy-menu.tsx";
import { PagedList } from "../../parts/paged-list.tsx";
import { askPages, call, queries } from "../../shell/house.ts";
import { say, sorry } from "../../shell/toasts.ts";
import { openDraft } from "../open-draft.ts";
import { shownOnTop } from "../shown-on-top.ts";
import { DraftsSkeleton, Excerpt, Signs } from "./drafts-sheet.tsx";

const ScheduleSheet = lazy(() => import("./schedule-sheet.tsx"));
const MOMENT = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "short" });

const anew = () =>
  Promise.all([
    queries.invalidateQueries({ queryKey: ["/v1/scheduled"] }),
    queries.invalidateQueries({ queryKey: ["/v1/drafts"] }),
  ]);

/** Posts that go out by themselves, the soonest first. */
export default function ScheduledSheet({ close }: { close: () => void }) {
  const pages = useInfiniteQuery(askPages(listScheduled));
  const [moving, setMoving] = useState<ScheduledPost | null>(null);

  const act = (work: () => Promise<void>) => void work().then(anew).catch(sorry);
  const cancel = (post: ScheduledPost) =>
    act(async () => {
      await call(cancelScheduled, { params: { id: post.id } });
      say("Not scheduled any more. It is among your drafts.");
    });
  const edit = (post: ScheduledPost) =>
    act(async () => {
      // It is a draft while it is edited, so that it cannot go out half changed.
      await call(cancelScheduled, { params: { id: post.id } });
      await openDraft(await call(getDraft, { params: { id: post.id } }));
      say("It is a draft now; schedule it again when it is right.");
      close();
    });
  const send = (post: ScheduledPost) =>
    act(async () => {
      shownOnTop(await call(publishScheduled, { params: { id: post.id } }));
      say("Your post is out.");
    });
  const move = async (post: ScheduledPost, publish_at: string) => {
    try {
      await call(editScheduled, {
        params: { id: post.id },
        body: { publish_at },
        headers: { "if-match": `"${post.version}"` },
      });
      setMoving(null);
      await anew();
    } catch (error) {
      sorry(error);
      await anew();
    }
  };
  return (
    <Sheet open onOpenChange={(is) => !is && close()} title="Scheduled posts" over>
      <div className="px-4 pt-1 pb-4">
        <PagedList
          pages={pages}
          what="scheduled posts"
          keyOf={(post) => post.id}
          className="grid gap-2"
          skeleton={<DraftsSkeleton />}
          empty={
            <Empty icon={<CalendarClock />} title="Nothing is scheduled">
              Choose “Publish later” beside a post that you write, up to a year ahead.
            </Empty>
          }
          end={null}
        >
          {(post) => (
            <div
              role="listitem"
              className="flex items-start gap-1 rounded-2xl border border-line bg-raised py-3 pr-1 pl-4"
            >
              <div className="min-w-0 flex-1">
                <p className="flex items-center gap-1.5 text-xs font-semibold text-accent-ink">
                  <Clock className="size-3.5 shrink-0" aria-hidden="true" />
                  <time dateTime={post.publish_at}>{MOMENT.format(new Date(post.publish_at))}</time>
                </p>
                <p className="mt-1">
                  <Excerpt text={post.post.text} />
                </p>
                <p className="mt-1 flex flex-wrap gap-x-3 text-xs text-ink-3">
                  <Signs content={post.post} />
                </p>
              </div>
              <LazyMenu
                entries={() => [
                  { label: "Another time", icon: <CalendarClock />, run: () => setMoving(post) },
                  { label: "Edit", icon: <PencilLine />, run: () => edit(post) },
                  { label: "Publish now", icon: <Send />, run: () => send(post) },
                  "line",
                  { label: "Do not publish", detail: "Kept as a draft", icon: <Undo2 />, run: () => cancel(post) },
                ]}
                trigger={
                  <IconButton label="What to do with this scheduled post" className="-mt-1.5 text-ink-3">
                    <Ellipsis className="size-5" />
                  </IconButton>
                }
              />
            </div>
          )}
        </PagedList>
      </div>
      <Suspense fallback={null}>
        {moving && (
          <ScheduleSheet
            at={moving.publish_at}
            action="Move it"
            onChoose={(publish_at) => move(moving, publish_at)}
            close={() => setMoving(null)}
          />
        )}
      </Suspense>
    </Sheet>
  );
}
