import { useQuery } from "@tanstack/react-query";
import { MessagesSquare } from "lucide-react";

import { chatRoutes as r } from "#systems/chat/contract.ts";

import { cx } from "../parts/class.ts";
import { ask } from "../shell/house.ts";
import { countWords } from "./naming.ts";

/** To the threads that one follows, with how many answers are new in the latest of them. */
export function ThreadsDoor({ open }: { open: () => void }) {
  const { data } = useQuery({ ...ask(r.followedThreads, { query: {} }), staleTime: 10_000 });
  if (!data || data.items.length === 0) return null;
  const fresh = data.items.reduce((sum, thread) => sum + thread.unread, 0);
  return (
    <button
      type="button"
      onClick={open}
      className="mb-1 flex min-h-11 w-full items-center gap-3 rounded-xl px-3 py-1.5 text-left text-sm hover:bg-sunken"
    >
      <MessagesSquare className="size-5 shrink-0 text-ink-3" aria-hidden="true" />
      <span className={cx("flex-1", fresh > 0 ? "font-bold" : "font-medium")}>Threads</span>
      {fresh > 0 && (
        <span className="text-xs font-bold text-accent-ink tabular-nums">
          {countWords(fresh)}
          <span className="sr-only"> new</span>
        </span>
      )}
    </button>
  );
}
