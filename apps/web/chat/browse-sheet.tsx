import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { Plus } from "lucide-react";
import { useState } from "react";

import { CHANNEL_NAME_CHARS_MAX, CHANNEL_TOPIC_CHARS_MAX, chatRoutes as r } from "#systems/chat/contract.ts";
import { spacesRoutes } from "#systems/spaces/contract.ts";

import { Button } from "../parts/button.tsx";
import { cx } from "../parts/class.ts";
import { Sheet } from "../parts/dialog.tsx";
import { Empty, Failed } from "../parts/empty.tsx";
import { TextField } from "../parts/field.tsx";
import { RowSkeleton } from "../parts/skeleton.tsx";
import { ask, askPages, call } from "../shell/house.ts";
import { sorry } from "../shell/toasts.ts";
import { ChannelMark, KIND_WORDS } from "./channel-mark.tsx";
import { chatsChanged } from "./conversations.ts";

/** The channels of one's spaces, to look at, join and open. */
export default function BrowseSheet({ close }: { me: { id: string }; close: () => void }) {
  const spaces = useInfiniteQuery(askPages(spacesRoutes.mySpaces, { query: { limit: 100 } }));
  const mine = spaces.data?.pages.flatMap((page) => page.items) ?? [];
  const [creating, setCreating] = useState<string | null>(null);
  return (
    <Sheet open onOpenChange={(open) => !open && close()} title="Channels of your spaces" tall>
      {spaces.isPending && <RowSkeleton />}
      {spaces.isError && <Failed error={spaces.error} retry={() => void spaces.refetch()} />}
      {spaces.isSuccess && mine.length === 0 && (
        <Empty title="You are in no space yet">Channels stand in spaces. Join one, or open your own.</Empty>
      )}
      {mine.map((space) => (
        <section key={space.id} aria-label={space.name} className="px-4 pb-4">
          <div className="flex items-center justify-between gap-3 px-2">
            <h3 className="truncate text-sm font-bold">{space.name}</h3>
            <Button look="quiet" size="sm" onClick={() => setCreating(creating === space.slug ? null : space.slug)}>
              <Plus className="size-4" aria-hidden="true" /> New channel
            </Button>
          </div>
          {creating === space.slug && <CreateChannel slug={space.slug} close={close} />}
          <SpaceChannels slug={space.slug} close={close} />
        </section>
      ))}
    </Sheet>
  );
}

function SpaceChannels({ slug, close }: { slug: string; close: () => void }) {
  const navigate = useNavigate();
  const asked = useQuery(ask(r.spaceChannels, { params: { slug } }));
  if (asked.isPending) return <RowSkeleton />;
  if (asked.isError) return <Failed error={asked.error} retry={() => void asked.refetch()} />;
  if (asked.data.items.length === 0) return <p className="px-2 py-2 text-sm text-ink-3">No channel yet.</p>;
  return (
    <ul>
      {asked.data.items.map((channel) => (
        <li key={channel.id}>
          <button
            type="button"
            onClick={() => {
              close();
              void navigate({ to: "/chat/$id", params: { id: channel.id } });
            }}
            className="flex w-full items-center gap-3 rounded-2xl px-2 py-2 text-left hover:bg-sunken"
          >
            <ChannelMark kind={channel.kind} />
            <span className="min-w-0 flex-1">
              <span className="block truncate text-sm leading-5 font-semibold">{channel.name}</span>
              <span className="block truncate text-xs text-ink-3">
                {[channel.member_count === 1 ? "1 person" : `${channel.member_count} people`, channel.topic]
                  .filter((part) => part !== "")
                  .join(" · ")}
              </span>
            </span>
            <span className="text-xs text-ink-3">{channel.archived ? "Archived" : channel.mine ? "Joined" : ""}</span>
          </button>
        </li>
      ))}
    </ul>
  );
}

const KINDS = ["public", "private", "announcement"] as const;

function CreateChannel({ slug, close }: { slug: string; close: () => void }) {
  const navigate = useNavigate();
  const [name, setName] = useState("");
  const [topic, setTopic] = useState("");
  const [kind, setKind] = useState<(typeof KINDS)[number]>("public");
  const [busy, setBusy] = useState(false);
  const create = () => {
    setBusy(true);
    call(r.createChannel, { params: { slug }, body: { name, kind, topic } })
      .then(async (channel) => {
        await chatsChanged();
        close();
        await navigate({ to: "/chat/$id", params: { id: channel.id } });
      })
      .catch((error: unknown) => {
        setBusy(false);
        sorry(error);
      });
  };
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        create();
      }}
      className="my-2 flex flex-col gap-3 rounded-2xl border border-line p-4"
    >
      <TextField
        label="Name"
        value={name}
        maxLength={CHANNEL_NAME_CHARS_MAX}
        onChange={(event) => setName(event.target.value)}
      />
      <TextField
        label="What it is about"
        value={topic}
        maxLength={CHANNEL_TOPIC_CHARS_MAX}
        onChange={(event) => setTopic(event.target.value)}
      />
      <div role="radiogroup" aria-label="Kind" className="flex flex-wrap gap-2">
        {KINDS.map((one) => (
          <button
            key={one}
            type="button"
            role="radio"
            aria-checked={kind === one}
            onClick={() => setKind(one)}
            className={cx(
              "h-10 rounded-full border px-4 text-sm font-semibold",
              kind === one ? "border-accent-ink bg-accent-tint text-accent-ink" : "border-line text-ink-2",
            )}
          >
            {KIND_WORDS[one]}
          </button>
        ))}
      </div>
      <Button type="submit" busy={busy} disabled={name.trim() === ""} className="self-end">
        Open the channel
      </Button>
    </form>
  );
}
