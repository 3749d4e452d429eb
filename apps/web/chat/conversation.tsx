import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { ArrowLeft, Ellipsis, Info, Pin, Search } from "lucide-react";
import { Suspense, useCallback, useEffect, useMemo, useRef, useState } from "react";

import { type Channel, chatRoutes as r, type Message } from "#systems/chat/contract.ts";
import type { Me } from "#systems/people/contract.ts";

import type { PageLine } from "../live/page-line.ts";
import { IconButton } from "../parts/button.tsx";
import { LazyMenu } from "../parts/lazy-menu.tsx";
import { RowSkeleton } from "../parts/skeleton.tsx";
import { ask, call } from "../shell/house.ts";
import { useTitle } from "../shell/page-header.tsx";
import { say, sorry } from "../shell/toasts.ts";
import { readWhole } from "./channel-deeds.tsx";
import { ChannelMark } from "./channel-mark.tsx";
import { ComposerNotes, ReadOnlyNote } from "./composer-notes.tsx";
import { Composer } from "./composer.tsx";
import { channelTalk, chatsChanged, useHeld, useOutbox } from "./conversations.ts";
import { useChannelLive, useFreshWhenSeen } from "./live.ts";
import { hasReceipts, marksOf } from "./marks.ts";
import { type MessageDeeds, removeMessage } from "./message-deeds.tsx";
import { MessageList } from "./message-list.tsx";
import { detailOf, namesWords, titleOf } from "./naming.ts";
import { LiveFace } from "./presence-mark.tsx";
import { presenceWords } from "./presence-words.ts";
import { usePresence } from "./presence.ts";
import { ReadLine } from "./read-line.tsx";
import { useReceipts } from "./receipts.tsx";
import { AboutSheet, EditDialog, EditsSheet, PinsSheet, ReadersSheet, SearchSheet } from "./sheet-doors.ts";

const READ_REST_MS = 700;

/** One channel: its messages, and where the next one is written. */
export function ChannelView({
  channel,
  me,
  line,
  place,
  in_thread,
  openThread,
  openScheduled,
  go,
  leave,
}: {
  channel: Channel;
  me: Me;
  line: PageLine | null;
  /** A message to stand at. */
  place: string | null;
  /** A thread is open beside it: Escape is for that. */
  in_thread: boolean;
  openThread: (root_id: string) => void;
  openScheduled: () => void;
  go: (seq: string) => void;
  /** To the list, where there is no room for both. */
  leave: () => void;
}) {
  const talk = channelTalk(channel.id);
  const held = useHeld(talk);
  const title = titleOf(channel, me.id);
  const [other] = channel.kind === "direct" ? channel.people : [];
  const presence = usePresence(other?.id);
  useTitle(title);
  const [answering, setAnswering] = useState<Message | null>(null);
  const [editing, setEditing] = useState<Message | null>(null);
  const [edits, setEdits] = useState<Message | null>(null);
  const [readers, setReaders] = useState<Message | null>(null);
  const [sheet, setSheet] = useState<"about" | "pins" | "search" | null>(null);
  const unsent = useOutbox().filter((one) => one.channel_id === channel.id && one.root_id === null);
  const drafts = useQuery(ask(r.listChatDrafts));
  const { opened, readUp } = useOpened(channel, place, talk);
  useFreshWhenSeen(talk);
  const { writing, typing } = useChannelLive(line, channel, talk, me);
  const read = useReading(channel, opened !== null);

  const receipts = useReceipts(channel);
  const marks = useMemo(
    () => (hasReceipts(channel) && !held.more_after ? marksOf(held.items, me.id, receipts) : undefined),
    [channel, held, me.id, receipts],
  );

  const deeds = useMemo<MessageDeeds>(
    () => ({
      thread: openThread,
      answer: setAnswering,
      edit: setEditing,
      edits: setEdits,
      remove: removeMessage,
      go,
      readers: setReaders,
      markUnread(message) {
        read.hold();
        call(r.markUnread, { params: { id: channel.id }, body: { seq: message.seq } })
          .then(async () => {
            say("Marked unread from there. It stays so until you open the channel again.");
            await chatsChanged();
          })
          .catch(sorry);
      },
    }),
    [openThread, go, read, channel.id],
  );
  const editLast = () => {
    const mine = held.items.findLast((one) => one.author?.id === me.id && one.may.edit);
    if (mine) setEditing(mine);
  };
  const readAll = useCallback(() => {
    // A mark that was put by hand here is taken away by hand too.
    read.free();
    readWhole(channel)
      .then(() => talk.newest())
      .then(readUp)
      .catch(sorry);
  }, [channel, read, talk, readUp]);
  useEscape(readAll, !in_thread && answering === null && channel.mine !== null);
  const last = held.more_after ? undefined : held.items.findLast((one) => !one.deleted && one.in_channel);
  const draft = drafts.data?.items.find((one) => one.channel_id === channel.id && one.root_id === null)?.body ?? "";

  return (
    <section aria-label={title} className="flex min-h-0 min-w-0 flex-1 flex-col bg-birch">
      <header className="flex min-h-14 items-center gap-2 border-b border-line px-3">
        <IconButton label="All chats" className="-ml-2 lg:hidden" onClick={leave}>
          <ArrowLeft className="size-5.5" />
        </IconButton>
        {other ? <LiveFace person={other} /> : <ChannelMark kind={channel.kind} />}
        <div className="min-w-0 flex-1">
          <h1 className="truncate text-base leading-5 font-bold">
            {other && other.id !== me.id ? (
              <Link to="/@{$handle}" params={{ handle: other.handle }} className="hover:underline">
                {title}
              </Link>
            ) : (
              title
            )}
          </h1>
          <p className="truncate text-xs text-ink-3">
            {[detailOf(channel, me.id), presence && other?.id !== me.id ? presenceWords(presence) : ""]
              .filter((part) => part !== "")
              .join(" · ")}
          </p>
        </div>
        <span className="sm:hidden">
          <LazyMenu
            entries={() => [
              { label: "Search messages", icon: <Search />, run: () => setSheet("search") },
              { label: "What is pinned", icon: <Pin />, run: () => setSheet("pins") },
              { label: "About this chat", icon: <Info />, run: () => setSheet("about") },
            ]}
            trigger={
              <IconButton label="More of this chat">
                <Ellipsis className="size-5" />
              </IconButton>
            }
          />
        </span>
        <IconButton label="Search messages" className="max-sm:hidden" onClick={() => setSheet("search")}>
          <Search className="size-5" />
        </IconButton>
        <IconButton label="What is pinned" className="max-sm:hidden" onClick={() => setSheet("pins")}>
          <Pin className="size-5" />
        </IconButton>
        <IconButton label="About this chat" className="max-sm:hidden" onClick={() => setSheet("about")}>
          <Info className="size-5" />
        </IconButton>
      </header>
      {opened === null ? (
        <div className="flex min-h-0 flex-1 flex-col justify-end overflow-hidden" aria-busy="true">
          {[0, 1, 2, 3].map((n) => (
            <RowSkeleton key={n} />
          ))}
        </div>
      ) : (
        <MessageList
          key={opened.key}
          talk={talk}
          channel={channel}
          me={me}
          deeds={deeds}
          first_unread_seq={opened.first_unread_seq}
          unsent={unsent}
          place={opened.place}
          marked_seq={place}
          {...(marks ? { marks } : {})}
          atEnd={read.upTo}
          readAll={readAll}
          above={<Beginning channel={channel} title={title} />}
        />
      )}
      <div className="flex h-6 items-center justify-between gap-4 px-5 text-xs text-ink-3">
        <p aria-live="polite" className="min-w-0 truncate">
          {writing.length > 0 && (
            <>
              <span aria-hidden="true" className="mr-1.5 inline-flex gap-0.5 align-middle">
                {[0, 1, 2].map((n) => (
                  <span key={n} className="size-1 animate-pulse rounded-full bg-ink-3" />
                ))}
              </span>
              {`${namesWords(writing)} ${writing.length === 1 ? "is" : "are"} writing`}
            </>
          )}
        </p>
        {last?.author?.id === me.id && channel.mine !== null && channel.member_count > 1 && (
          <ReadLine channel={channel} message={last} open={setReaders} />
        )}
      </div>
      {channel.mine !== null && <ComposerNotes channel={channel} me_id={me.id} openScheduled={openScheduled} />}
      {channel.mine === null ? null : !channel.may.send ? (
        <ReadOnlyNote because={channel.may.send_because} announces={channel.kind === "announcement"} />
      ) : !drafts.isFetched ? (
        // The field's own height, so that nothing moves when it comes.
        <div className="h-19 border-t border-line" />
      ) : (
        <Composer
          key={channel.id}
          channel={channel}
          root_id={null}
          label={
            channel.kind === "direct"
              ? `Write to ${title}`
              : channel.kind === "announcement"
                ? `Announce in ${title}`
                : `Write in ${title}`
          }
          answering={answering}
          stopAnswering={() => setAnswering(null)}
          editLast={editLast}
          typing={typing}
          draft={draft}
        />
      )}
      <Suspense fallback={null}>
        {sheet === "about" && <AboutSheet channel={channel} me={me} close={() => setSheet(null)} left={leave} />}
        {sheet === "pins" && <PinsSheet channel={channel} me={me} go={go} close={() => setSheet(null)} />}
        {sheet === "search" && <SearchSheet channel={channel} me={me} close={() => setSheet(null)} />}
        {editing && <EditDialog message={editing} close={() => setEditing(null)} />}
        {edits && <EditsSheet message={edits} close={() => setEdits(null)} />}
        {readers && <ReadersSheet message={readers} close={() => setReaders(null)} />}
      </Suspense>
    </section>
  );
}

/** Where the channel opens, and from where on it is new: asked before anything is read. */
function useOpened(channel: Channel, place: string | null, talk: ReturnType<typeof channelTalk>) {
  const [opened, setOpened] = useState<{ key: string; first_unread_seq: string | null; place: string | null } | null>(
    null,
  );
  const key = `${channel.id} ${place ?? ""}`;
  const joined = channel.mine !== null;
  useEffect(() => {
    let gone = false;
    void (async () => {
      const state = joined ? await call(r.readState, { params: { id: channel.id } }).catch(() => null) : null;
      const first = state?.first_unread_seq ?? null;
      if (place !== null) await talk.around(place);
      else {
        await (talk.loaded() && !talk.held().more_after ? talk.refresh() : talk.newest());
        if (first !== null && talk.held().more_before && !talk.held().items.some((one) => one.seq === first))
          await talk.around(first);
      }
      if (!gone) setOpened({ key, first_unread_seq: first, place: place ?? first });
    })();
    return () => {
      gone = true;
    };
  }, [channel.id, place, key, joined, talk]);
  /** Everything is read: it is shown from its end, and nothing is new any more. */
  const readUp = useCallback(() => {
    setOpened((before) => before && { ...before, key: `${before.key} `, first_unread_seq: null, place: null });
  }, []);
  return { opened: opened?.key.trimEnd() === key.trimEnd() ? opened : null, readUp };
}

/** Escape, where nothing lies over the chat and nothing else takes it. */
function useEscape(run: () => void, on: boolean): void {
  useEffect(() => {
    if (!on) return;
    const onKey = (event: KeyboardEvent) => {
      if (event.key !== "Escape" || event.defaultPrevented || event.isComposing) return;
      if (document.querySelector('[role="dialog"],[role="menu"],[role="alertdialog"],[role="listbox"]')) return;
      run();
    };
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  }, [run, on]);
}

/** Reads what was on the screen. A mark that was put by hand goes when the channel is opened, and not before. */
function useReading(channel: Channel, open: boolean) {
  const marked = useRef(channel.mine?.marked_seq ?? null);
  const state = useRef({ sent: channel.mine?.read_seq ?? "0", wanted: "0", held: false, timer: 0 });
  const joined = channel.mine !== null;
  useEffect(() => {
    state.current = { sent: channel.mine?.read_seq ?? "0", wanted: "0", held: false, timer: 0 };
    marked.current = channel.mine?.marked_seq ?? null;
    const mine = state;
    return () => clearTimeout(mine.current.timer);
    // Of another channel, not of another state of this one.
    // oxlint-disable-next-line react-hooks/exhaustive-deps
  }, [channel.id]);

  const upTo = useCallback(
    (seq: string) => {
      const now = state.current;
      if (!joined || !open || now.held || document.visibilityState !== "visible") return;
      if (BigInt(seq) <= BigInt(now.sent) && marked.current === null) return;
      if (BigInt(seq) > BigInt(now.wanted)) now.wanted = seq;
      if (now.timer !== 0) return;
      now.timer = window.setTimeout(() => {
        now.timer = 0;
        if (now.held) return;
        const unmark = marked.current !== null;
        call(r.readChannel, { params: { id: channel.id }, body: { seq: now.wanted, ...(unmark ? { unmark } : {}) } })
          .then(async () => {
            now.sent = now.wanted;
            marked.current = null;
            await chatsChanged();
          })
          // Read again with the next look.
          .catch(() => {});
      }, READ_REST_MS);
    },
    [channel.id, joined, open],
  );
  return useMemo(
    () => ({
      upTo,
      free() {
        state.current.held = false;
      },
      hold() {
        state.current.held = true;
        clearTimeout(state.current.timer);
        state.current.timer = 0;
      },
    }),
    [upTo],
  );
}

function Beginning({ channel, title }: { channel: Channel; title: string }) {
  return (
    <div className="px-6 pt-10 pb-6">
      <h2 className="text-xl font-bold">{title}</h2>
      <p className="mt-1 max-w-md text-sm text-ink-2">
        {channel.kind === "direct"
          ? "This is the beginning of what you write to each other. Nobody else reads it."
          : channel.kind === "group"
            ? "This is the beginning of the group. Whoever is added later can read what was written before."
            : channel.topic || "This is the beginning of the channel."}
        {channel.retention_days !== null && ` Messages are kept for ${channel.retention_days} days.`}
      </p>
    </div>
  );
}
