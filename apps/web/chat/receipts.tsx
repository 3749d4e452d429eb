import { useQuery } from "@tanstack/react-query";
import { Check, CheckCheck } from "lucide-react";

import { type Channel, chatRoutes as r, type Receipt } from "#systems/chat/contract.ts";

import { cx } from "../parts/class.ts";
import { ask } from "../shell/house.ts";
import { hasReceipts, type Mark } from "./marks.ts";

const NOBODY: readonly Receipt[] = [];

/** The others who tell. What moves comes over the line, in `live.ts`, and asks for it anew. */
export function useReceipts(channel: Channel): readonly Receipt[] {
  const { data } = useQuery({
    ...ask(r.receipts, { params: { id: channel.id } }),
    enabled: hasReceipts(channel) && channel.member_count > 1,
    staleTime: 5_000,
    refetchOnWindowFocus: true,
  });
  return data?.items ?? NOBODY;
}

export function ReceiptMark({ mark: { state, words } }: { mark: Mark }) {
  const Sign = state === "sent" ? Check : CheckCheck;
  return (
    <span
      role="img"
      aria-label={words}
      title={words}
      className={cx("mb-1 shrink-0 self-end", state === "read" ? "text-accent-ink" : "text-ink-3")}
    >
      <Sign className="size-4" aria-hidden="true" />
    </span>
  );
}
