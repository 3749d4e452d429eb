import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Eye } from "lucide-react";

import { chatRoutes as r, type Message } from "#systems/chat/contract.ts";

import { Avatar } from "../parts/avatar.tsx";
import { Sheet } from "../parts/dialog.tsx";
import { Empty, Failed } from "../parts/empty.tsx";
import { RowSkeleton } from "../parts/skeleton.tsx";
import { ask } from "../shell/house.ts";
import { preferences } from "./status-form.tsx";

/** Who of the others has read up to a message: names, and in a large channel a number. */
export default function ReadersSheet({ message, close }: { message: Message; close: () => void }) {
  const { channel_id: id, seq } = message;
  const asked = useQuery({ ...ask(r.readers, { params: { id }, query: { seq } }), staleTime: 0 });
  const mine = useQuery(preferences);
  const { count = 0, people = null } = asked.data ?? {};
  return (
    <Sheet open onOpenChange={(open) => !open && close()} title="Who has read it">
      {asked.isPending && <RowSkeleton />}
      {asked.isError && <Failed error={asked.error} retry={() => void asked.refetch()} />}
      {asked.isSuccess && count === 0 && (
        <Empty
          icon={<Eye />}
          title={mine.data?.receipts === false ? "You do not tell, so you do not see" : "Nobody yet"}
        >
          {mine.data?.receipts === false
            ? "Tell how far you read in the settings of chats, and you see it of those who tell too."
            : "Those who do not tell how far they read are not here."}
        </Empty>
      )}
      {count > 0 && people === null && (
        <p className="px-6 pt-4 pb-10 text-center text-sm text-ink-2">
          <b className="block text-3xl text-ink tabular-nums">{count}</b>
          {count === 1 ? "person has" : "people have"} read it. In a channel of so many, names are not shown.
        </p>
      )}
      <ul className="px-4 pb-5">
        {people?.map((person) => (
          <li key={person.id}>
            <Link
              to="/@{$handle}"
              params={{ handle: person.handle }}
              className="flex items-center gap-3 rounded-2xl px-2 py-2 hover:bg-sunken"
            >
              <Avatar person={person} size="sm" />
              <span className="min-w-0">
                <span className="block truncate text-sm leading-5 font-semibold">{person.display_name}</span>
                <span className="block truncate text-xs text-ink-3">@{person.handle}</span>
              </span>
            </Link>
          </li>
        ))}
      </ul>
    </Sheet>
  );
}
