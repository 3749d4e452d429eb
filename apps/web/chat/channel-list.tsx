import { Link } from "@tanstack/react-router";
import { BellOff, CheckCheck, Compass, MessageSquarePlus, Search } from "lucide-react";

import { type Channel, chatRoutes as r } from "#systems/chat/contract.ts";

import { Avatar } from "../parts/avatar.tsx";
import { Button, IconButton } from "../parts/button.tsx";
import { cx } from "../parts/class.ts";
import { Empty } from "../parts/empty.tsx";
import { Ago } from "../parts/time.tsx";
import { call } from "../shell/house.ts";
import { say, sorry } from "../shell/toasts.ts";
import { ChannelMark } from "./channel-mark.tsx";
import { chatsChanged } from "./conversations.ts";
import { countWords, sectionsOf, titleOf } from "./naming.ts";

export interface ListDeeds {
  start: () => void;
  browse: () => void;
  find: () => void;
}

/** All channels somebody is in, with what waits in them. */
export function ChannelList({
  channels,
  me_id,
  open_id,
  deeds,
}: {
  channels: readonly Channel[];
  me_id: string;
  open_id: string | undefined;
  deeds: ListDeeds;
}) {
  const waiting = channels.some((channel) => (channel.mine?.unread ?? 0) > 0);
  return (
    <nav aria-label="Chats" className="flex min-h-0 flex-1 flex-col">
      <header className="flex min-h-14 items-center gap-0.5 border-b border-line pr-1 pl-4">
        <h1 className="flex-1 text-lg font-bold">Chats</h1>
        {waiting && (
          <IconButton label="Mark everything read" onClick={readAll}>
            <CheckCheck className="size-5" />
          </IconButton>
        )}
        <IconButton label="Find a chat (Ctrl+K)" onClick={deeds.find}>
          <Search className="size-5" />
        </IconButton>
        <IconButton label="Channels of my spaces" onClick={deeds.browse}>
          <Compass className="size-5" />
        </IconButton>
        <IconButton label="Write to somebody" onClick={deeds.start}>
          <MessageSquarePlus className="size-5" />
        </IconButton>
      </header>
      <div className="min-h-0 flex-1 overflow-y-auto overscroll-contain px-2 py-2 max-lg:pb-24">
        {channels.length === 0 && (
          <Empty
            title="Nobody has written yet"
            action={
              <>
                <Button onClick={deeds.start}>Write to somebody</Button>
                <Button look="outline" onClick={deeds.browse}>
                  Look at channels
                </Button>
              </>
            }
          >
            Write to one person, to a few, or in a channel of one of your spaces.
          </Empty>
        )}
        {sectionsOf(channels).map((section) => (
          <section key={section.key} aria-label={section.label} className="mb-3">
            <h2 className="truncate px-3 pt-2 pb-1 text-xs font-semibold text-ink-3">{section.label}</h2>
            <ul>
              {section.channels.map((channel) => (
                <li key={channel.id}>
                  <ChannelLink channel={channel} me_id={me_id} open={channel.id === open_id} />
                </li>
              ))}
            </ul>
          </section>
        ))}
      </div>
    </nav>
  );
}

function ChannelLink({ channel, me_id, open }: { channel: Channel; me_id: string; open: boolean }) {
  const { mine } = channel;
  const unread = mine?.unread ?? 0;
  const loud = unread > 0 && mine?.muted !== true;
  const addressed = channel.kind === "direct" ? unread : (mine?.unread_mentions ?? 0);
  return (
    <Link
      to="/chat/$id"
      params={{ id: channel.id }}
      aria-current={open ? "page" : undefined}
      className={cx(
        "flex min-h-12 items-center gap-3 rounded-2xl px-3 py-1.5 text-sm",
        open ? "bg-accent-tint text-ink" : "hover:bg-sunken",
        loud ? "font-bold text-ink" : "text-ink-2",
        mine?.muted === true && !open && "opacity-60",
      )}
    >
      {channel.kind === "direct" && channel.people[0] ? (
        <Avatar person={channel.people[0]} size="sm" />
      ) : (
        <ChannelMark kind={channel.kind} />
      )}
      <span className="min-w-0 flex-1 truncate">{titleOf(channel, me_id)}</span>
      {mine?.muted === true && <BellOff className="size-4 shrink-0 text-ink-3" aria-label="Muted" />}
      {unread > 0 ? (
        <span
          className={cx(
            "grid h-5.5 min-w-5.5 shrink-0 place-items-center rounded-full px-1.5 text-xs font-bold tabular-nums",
            addressed > 0 && loud ? "bg-accent text-on-accent" : "bg-line text-ink",
          )}
        >
          {countWords(unread)}
          <span className="sr-only">
            {" "}
            not read{addressed > 0 && channel.kind !== "direct" ? ", you are named" : ""}
          </span>
        </span>
      ) : (
        channel.last_at !== null && <Ago at={channel.last_at} className="shrink-0 text-xs font-normal text-ink-3" />
      )}
    </Link>
  );
}

function readAll(): void {
  call(r.readEverything)
    .then(async () => {
      await chatsChanged();
      say("Everything is marked read.");
    })
    .catch(sorry);
}
