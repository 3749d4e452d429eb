import { useQuery } from "@tanstack/react-query";
import { X } from "lucide-react";
import { Suspense, useEffect, useMemo, useState } from "react";

import { type Channel, chatRoutes as r, type Message } from "#systems/chat/contract.ts";
import type { Me } from "#systems/people/contract.ts";

import { IconButton } from "../parts/button.tsx";
import { Failed } from "../parts/empty.tsx";
import { ask } from "../shell/house.ts";
import { Composer } from "./composer.tsx";
import { channelTalk, threadTalk, useHeld, useOutbox } from "./conversations.ts";
import { FollowThread } from "./follow-thread.tsx";
import { useFreshWhenSeen } from "./live.ts";
import { type MessageDeeds, removeMessage } from "./message-deeds.tsx";
import { MessageList } from "./message-list.tsx";
import { MessageRow } from "./message-row.tsx";
import { titleOf } from "./naming.ts";
import { EditDialog, EditsSheet } from "./sheet-doors.ts";

/** The answers under one message, beside the channel. */
export function ThreadPane({
  root_id,
  channel,
  me,
  close,
  go,
}: {
  root_id: string;
  channel: Channel;
  me: Me;
  close: () => void;
  go: (seq: string) => void;
}) {
  const talk = threadTalk(root_id);
  const held = useHeld(talk);
  const above = useHeld(channelTalk(channel.id)).items.find((one) => one.id === root_id);
  const asked = useQuery({ ...ask(r.message, { params: { id: root_id } }), enabled: above === undefined });
  const root = above ?? asked.data;
  const unsent = useOutbox().filter((one) => one.root_id === root_id);
  const drafts = useQuery(ask(r.listChatDrafts));
  const [answering, setAnswering] = useState<Message | null>(null);
  const [editing, setEditing] = useState<Message | null>(null);
  const [edits, setEdits] = useState<Message | null>(null);
  useFreshWhenSeen(talk);
  useEffect(() => {
    void (talk.loaded() ? talk.refresh() : talk.newest());
  }, [talk]);
  useEffect(() => {
    const escape = (event: KeyboardEvent) => {
      const over = event.target instanceof Element && event.target.closest('[role="dialog"],[role="menu"]');
      if (event.key === "Escape" && !event.defaultPrevented && !over) close();
    };
    document.addEventListener("keydown", escape);
    return () => document.removeEventListener("keydown", escape);
  }, [close]);
  const deeds = useMemo<MessageDeeds>(
    () => ({
      thread: () => {},
      answer: setAnswering,
      edit: setEditing,
      edits: setEdits,
      remove: removeMessage,
      go,
      markUnread: () => {},
    }),
    [go],
  );
  const draft = drafts.data?.items.find((one) => one.root_id === root_id)?.body ?? "";
  return (
    <section
      aria-label="Thread"
      className="flex min-h-0 w-full flex-col border-line bg-surface max-xl:absolute max-xl:inset-0 max-xl:z-20 xl:w-96 xl:shrink-0 xl:border-l"
    >
      <header className="flex min-h-14 items-center gap-2 border-b border-line pr-1 pl-4">
        <div className="min-w-0 flex-1">
          <h2 className="text-base leading-5 font-bold">Thread</h2>
          <p className="truncate text-xs text-ink-3">{titleOf(channel, me.id)}</p>
        </div>
        <FollowThread root_id={root_id} last_seq={held.items.at(-1)?.seq} joined={channel.mine !== null} />
        <IconButton label="Close the thread" onClick={close}>
          <X className="size-5" />
        </IconButton>
      </header>
      {asked.isError && <Failed error={asked.error} retry={() => void asked.refetch()} />}
      <MessageList
        talk={talk}
        channel={channel}
        me={me}
        deeds={deeds}
        first_unread_seq={null}
        unsent={unsent}
        place={null}
        in_thread
        above={
          root && (
            <div className="border-b border-line pb-3">
              <MessageRow
                row={{ message: root, follows: false, day: false, fresh: false }}
                channel={channel}
                me={me}
                deeds={deeds}
                in_thread
              />
            </div>
          )
        }
      />
      {drafts.isFetched && (
        <Composer
          channel={channel}
          root_id={root_id}
          label="Answer in the thread"
          answering={answering}
          stopAnswering={() => setAnswering(null)}
          editLast={() => {
            const mine = held.items.findLast((one) => one.author?.id === me.id && one.may.edit);
            if (mine) setEditing(mine);
          }}
          draft={draft}
        />
      )}
      <Suspense fallback={null}>
        {editing && <EditDialog message={editing} close={() => setEditing(null)} />}
        {edits && <EditsSheet message={edits} close={() => setEdits(null)} />}
      </Suspense>
    </section>
  );
}
