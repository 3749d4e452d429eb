import { useQuery } from "@tanstack/react-query";

import { chatRoutes as r, type Message } from "#systems/chat/contract.ts";

import { Sheet } from "../parts/dialog.tsx";
import { Failed } from "../parts/empty.tsx";
import { RowSkeleton } from "../parts/skeleton.tsx";
import { wholeTime } from "../parts/time.tsx";
import { ask } from "../shell/house.ts";

/** What a message said before. */
export default function EditsSheet({ message, close }: { message: Message; close: () => void }) {
  const asked = useQuery({ ...ask(r.messageEdits, { params: { id: message.id } }), staleTime: 0 });
  const now = { version: message.version, body: message.body, at: message.edited_at ?? message.created_at };
  return (
    <Sheet open onOpenChange={(open) => !open && close()} title="What it said">
      {asked.isPending && <RowSkeleton />}
      {asked.isError && <Failed error={asked.error} retry={() => void asked.refetch()} />}
      <ol className="divide-y divide-line px-6 pb-6">
        {[now, ...(asked.data?.items ?? [])].map((one) => (
          <li key={one.version} className="py-3">
            <p className="text-xs text-ink-3">
              {one.version === message.version ? "Now, since " : ""}
              {wholeTime(one.at)}
            </p>
            <p className="mt-1 text-sm wrap-anywhere whitespace-pre-wrap">{one.body}</p>
          </li>
        ))}
      </ol>
    </Sheet>
  );
}
