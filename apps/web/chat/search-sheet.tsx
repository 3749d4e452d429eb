import { keepPreviousData, useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { Search } from "lucide-react";
import { useDeferredValue, useState } from "react";

import { type Channel, chatRoutes as r, SEARCH_CHARS_MAX } from "#systems/chat/contract.ts";

import { Button } from "../parts/button.tsx";
import { Sheet } from "../parts/dialog.tsx";
import { Failed } from "../parts/empty.tsx";
import { focusHere } from "../parts/focus.ts";
import { RowSkeleton } from "../parts/skeleton.tsx";
import { ask, askPages } from "../shell/house.ts";
import { FoundMessage } from "./found-message.tsx";
import { titleOf } from "./naming.ts";

const WAYS = ["from:ann", "in:garden", "has:image", "has:link", "before:2026-05-01"];

/** Messages by their words, in all that one may read. */
export default function SearchSheet({ me, close }: { channel: Channel | null; me: { id: string }; close: () => void }) {
  const navigate = useNavigate();
  const [text, setText] = useState("");
  const q = useDeferredValue(text.trim());
  const channels = useQuery(ask(r.listChannels));
  const pages = useInfiniteQuery({
    ...askPages(r.searchMessages, { query: { q } }),
    enabled: q.length > 1,
    placeholderData: keepPreviousData,
    retry: false,
  });
  const found = q.length > 1 ? (pages.data?.pages.flatMap((page) => page.items) ?? []) : [];
  const nameOf = (id: string) => {
    const channel = channels.data?.items.find((one) => one.id === id);
    return channel ? `in ${titleOf(channel, me.id)}` : null;
  };
  return (
    <Sheet open onOpenChange={(open) => !open && close()} title="Search messages" tall>
      <div className="px-6 pb-3">
        <label className="flex h-12 items-center gap-3 rounded-full bg-sunken px-4">
          <Search className="size-5 text-ink-3" aria-hidden="true" />
          <span className="sr-only">Words</span>
          <input
            ref={focusHere}
            value={text}
            maxLength={SEARCH_CHARS_MAX}
            onChange={(event) => setText(event.target.value)}
            placeholder="Words, or from:somebody"
            className="min-w-0 flex-1 bg-transparent text-base outline-none"
          />
        </label>
        <p className="mt-2 flex flex-wrap gap-1.5">
          {WAYS.map((way) => (
            <button
              key={way}
              type="button"
              onClick={() => setText((before) => `${before} ${way.slice(0, way.indexOf(":") + 1)}`.trimStart())}
              className="h-8 rounded-full border border-line px-3 text-xs text-ink-2 hover:bg-sunken"
            >
              {way}
            </button>
          ))}
        </p>
      </div>
      {q.length > 1 && pages.isPending && <RowSkeleton />}
      {pages.isError && <Failed error={pages.error} title="Not understood" />}
      {q.length > 1 && pages.isSuccess && found.length === 0 && (
        <p className="px-6 py-10 text-center text-sm text-ink-3">Nothing that you can read has these words.</p>
      )}
      <ul aria-label="Found" className="px-3 pb-4">
        {found.map((message) => (
          <li key={message.id}>
            <FoundMessage
              message={message}
              where={nameOf(message.channel_id)}
              choose={() => {
                close();
                void navigate({
                  to: "/chat/$id",
                  params: { id: message.channel_id },
                  search: message.in_channel ? { at: message.seq } : { thread: message.root_id! },
                });
              }}
            />
          </li>
        ))}
      </ul>
      {pages.hasNextPage && (
        <Button
          look="quiet"
          className="mx-auto mb-6"
          busy={pages.isFetchingNextPage}
          onClick={() => void pages.fetchNextPage()}
        >
          More
        </Button>
      )}
    </Sheet>
  );
}
