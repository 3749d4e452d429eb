import { useSyncExternalStore } from "react";

import type { Message } from "#systems/chat/contract.ts";

let open: Message | null = null;
const listeners = new Set<() => void>();

/** The message that is about to be passed on, or null. */
export function passOn(message: Message | null): void {
  open = message;
  for (const listener of listeners) listener();
}

const subscribe = (listener: () => void) => {
  listeners.add(listener);
  return () => void listeners.delete(listener);
};
export const usePassing = (): Message | null => useSyncExternalStore(subscribe, () => open);

export const linkTo = (origin: string, message: Pick<Message, "channel_id" | "seq" | "in_channel" | "root_id">) =>
  `${origin}/chat/${message.channel_id}?${message.in_channel || message.root_id === null ? "" : `thread=${message.root_id}&`}at=${message.seq}`;

/** A post that begins with what a message says: its words, whose they are, and the way there for who may read it. */
export function postFrom(origin: string, message: Message): string {
  const words = message.body === "" ? (message.forwarded?.body ?? "") : message.body;
  const whose = message.body === "" && message.forwarded ? message.forwarded.author : message.author;
  const quoted = words === "" ? "" : `\u201c${words}\u201d\n`;
  return `\n\n${quoted}${whose ? `\u2014 ${whose.display_name}, ` : ""}${linkTo(origin, message)}`;
}
