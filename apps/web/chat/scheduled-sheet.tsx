import { useQuery } from "@tanstack/react-query";
import { CalendarClock, CircleAlert, Clock, Ellipsis, PencilLine, SendHorizontal, Trash2 } from "lucide-react";
import { lazy, Suspense, useState } from "react";

import type { BodyIn } from "#kernel/contract.ts";
import { type Channel, chatRoutes as r, type ChatScheduled, MESSAGE_CHARS_MAX } from "#systems/chat/contract.ts";

import { Button, IconButton } from "../parts/button.tsx";
import { Sheet } from "../parts/dialog.tsx";
import { Empty, Failed } from "../parts/empty.tsx";
import { focusHere } from "../parts/focus.ts";
import { LazyMenu } from "../parts/lazy-menu.tsx";
import { RowSkeleton } from "../parts/skeleton.tsx";
import { ask, call } from "../shell/house.ts";
import { say, sorry } from "../shell/toasts.ts";
import { makeCid, outbox } from "./conversations.ts";
import { titleOf } from "./naming.ts";
import { scheduledChanged } from "./send-later.tsx";

const ScheduleSheet = lazy(() => import("../feed/writing/schedule-sheet.tsx"));
const MOMENT = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "short" });

/** Messages that go by themselves, the soonest first, wherever they go. */
export default function ScheduledSheet({
  channels,
  me,
  close,
}: {
  channels: readonly Channel[];
  me: { id: string };
  close: () => void;
}) {
  const asked = useQuery({ ...ask(r.listScheduledMessages), staleTime: 0 });
  return (
    <Sheet open onOpenChange={(open) => !open && close()} title="Scheduled messages" tall>
      {asked.isPending && <RowSkeleton />}
      {asked.isError && <Failed error={asked.error} retry={() => void asked.refetch()} />}
      {asked.data?.items.length === 0 && (
        <Empty icon={<CalendarClock />} title="Nothing is scheduled">
          Write a message and press the clock beside it.
        </Empty>
      )}
      <ul aria-label="Scheduled" className="grid gap-2 px-4 pt-1 pb-5">
        {asked.data?.items.map((one) => {
          const channel = channels.find(({ id }) => id === one.channel_id);
          return <Waiting key={one.id} one={one} where={channel ? titleOf(channel, me.id) : null} />;
        })}
      </ul>
    </Sheet>
  );
}

function Waiting({ one, where }: { one: ChatScheduled; where: string | null }) {
  const [doing, setDoing] = useState<"words" | "time" | null>(null);
  const [body, setBody] = useState(one.body);
  const params = { id: one.id };
  const act = (work: Promise<unknown>, words: string) =>
    work
      .then(async () => {
        setDoing(null);
        say(words);
        await scheduledChanged();
      })
      .catch(async (error: unknown) => {
        sorry(error);
        // It may have been sent meanwhile.
        await scheduledChanged();
      });
  const change = (asked: BodyIn<typeof r.changeScheduledMessage>, words: string) =>
    act(call(r.changeScheduledMessage, { params, body: asked }), words);
  const sendNow = () =>
    act(
      call(r.cancelScheduledMessage, { params }).then(() =>
        outbox.add({
          cid: makeCid(),
          channel_id: one.channel_id,
          body: one.body,
          root_id: one.root_id,
          reply_to_id: null,
          also_in_channel: false,
          image_ids: [],
        }),
      ),
      "It is on its way.",
    );
  return (
    <li className="relative rounded-2xl border border-line bg-raised px-4 py-3">
      <span className="absolute top-0.5 right-0.5">
        <LazyMenu
          entries={() => [
            { label: "Another time", icon: <CalendarClock />, run: () => setDoing("time") },
            { label: "Edit", icon: <PencilLine />, disabled: one.failed !== null, run: () => setDoing("words") },
            { label: "Send now", icon: <SendHorizontal />, run: () => void sendNow() },
            "line",
            {
              label: "Do not send",
              icon: <Trash2 />,
              danger: true,
              run: () => void act(call(r.cancelScheduledMessage, { params }), "It is not sent."),
            },
          ]}
          trigger={
            <IconButton label="What to do with this scheduled message">
              <Ellipsis className="size-5" />
            </IconButton>
          }
        />
      </span>
      <p className="flex items-center gap-1.5 pr-10 text-xs font-semibold text-accent-ink">
        <Clock className="size-3.5 shrink-0" aria-hidden="true" />
        <time dateTime={one.send_at}>{MOMENT.format(new Date(one.send_at))}</time>
      </p>
      {where !== null && (
        <p className="mt-0.5 text-xs text-ink-3">
          {one.root_id === null ? "" : "In a thread, "}to {where}
        </p>
      )}
      {doing === "words" ? (
        <textarea
          ref={focusHere}
          value={body}
          rows={4}
          dir="auto"
          aria-label="The message"
          maxLength={MESSAGE_CHARS_MAX}
          onChange={(event) => setBody(event.target.value)}
          className="mt-2 w-full resize-y rounded-xl border border-line-strong bg-surface px-3.5 py-2.5 text-sm leading-6"
        />
      ) : (
        <p dir="auto" className="mt-1.5 line-clamp-6 text-sm wrap-anywhere whitespace-pre-wrap">
          {one.body}
        </p>
      )}
      {one.failed && (
        <p role="alert" className="mt-2 flex items-start gap-1.5 text-xs font-medium text-bad">
          <CircleAlert className="size-4 shrink-0" aria-hidden="true" /> Not sent. {one.failed.detail}
        </p>
      )}
      {doing === "words" && (
        <div className="mt-2 flex flex-wrap justify-end gap-1">
          <Button look="quiet" size="sm" onClick={() => setDoing(null)}>
            Leave it
          </Button>
          <Button
            size="sm"
            disabled={body.trim() === ""}
            onClick={() => void change({ body: body.trim() }, "It says that now.")}
          >
            Save
          </Button>
        </div>
      )}
      <Suspense fallback={null}>
        {doing === "time" && (
          <ScheduleSheet
            title="Send later"
            at={one.send_at}
            action="Move it"
            onChoose={(send_at) => change({ send_at }, "It goes then.")}
            close={() => setDoing(null)}
          />
        )}
      </Suspense>
    </li>
  );
}
