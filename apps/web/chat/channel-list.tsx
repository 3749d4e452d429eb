import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import {
  AtSign,
  BellOff,
  CalendarClock,
  CheckCheck,
  Compass,
  Ellipsis,
  Keyboard,
  MessageSquarePlus,
  PencilLine,
  Search,
  Settings,
  Smile,
} from "lucide-react";
import { Suspense, useState } from "react";

import { type Channel, chatRoutes as r } from "#systems/chat/contract.ts";
import type { Me } from "#systems/people/contract.ts";

import { Button, IconButton } from "../parts/button.tsx";
import { cx } from "../parts/class.ts";
import { Empty } from "../parts/empty.tsx";
import { LazyMenu } from "../parts/lazy-menu.tsx";
import { Ago } from "../parts/time.tsx";
import { useLongPress } from "../parts/use-long-press.ts";
import { ask, call } from "../shell/house.ts";
import { say, sorry } from "../shell/toasts.ts";
import { channelDeeds } from "./channel-deeds.tsx";
import { ChannelMark } from "./channel-mark.tsx";
import { chatsChanged } from "./conversations.ts";
import { countWords, sectionsOf, titleOf } from "./naming.ts";
import { LiveFace, StatusSign } from "./presence-mark.tsx";
import { DeedsSheet } from "./sheet-doors.ts";
import { ThreadsDoor } from "./threads-door.tsx";

const SETTINGS = { to: "/settings/$section", params: { section: "chats" } } as const;

export interface ListDeeds {
  start: () => void;
  browse: () => void;
  find: () => void;
  status: () => void;
  scheduled: () => void;
  keys: () => void;
  /** The open chat was left. */
  left: () => void;
  threads: () => void;
}

/** All channels somebody is in, with what waits in them. */
export function ChannelList({
  channels,
  me,
  open_id,
  deeds,
}: {
  channels: readonly Channel[];
  me: Me;
  open_id: string | undefined;
  deeds: ListDeeds;
}) {
  const navigate = useNavigate();
  const drafts = useQuery(ask(r.listChatDrafts));
  const [held, setHeld] = useState<string | null>(null);
  const waiting = channels.some(waits);
  const drafted = new Set(drafts.data?.items.filter((one) => one.root_id === null).map((one) => one.channel_id));
  const chosen = channels.find((channel) => channel.id === held);
  const leaveIt = (id: string) => () => id === open_id && deeds.left();
  return (
    <nav aria-label="Chats" className="flex min-h-0 flex-1 flex-col">
      <header className="flex min-h-14 items-center gap-0.5 border-b border-line pr-1 pl-4">
        <h1 className="flex-1 text-lg font-bold">Chats</h1>
        <button
          type="button"
          aria-label="Your status"
          title="Your status"
          onClick={deeds.status}
          className="relative grid size-11 shrink-0 place-items-center rounded-full hover:bg-sunken"
        >
          <LiveFace person={me} size="xs" />
          <span className="pointer-events-none absolute -right-0.5 bottom-0.5">
            <StatusSign id={me.id} className="text-xs" />
          </span>
        </button>
        <IconButton label="Find a chat (Ctrl+K)" onClick={deeds.find}>
          <Search className="size-5" />
        </IconButton>
        <IconButton label="Write to somebody" onClick={deeds.start}>
          <MessageSquarePlus className="size-5" />
        </IconButton>
        <LazyMenu
          entries={() => [
            { label: "Channels of my spaces", icon: <Compass />, run: deeds.browse },
            { label: "Scheduled messages", icon: <CalendarClock />, run: deeds.scheduled },
            { label: "Mark everything read", icon: <CheckCheck />, disabled: !waiting, run: readAll },
            "line",
            { label: "Your status", icon: <Smile />, run: deeds.status },
            { label: "Settings of chats", icon: <Settings />, run: () => void navigate(SETTINGS) },
            { label: "Keys", icon: <Keyboard />, keys: "?", run: deeds.keys },
          ]}
          trigger={
            <IconButton label="More of chats">
              <Ellipsis className="size-5" />
            </IconButton>
          }
        />
      </header>
      <div className="min-h-0 flex-1 overflow-y-auto overscroll-contain px-2 py-2 max-lg:pb-24">
        <ThreadsDoor open={deeds.threads} />
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
                  <ChannelLink
                    channel={channel}
                    me_id={me.id}
                    open={channel.id === open_id}
                    drafted={drafted.has(channel.id)}
                    hold={() => setHeld(channel.id)}
                    left={leaveIt(channel.id)}
                  />
                </li>
              ))}
            </ul>
          </section>
        ))}
      </div>
      <Suspense fallback={null}>
        {chosen && (
          <DeedsSheet
            title={titleOf(chosen, me.id)}
            entries={channelDeeds(chosen, leaveIt(chosen.id))}
            close={() => setHeld(null)}
          />
        )}
      </Suspense>
    </nav>
  );
}

const waits = ({ mine }: Channel) => (mine?.unread ?? 0) > 0 || (mine?.marked_seq ?? null) !== null;

function ChannelLink({
  channel,
  me_id,
  open,
  drafted,
  hold,
  left,
}: {
  channel: Channel;
  me_id: string;
  open: boolean;
  drafted: boolean;
  /** Held down, or pressed with the other button: what can be done with it. */
  hold: () => void;
  left: () => void;
}) {
  const { mine } = channel;
  const press = useLongPress(hold);
  const unread = mine?.unread ?? 0;
  const loud = waits(channel) && mine?.muted !== true;
  const addressed = channel.kind === "direct" ? unread : (mine?.unread_mentions ?? 0);
  const title = titleOf(channel, me_id);
  const [person] = channel.kind === "direct" ? channel.people : [];
  return (
    <div className="group/chat relative" {...press}>
      <Link
        to="/chat/$id"
        params={{ id: channel.id }}
        aria-current={open ? "page" : undefined}
        className={cx(
          "flex min-h-12 items-center gap-3 rounded-2xl px-3 py-1.5 text-sm select-none [-webkit-touch-callout:none]",
          open ? "bg-accent-tint text-ink" : "hover:bg-sunken",
          loud ? "font-bold text-ink" : "text-ink-2",
          mine?.muted === true && !open && "opacity-70",
        )}
      >
        {person ? <LiveFace person={person} /> : <ChannelMark kind={channel.kind} />}
        <span className="flex min-w-0 flex-1 items-center gap-1.5">
          <span className="truncate">{title}</span>
          {person && <StatusSign id={person.id} />}
        </span>
        {drafted && !open && <PencilLine className="size-4 shrink-0 text-ink-3" aria-label="You are writing here" />}
        {mine?.muted === true && <BellOff className="size-4 shrink-0 text-ink-3" aria-label="Muted" />}
        {unread > 0 ? (
          <span
            className={cx(
              "flex h-5.5 min-w-5.5 shrink-0 items-center justify-center gap-0.5 rounded-full px-1.5 text-xs font-bold tabular-nums",
              addressed > 0 && loud ? "bg-accent text-on-accent" : "bg-line text-ink",
            )}
          >
            {addressed > 0 && channel.kind !== "direct" && <AtSign className="size-3" aria-hidden="true" />}
            {countWords(unread)}
            <span className="sr-only">
              {" "}
              not read{addressed > 0 && channel.kind !== "direct" ? ", you are named" : ""}
            </span>
          </span>
        ) : (mine?.marked_seq ?? null) !== null ? (
          <span className="size-2.5 shrink-0 rounded-full bg-accent-ink">
            <span className="sr-only">Marked unread</span>
          </span>
        ) : (
          channel.last_at !== null && <Ago at={channel.last_at} className="shrink-0 text-xs font-normal text-ink-3" />
        )}
      </Link>
      {/* Out of sight it keeps its place: an open menu hangs on it when the pointer has left the line. */}
      <span className="pointer-events-none absolute inset-y-0 right-1.5 flex items-center opacity-0 group-focus-within/chat:pointer-events-auto group-focus-within/chat:opacity-100 has-data-popup-open:pointer-events-auto has-data-popup-open:opacity-100 group-hover/chat:[@media(hover:hover)]:pointer-events-auto group-hover/chat:[@media(hover:hover)]:opacity-100">
        <LazyMenu
          entries={() => channelDeeds(channel, left)}
          trigger={
            <button
              type="button"
              aria-label={`What to do with ${title}`}
              className="grid size-9 place-items-center rounded-full border border-line bg-raised text-ink-2 shadow-1 hover:text-ink"
            >
              <Ellipsis className="size-4.5" aria-hidden="true" />
            </button>
          }
        />
      </span>
    </div>
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
