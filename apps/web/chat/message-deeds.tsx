import { Bell, Copy, CornerUpLeft, Eye, Forward, Link2, Pencil, Pin, PinOff, Reply, Trash2 } from "lucide-react";

import { type Channel, chatRoutes as r, type Message } from "#systems/chat/contract.ts";

import type { MenuEntry } from "../parts/menu-entry.ts";
import { call, queries } from "../shell/house.ts";
import { say, sorry } from "../shell/toasts.ts";
import { applyEverywhere, refreshMessage } from "./conversations.ts";
import { linkTo, passOn } from "./forwarding.ts";

/** What a conversation does for its messages. */
export interface MessageDeeds {
  thread(root_id: string): void;
  answer(message: Message): void;
  edit(message: Message): void;
  edits(message: Message): void;
  remove(message: Message): void;
  /** To a place in the channel. */
  go(seq: string): void;
  markUnread(message: Message): void;
  /** Who has read it; where it stands in the channel. */
  readers?(message: Message): void;
}

export function deedsOf(
  message: Message,
  channel: Channel,
  me: { id: string },
  deeds: MessageDeeds,
  in_thread: boolean,
): MenuEntry[] {
  const mine = message.author?.id === me.id;
  const entries: MenuEntry[] = [];
  if (channel.may.send)
    entries.push({ label: "Quote and answer", icon: <CornerUpLeft />, run: () => deeds.answer(message) });
  if (channel.may.send && !in_thread && message.root_id === null)
    entries.push({ label: "Answer in a thread", icon: <Reply />, run: () => deeds.thread(message.id) });
  if (mine && message.may.edit)
    entries.push({ label: "Edit", icon: <Pencil />, keys: "↑", run: () => deeds.edit(message) });
  if (channel.mine !== null && message.in_channel)
    entries.push({ label: "Mark unread from here", icon: <Bell />, run: () => deeds.markUnread(message) });
  if (channel.mine !== null && message.in_channel && deeds.readers)
    entries.push({ label: "Who has read it", icon: <Eye />, run: () => deeds.readers?.(message) });
  if (channel.may.send)
    entries.push({
      label: message.pinned ? "Take the pin away" : "Pin for everybody",
      icon: message.pinned ? <PinOff /> : <Pin />,
      run: () => pin(message),
    });
  entries.push({ label: "Forward", icon: <Forward />, run: () => passOn(message) });
  entries.push({
    label: "Copy the words",
    icon: <Copy />,
    disabled: message.body === "",
    run: () => void navigator.clipboard.writeText(message.body).then(() => say("Copied."), sorry),
  });
  entries.push({
    label: "Copy a link",
    icon: <Link2 />,
    run: () => {
      navigator.clipboard.writeText(linkTo(location.origin, message)).then(() => say("The link is copied."), sorry);
    },
  });
  if (mine && message.link_hidden)
    entries.push({ label: "Show the card of the link", icon: <Link2 />, run: () => showCard(message) });
  if (message.may.delete)
    entries.push("line", { label: "Delete", icon: <Trash2 />, danger: true, run: () => deeds.remove(message) });
  return entries;
}

function pin(message: Message): void {
  call(message.pinned ? r.unpinMessage : r.pinMessage, { params: { id: message.id } })
    .then(async () => {
      await queries.invalidateQueries({ queryKey: [r.pins.path] });
      await refreshMessage(message.id);
    })
    .catch(sorry);
}

function showCard(message: Message): void {
  call(r.showMessageLink, { params: { id: message.id } }).then(applyEverywhere, sorry);
}

/** Gone from the page at once; it comes back where the house says no. */
export function removeMessage(message: Message): void {
  applyEverywhere({ ...message, deleted: true, body: "", images: [], video: null, reactions: [] });
  call(r.deleteMessage, { params: { id: message.id } })
    .then(async () => {
      if (message.root_id !== null) await refreshMessage(message.root_id);
    })
    .catch((error: unknown) => {
      applyEverywhere(message);
      sorry(error);
    });
}
