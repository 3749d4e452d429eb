import { useQuery } from "@tanstack/react-query";
import { CheckCheck } from "lucide-react";

import { type Channel, chatRoutes as r, type Message } from "#systems/chat/contract.ts";

import { ask } from "../shell/house.ts";
import { namesWords } from "./naming.ts";

/** Under one's own last message: who has read it. Others' receipts come over the line and ask for it anew. */
export function ReadLine({
  channel,
  message,
  open,
}: {
  channel: Channel;
  message: Message;
  open: (message: Message) => void;
}) {
  const { data } = useQuery({
    ...ask(r.readers, { params: { id: channel.id }, query: { seq: message.seq } }),
    staleTime: 5_000,
  });
  if (!data || data.count === 0) return null;
  const words =
    channel.kind === "direct"
      ? "Read"
      : data.people === null
        ? `Read by ${data.count}`
        : `Read by ${namesWords(
            data.people.map((person) => person.display_name.split(/\s+/)[0] ?? person.handle),
            data.count,
          )}`;
  return (
    <button
      type="button"
      onClick={() => open(message)}
      className="flex min-h-6 min-w-0 items-center gap-1 text-xs text-ink-3 hover:underline"
    >
      <CheckCheck className="size-3.5 shrink-0" aria-hidden="true" />
      <span className="truncate">{words}</span>
    </button>
  );
}
