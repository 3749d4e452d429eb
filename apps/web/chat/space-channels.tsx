import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { Hash, Plus } from "lucide-react";
import { useState } from "react";

import {
  type Channel,
  CHANNEL_NAME_CHARS_MAX,
  CHANNEL_TOPIC_CHARS_MAX,
  chatRoutes as r,
} from "#systems/chat/contract.ts";

import { Button } from "../parts/button.tsx";
import { cx } from "../parts/class.ts";
import { Empty, Failed } from "../parts/empty.tsx";
import { TextField } from "../parts/field.tsx";
import { RowSkeleton } from "../parts/skeleton.tsx";
import { ask, call } from "../shell/house.ts";
import { sorry } from "../shell/toasts.ts";
import { ChannelMark, KIND_WORDS } from "./channel-mark.tsx";
import { chatsChanged } from "./conversations.ts";
import { countWords } from "./naming.ts";

/** What stands in a space: channels to open and join, and where a new one is opened by who may. */
export function SpaceChannels({
  slug,
  name,
  heading = name,
  moderates,
  leave,
}: {
  slug: string;
  name: string;
  heading?: string;
  /** Whether they may open public and announcement channels; private ones anybody may. */
  moderates: boolean;
  /** Closes what this stands in. */
  leave?: () => void;
}) {
  const asked = useQuery(ask(r.spaceChannels, { params: { slug } }));
  const [creating, setCreating] = useState(false);
  return (
    <section aria-label={`Channels of ${name}`}>
      <div className="flex items-center justify-between gap-3 px-2">
        <h3 className="truncate text-sm font-bold">{heading}</h3>
        <Button look="quiet" size="sm" aria-expanded={creating} onClick={() => setCreating(!creating)}>
          <Plus className="size-4" aria-hidden="true" /> New channel
        </Button>
      </div>
      {creating && <CreateChannel slug={slug} moderates={moderates} {...(leave ? { leave } : {})} />}
      {asked.isPending && <RowSkeleton />}
      {asked.isError && <Failed error={asked.error} retry={() => void asked.refetch()} />}
      {asked.data?.items.length === 0 && !creating && (
        <Empty
          icon={<Hash />}
          title="No channel yet"
          action={<Button onClick={() => setCreating(true)}>Open one</Button>}
        >
          A channel is where a space talks: about today, about one thing, or among a few.
        </Empty>
      )}
      <ul>
        {asked.data?.items.map((channel) => (
          <li key={channel.id}>
            <ChannelRow channel={channel} {...(leave ? { leave } : {})} />
          </li>
        ))}
      </ul>
    </section>
  );
}

function ChannelRow({ channel, leave }: { channel: Channel; leave?: () => void }) {
  const [busy, setBusy] = useState(false);
  const unread = channel.mine?.unread ?? 0;
  const joins =
    channel.mine === null && !channel.archived && (channel.kind === "public" || channel.kind === "announcement");
  const join = () => {
    setBusy(true);
    call(r.joinChannel, { params: { id: channel.id } })
      .then(chatsChanged)
      .catch(sorry)
      .finally(() => setBusy(false));
  };
  return (
    <div className="flex items-center gap-2 rounded-2xl pr-2 hover:bg-sunken">
      <Link
        to="/chat/$id"
        params={{ id: channel.id }}
        onClick={leave}
        className="flex min-h-14 min-w-0 flex-1 items-center gap-3 px-2 py-2"
      >
        <ChannelMark kind={channel.kind} />
        <span className="min-w-0 flex-1">
          <span className={cx("block truncate text-sm leading-5", unread > 0 ? "font-bold" : "font-semibold")}>
            {channel.name}
          </span>
          <span className="block truncate text-xs text-ink-3">
            {[channel.member_count === 1 ? "1 person" : `${channel.member_count} people`, channel.topic]
              .filter((part) => part !== "")
              .join(" · ")}
          </span>
        </span>
        {unread > 0 && (
          <span className="grid h-5.5 min-w-5.5 shrink-0 place-items-center rounded-full bg-line px-1.5 text-xs font-bold tabular-nums">
            {countWords(unread)}
            <span className="sr-only"> not read</span>
          </span>
        )}
        {channel.archived && <span className="text-xs text-ink-3">Archived</span>}
      </Link>
      {joins && (
        <Button
          look="outline"
          size="sm"
          busy={busy}
          aria-label={`Join ${channel.name ?? "the channel"}`}
          onClick={join}
        >
          Join
        </Button>
      )}
    </div>
  );
}

const KINDS = ["public", "private", "announcement"] as const;
const KIND_HINTS = {
  public: "Everybody in the space finds it and may join.",
  private: "Only who is put in knows of it.",
  announcement: "Moderators write, everybody reads and reacts.",
} as const;

function CreateChannel({ slug, moderates, leave }: { slug: string; moderates: boolean; leave?: () => void }) {
  const navigate = useNavigate();
  const [name, setName] = useState("");
  const [topic, setTopic] = useState("");
  const [kind, setKind] = useState<(typeof KINDS)[number]>(moderates ? "public" : "private");
  const [busy, setBusy] = useState(false);
  const create = () => {
    setBusy(true);
    call(r.createChannel, { params: { slug }, body: { name, kind, topic } })
      .then(async (channel) => {
        await chatsChanged();
        leave?.();
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
        {KINDS.filter((one) => moderates || one === "private").map((one) => (
          <button
            key={one}
            type="button"
            role="radio"
            aria-checked={kind === one}
            onClick={() => setKind(one)}
            className={cx(
              "min-h-11 rounded-full border px-4 text-sm font-semibold",
              kind === one ? "border-accent-ink bg-accent-tint text-accent-ink" : "border-line text-ink-2",
            )}
          >
            {KIND_WORDS[one]}
          </button>
        ))}
      </div>
      <p className="text-xs text-ink-3">
        {KIND_HINTS[kind]}
        {!moderates && " Public ones are opened by the space's moderators."}
      </p>
      <Button type="submit" busy={busy} disabled={name.trim() === ""} className="self-end">
        Open the channel
      </Button>
    </form>
  );
}
