import { useState } from "react";

import { type Channel, chatRoutes as r, type Message } from "#systems/chat/contract.ts";

import { Refusal } from "../client.ts";
import { PollBox } from "../feed/poll-box.tsx";
import { call } from "../shell/house.ts";
import { sorry } from "../shell/toasts.ts";
import { applyEverywhere, refreshMessage } from "./conversations.ts";

/** The poll of a message; its author and who looks after the channel may end it. */
export default function MessagePoll({
  message,
  channel,
  me,
}: {
  message: Message;
  channel: Channel;
  me: { id: string };
}) {
  const [ending, setEnding] = useState(false);
  const { poll } = message;
  if (!poll) return null;
  const params = { id: message.id };
  const mayEnd = !poll.ended && (message.author?.id === me.id || channel.may.moderate);
  const end = () => {
    setEnding(true);
    call(r.endMessagePoll, { params })
      .then((ended) => applyEverywhere({ ...message, poll: ended }))
      .catch(sorry)
      .finally(() => setEnding(false));
  };
  return (
    <div className="max-w-md">
      <PollBox
        poll={poll}
        may={channel.mine !== null && !channel.archived}
        cast={async (choices) => {
          try {
            applyEverywhere({ ...message, poll: await call(r.voteInMessage, { params, body: { choices } }) });
          } catch (error) {
            sorry(error);
            if (error instanceof Refusal) await refreshMessage(message.id).catch(() => {});
          }
        }}
        again={() => void refreshMessage(message.id).catch(() => {})}
        more={
          mayEnd && (
            <button
              type="button"
              disabled={ending}
              onClick={end}
              className="min-h-6 text-xs font-semibold text-accent-ink hover:underline"
            >
              End the poll
            </button>
          )
        }
      />
    </div>
  );
}
