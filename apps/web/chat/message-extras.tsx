import { lazy, Suspense } from "react";

import type { LinkCard } from "#kernel/cards.ts";
import type { Channel, Message } from "#systems/chat/contract.ts";

import { useOverlaid } from "../shell/overlay.ts";
import { told_cards } from "./link-cards.ts";
import { MessageForwarded } from "./message-forwarded.tsx";

const parts = () => import("./message-parts.ts");
const MessageFilm = lazy(async () => ({ default: (await parts()).MessageFilm }));
const MessageSound = lazy(async () => ({ default: (await parts()).MessageSound }));
const MessagePoll = lazy(async () => ({ default: (await parts()).MessagePoll }));
const MessageLink = lazy(async () => ({ default: (await parts()).MessageLink }));

/** What a message carries beside its words and pictures. Each comes with its code only where there is one. */
export function MessageExtras({ message, channel, me }: { message: Message; channel: Channel; me: { id: string } }) {
  const told = useOverlaid<{ link?: LinkCard }>(told_cards, message.id, {}).link;
  const link = message.link_hidden ? null : (message.link ?? told ?? null);
  return (
    <>
      {message.forwarded && <MessageForwarded forwarded={message.forwarded} />}
      {message.video && (
        <Suspense fallback={<div className="h-48" />}>
          <MessageFilm message={message} film={message.video} />
        </Suspense>
      )}
      {message.sound && (
        <Suspense fallback={<div className="h-14" />}>
          <MessageSound message={message} sound={message.sound} />
        </Suspense>
      )}
      {message.poll && (
        <Suspense fallback={<div className="h-40" />}>
          <MessagePoll message={message} channel={channel} me={me} />
        </Suspense>
      )}
      {link && (
        <Suspense fallback={<div className="h-24" />}>
          <MessageLink message={message} link={link} mine={message.author?.id === me.id} />
        </Suspense>
      )}
    </>
  );
}
