import { PenLine, Search } from "lucide-react";
import { useState } from "react";

import type { Channel, Message } from "#systems/chat/contract.ts";

import { Avatar } from "../parts/avatar.tsx";
import { Sheet } from "../parts/dialog.tsx";
import { focusHere } from "../parts/focus.ts";
import { openCompose } from "../shell/compose.ts";
import { say } from "../shell/toasts.ts";
import { ChannelMark } from "./channel-mark.tsx";
import { makeCid, outbox } from "./conversations.ts";
import { postFrom } from "./forwarding.ts";
import { titleOf } from "./naming.ts";

const SHOWN_MAX = 50;

/** To whom a message is passed on: a chat, or everybody, in a post. */
export default function ForwardSheet({
  message,
  channels,
  me,
  close,
}: {
  message: Message;
  channels: readonly Channel[];
  me: { id: string };
  close: () => void;
}) {
  const [text, setText] = useState("");
  const [words, setWords] = useState("");
  const q = text.trim().toLowerCase().replace(/^[@#]/, "");
  const found = channels
    .filter((channel) => channel.may.send)
    .filter((channel) =>
      `${titleOf(channel, me.id)} ${channel.people.map((p) => p.handle).join(" ")}`.toLowerCase().includes(q),
    )
    .slice(0, SHOWN_MAX);
  const send = (channel: Channel) => {
    outbox.add({
      cid: makeCid(),
      channel_id: channel.id,
      body: words.trim(),
      root_id: null,
      reply_to_id: null,
      also_in_channel: false,
      image_ids: [],
      forward_of_id: message.id,
    });
    say(`Passed on to ${titleOf(channel, me.id)}.`);
    close();
  };
  return (
    <Sheet open onOpenChange={(open) => !open && close()} title="Forward">
      <div className="grid gap-3 px-4 pb-4">
        <blockquote className="line-clamp-3 rounded-xl bg-sunken px-3 py-2 text-sm text-ink-2 wrap-anywhere">
          {message.body || message.forwarded?.body || "Pictures or a film"}
        </blockquote>
        <input
          dir="auto"
          aria-label="Words beside it"
          placeholder="Say something beside it"
          value={words}
          maxLength={2_000}
          onChange={(event) => setWords(event.target.value)}
          className="h-11 rounded-xl border border-line-strong/60 bg-surface px-3.5 text-base"
        />
        <label className="flex h-11 items-center gap-2 rounded-xl border border-line-strong/60 bg-surface px-3.5">
          <Search className="size-4.5 text-ink-3" aria-hidden="true" />
          <input
            ref={focusHere}
            aria-label="Find a chat"
            placeholder="Find a chat"
            value={text}
            onChange={(event) => setText(event.target.value)}
            className="min-w-0 flex-1 bg-transparent text-base outline-none"
          />
        </label>
        <ul aria-label="Chats" className="grid">
          <li>
            <button
              type="button"
              onClick={() => {
                openCompose({ text: postFrom(location.origin, message) });
                close();
              }}
              className="flex w-full items-center gap-3 rounded-2xl px-2 py-2 text-left text-sm font-semibold hover:bg-sunken"
            >
              <span className="grid size-9 place-items-center rounded-full bg-accent-tint text-accent-ink">
                <PenLine className="size-4.5" aria-hidden="true" />
              </span>
              Into a post
            </button>
          </li>
          {found.map((channel) => (
            <li key={channel.id}>
              <button
                type="button"
                onClick={() => send(channel)}
                className="flex w-full items-center gap-3 rounded-2xl px-2 py-2 text-left text-sm hover:bg-sunken"
              >
                {channel.kind === "direct" && channel.people[0] ? (
                  <Avatar person={channel.people[0]} size="sm" />
                ) : (
                  <ChannelMark kind={channel.kind} />
                )}
                <span className="min-w-0 flex-1 truncate font-semibold">{titleOf(channel, me.id)}</span>
                {channel.space && <span className="truncate text-xs text-ink-3">{channel.space.name}</span>}
              </button>
            </li>
          ))}
        </ul>
        {found.length === 0 && <p className="py-4 text-center text-sm text-ink-3">No chat has this name.</p>}
      </div>
    </Sheet>
  );
}
