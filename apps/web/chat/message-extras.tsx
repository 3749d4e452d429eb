import { lazy, Suspense } from "react";

import type { Channel, Message } from "#systems/chat/contract.ts";

const MessagePoll = lazy(() => import("./message-poll.tsx"));

/** What a message carries beside its words and pictures. Each comes with its code only where there is one. */
export function MessageExtras({ message, channel, me }: { message: Message; channel: Channel; me: { id: string } }) {
  return (
    message.poll && (
      <Suspense fallback={<div className="h-40" />}>
        <MessagePoll message={message} channel={channel} me={me} />
      </Suspense>
    )
  );
}
