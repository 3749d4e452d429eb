import { useInfiniteQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { MessagesSquare } from "lucide-react";

import { type Channel, chatRoutes as r, type Message } from "#systems/chat/contract.ts";

import { Button } from "../parts/button.tsx";
import { cx } from "../parts/class.ts";
import { Sheet } from "../parts/dialog.tsx";
import { Empty, Failed } from "../parts/empty.tsx";
import { RowSkeleton } from "../parts/skeleton.tsx";
import { Ago } from "../parts/time.tsx";
import { call } from "../shell/house.ts";
import { countWords, titleOf } from "./naming.ts";

/** The threads that one follows, the latest answered first. */
export default function ThreadsSheet({
  channels,
  me,
  close,
}: {
  channels: readonly Channel[];
  me: { id: string };
  close: () => void;
}) {
  const navigate = useNavigate();
  const asked = useInfiniteQuery({
    queryKey: [r.followedThreads.path, "pages"],
    queryFn: ({ pageParam, signal }) =>
      call(r.followedThreads, { query: pageParam === "" ? {} : { cursor: pageParam }, signal }),
    initialPageParam: "",
    getNextPageParam: (page) => page.next_cursor,
    staleTime: 0,
  });
  const threads = asked.data?.pages.flatMap((page) => page.items) ?? [];
  const where = (root: Message) => {
    const channel = channels.find((one) => one.id === root.channel_id);
    return channel ? titleOf(channel, me.id) : "A channel";
  };
  return (
    <Sheet open onOpenChange={(open) => !open && close()} title="Threads">
      {asked.isPending && <RowSkeleton />}
      {asked.isError && <Failed error={asked.error} retry={() => void asked.refetch()} />}
      {asked.isSuccess && threads.length === 0 && (
        <Empty icon={<MessagesSquare />} title="You follow no thread">
          Answer in one, or press the bell above it.
        </Empty>
      )}
      <ul className="px-3 pb-4">
        {threads.map(({ root, latest, unread, last_reply_at }) => (
          <li key={root.id}>
            <button
              type="button"
              onClick={() => {
                close();
                void navigate({ to: "/chat/$id", params: { id: root.channel_id }, search: { thread: root.id } });
              }}
              className="grid w-full gap-0.5 rounded-2xl px-3 py-2.5 text-left hover:bg-sunken"
            >
              <span className="flex items-baseline gap-2 text-xs text-ink-3">
                <span className="min-w-0 flex-1 truncate">{where(root)}</span>
                <Ago at={last_reply_at} />
              </span>
              <span className={cx("truncate text-sm", unread > 0 ? "font-bold" : "font-medium")}>
                {root.deleted ? "A message that was deleted" : root.body || "Pictures or a film"}
              </span>
              <span className="flex items-baseline gap-2 text-sm text-ink-2">
                <span className="min-w-0 flex-1 truncate">
                  {latest && `${latest.author?.display_name ?? "Somebody"}: ${latest.body || "pictures or a film"}`}
                </span>
                {unread > 0 && (
                  <span className="shrink-0 text-xs font-bold text-accent-ink tabular-nums">
                    {countWords(unread)} new
                  </span>
                )}
              </span>
            </button>
          </li>
        ))}
      </ul>
      {asked.hasNextPage && (
        <Button look="outline" className="mx-auto mb-4 flex" onClick={() => void asked.fetchNextPage()}>
          More threads
        </Button>
      )}
    </Sheet>
  );
}
