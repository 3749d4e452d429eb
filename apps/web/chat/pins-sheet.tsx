import { useQuery } from "@tanstack/react-query";
import { Pin } from "lucide-react";

import { type Channel, chatRoutes as r } from "#systems/chat/contract.ts";

import { Sheet } from "../parts/dialog.tsx";
import { Empty, Failed } from "../parts/empty.tsx";
import { RowSkeleton } from "../parts/skeleton.tsx";
import { ask } from "../shell/house.ts";
import { FoundMessage } from "./found-message.tsx";

export default function PinsSheet({
  channel,
  go,
  close,
}: {
  channel: Channel;
  me: { id: string };
  go: (seq: string) => void;
  close: () => void;
}) {
  const asked = useQuery({ ...ask(r.pins, { params: { id: channel.id } }), staleTime: 0 });
  return (
    <Sheet open onOpenChange={(open) => !open && close()} title="Pinned">
      {asked.isPending && <RowSkeleton />}
      {asked.isError && <Failed error={asked.error} retry={() => void asked.refetch()} />}
      {asked.data?.items.length === 0 && (
        <Empty icon={<Pin />} title="Nothing is pinned">
          Pin what everybody should find again, from the menu of a message.
        </Empty>
      )}
      <ul className="px-3 pb-4">
        {asked.data?.items.map((message) => (
          <li key={message.id}>
            <FoundMessage
              message={message}
              where={null}
              choose={() => {
                close();
                go(message.seq);
              }}
            />
          </li>
        ))}
      </ul>
    </Sheet>
  );
}
