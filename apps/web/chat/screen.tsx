import { useQuery } from "@tanstack/react-query";
import { useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { MessagesSquare } from "lucide-react";
import { lazy, Suspense, useCallback, useEffect, useRef, useState } from "react";

import { chatRoutes as r } from "#systems/chat/contract.ts";
import type { Me } from "#systems/people/contract.ts";

import { Away } from "../client.ts";
import { ConnectionNote } from "../live/connection-note.tsx";
import { useLine } from "../live/use-line.ts";
import { Button } from "../parts/button.tsx";
import { cx } from "../parts/class.ts";
import { Empty, Failed } from "../parts/empty.tsx";
import { RowSkeleton } from "../parts/skeleton.tsx";
import { ask } from "../shell/house.ts";
import { pressOf, useShortcuts } from "../shell/keyboard.ts";
import { NeedMe } from "../shell/need-me.tsx";
import { useTitle } from "../shell/page-header.tsx";
import { useReachable } from "../shell/reachable.ts";
import { AwayNote } from "./away-note.tsx";
import { ChannelList } from "./channel-list.tsx";
import { ChannelView } from "./conversation.tsx";
import { channelTalk, useOutbox } from "./conversations.ts";
import { passOn, usePassing } from "./forwarding.ts";
import { JoinBar } from "./join-bar.tsx";
import { useKeptChats } from "./kept-chats.ts";
import { useListLive } from "./live.ts";
import { neighbourOf, nextUnread } from "./naming.ts";
import {
  BrowseSheet,
  ForwardSheet,
  ScheduledSheet,
  SearchSheet,
  StartSheet,
  StatusSheet,
  Switcher,
  ThreadsSheet,
} from "./sheet-doors.ts";
import { ThreadPane } from "./thread-pane.tsx";

const Help = lazy(() => import("../shell/help.tsx"));

const NAMED: readonly (readonly [keys: string, label: string])[] = [
  ["mod+/", "Show the keys, while writing too"],
  ["Alt+↓", "Next chat, while writing too"],
  ["Alt+↑", "Chat before"],
  ["Alt+Shift+↓", "Next chat with something new"],
  ["Esc", "Mark the chat read"],
  ["Arrow↑", "Edit your last message, in an empty field"],
];
const OVER = (target: EventTarget | null) =>
  target instanceof Element && target.closest('[role="dialog"],[role="menu"],[role="alertdialog"]') !== null;

export function ChatScreen() {
  return <NeedMe>{(me) => <Chats me={me} />}</NeedMe>;
}

/** The list of chats and, beside or over it, the one that is open. */
function Chats({ me }: { me: Me }) {
  const { id } = useParams({ strict: false });
  const { at, thread } = useSearch({ strict: false }) as { at?: string; thread?: string };
  const navigate = useNavigate();
  const [sheet, setSheet] = useState<
    "start" | "browse" | "switch" | "search" | "status" | "scheduled" | "threads" | "keys" | null
  >(null);
  const list = useQuery({ ...ask(r.listChannels), staleTime: 10_000, refetchOnWindowFocus: true });
  const kept = useKeptChats(me.id, list.data?.items, list.failureReason instanceof Away);
  const channels = list.data?.items ?? kept ?? [];
  const mine = channels.find((channel) => channel.id === id);
  const other = useQuery({
    ...ask(r.channel, { params: { id: id ?? "0" } }),
    enabled: id !== undefined && list.isSuccess && mine === undefined,
  });
  const channel = mine ?? (id === undefined ? undefined : other.data);
  const passing = usePassing();
  // What the house refused waits for its writer, not for the line.
  const unsent = useOutbox().filter((one) => one.state !== "failed").length;
  const reachable = useReachable();
  const line = useLine(me.id);
  useListLive(line, me.id, channels, channel?.id);
  useTitle(channel ? "Chat" : "Chats");

  const open = useCallback(
    (to: string | undefined) => (to === undefined ? undefined : void navigate({ to: "/chat/$id", params: { id: to } })),
    [navigate],
  );
  const go = useCallback(
    (seq: string) => {
      if (id === undefined) return;
      const held = channelTalk(id)
        .held()
        .items.some((one) => one.seq === seq);
      const row = held ? document.querySelector<HTMLElement>(`[data-seq="${seq}"]`) : null;
      if (row) {
        row.scrollIntoView({ block: "center" });
        row.focus({ preventScroll: true });
      } else void navigate({ to: "/chat/$id", params: { id }, search: { at: seq } });
    },
    [id, navigate],
  );
  const openThread = useCallback(
    (root_id: string) => {
      if (id !== undefined) void navigate({ to: "/chat/$id", params: { id }, search: { thread: root_id } });
    },
    [id, navigate],
  );
  const around = useRef({ channels, id });
  useEffect(() => {
    around.current = { channels, id };
  });
  const leave = useCallback(() => void navigate({ to: "/chat" }), [navigate]);
  // The whole page finds by the same keys: here, chats come first, wherever the caret stands.
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const press = pressOf(event);
      if (press === "mod+k" || press === "mod+/") {
        event.preventDefault();
        setSheet(press === "mod+k" ? "switch" : "keys");
        return;
      }
      const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
      if (step === 0 || !event.altKey || event.ctrlKey || event.metaKey || OVER(event.target)) return;
      event.preventDefault();
      const now = around.current;
      open((event.shiftKey ? nextUnread : neighbourOf)(now.channels, now.id, step)?.id);
    };
    document.addEventListener("keydown", onKey, true);
    return () => document.removeEventListener("keydown", onKey, true);
  }, [open]);
  useShortcuts([
    { keys: "mod+k", label: "Go to a chat", group: "Chats", run: () => setSheet("switch") },
    { keys: "j", label: "Next chat", group: "Chats", run: () => open(neighbourOf(channels, id, 1)?.id) },
    { keys: "k", label: "Chat before", group: "Chats", run: () => open(neighbourOf(channels, id, -1)?.id) },
    { keys: "u", label: "Next chat with something new", group: "Chats", run: () => open(nextUnread(channels, id)?.id) },
    { keys: "c", label: "Write to somebody", group: "Chats", run: () => setSheet("start") },
    { keys: "s", label: "Your status", group: "Chats", run: () => setSheet("status") },
    // Heard above or where one writes; named here.
    ...NAMED.map(([keys, label]) => ({ keys, label, group: "Chats", run() {} })),
  ]);

  const chats = (
    <ChannelList
      channels={channels}
      me={me}
      open_id={id}
      deeds={{
        start: () => setSheet("start"),
        browse: () => setSheet("browse"),
        find: () => setSheet("switch"),
        status: () => setSheet("status"),
        scheduled: () => setSheet("scheduled"),
        keys: () => setSheet("keys"),
        left: leave,
        threads: () => setSheet("threads"),
      }}
    />
  );

  return (
    <div className="flex h-[calc(100dvh-4.5rem-env(safe-area-inset-bottom))] min-h-0 border-line sm:h-full sm:border-x">
      <div
        className={cx(
          "flex min-h-0 w-full flex-col border-line bg-surface lg:w-72 lg:shrink-0 lg:border-r",
          id !== undefined && "max-lg:hidden",
        )}
      >
        {list.isSuccess || kept !== null ? (
          chats
        ) : list.isPending ? (
          [0, 1, 2, 3, 4].map((n) => <RowSkeleton key={n} />)
        ) : (
          <Failed error={list.error} retry={() => void list.refetch()} />
        )}
      </div>
      {channel ? (
        <div className="relative flex min-h-0 min-w-0 flex-1 max-sm:fixed max-sm:inset-0 max-sm:z-35 max-sm:bg-birch">
          <div className="flex min-h-0 min-w-0 flex-1 flex-col">
            {reachable ? <ConnectionNote page={line} waiting={unsent} /> : <AwayNote waiting={unsent} />}
            <ChannelView
              key={channel.id}
              channel={channel}
              me={me}
              line={line}
              place={at ?? null}
              in_thread={thread !== undefined}
              openThread={openThread}
              openScheduled={() => setSheet("scheduled")}
              go={go}
              leave={leave}
            />
            {channel.mine === null && <JoinBar channel={channel} />}
          </div>
          {thread !== undefined && (
            <ThreadPane
              key={thread}
              root_id={thread}
              channel={channel}
              me={me}
              go={go}
              close={() => void navigate({ to: "/chat/$id", params: { id: channel.id } })}
            />
          )}
        </div>
      ) : id !== undefined && other.isError ? (
        <div className="flex-1">
          <Failed error={other.error} title="This chat is not here" />
          <Button look="outline" className="mx-auto flex" onClick={leave}>
            All chats
          </Button>
        </div>
      ) : (
        <div className="grid min-w-0 flex-1 place-items-center max-lg:hidden">
          {list.isSuccess && id === undefined && (
            <Empty icon={<MessagesSquare />} title="Choose a chat">
              Or press Ctrl and K and write a name.
            </Empty>
          )}
        </div>
      )}
      <Suspense fallback={null}>
        {passing && <ForwardSheet message={passing} channels={channels} me={me} close={() => passOn(null)} />}
        {sheet === "threads" && <ThreadsSheet channels={channels} me={me} close={() => setSheet(null)} />}
        {sheet === "start" && <StartSheet me={me} close={() => setSheet(null)} />}
        {sheet === "browse" && <BrowseSheet me={me} close={() => setSheet(null)} />}
        {sheet === "switch" && <Switcher channels={channels} me={me} close={() => setSheet(null)} />}
        {sheet === "status" && <StatusSheet close={() => setSheet(null)} />}
        {sheet === "scheduled" && <ScheduledSheet channels={channels} me={me} close={() => setSheet(null)} />}
        {sheet === "keys" && <Help close={() => setSheet(null)} />}
        {sheet === "search" && <SearchSheet channel={channel ?? null} me={me} close={() => setSheet(null)} />}
      </Suspense>
    </div>
  );
}
