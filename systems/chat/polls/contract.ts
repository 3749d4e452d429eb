import { z } from "zod";

import { defineRoute } from "#kernel/contract.ts";
import { zChoices, zPoll } from "#kernel/polls.ts";
import { zId } from "#kernel/wire.ts";

const tag = "chat";
const write = { who: "signed_in", scope: "write" } as const;
const params = z.strictObject({ id: zId<"message">() });

export const pollRoutes = {
  voteInMessage: defineRoute({
    method: "PUT",
    path: "/v1/chat/messages/{id}/vote",
    summary: "Vote in the poll of a message, once; the same vote again changes nothing",
    tag,
    access: write,
    params,
    body: z.strictObject({ choices: zChoices }),
    answers: { 200: zPoll },
    problems: [
      "message.not_found",
      "poll.not_found",
      "poll.ended",
      "poll.voted",
      "poll.choices",
      "chat.join_first",
      "chat.archived",
      "chat.blocked",
      "chat.direct_closed",
    ],
  }),
  endMessagePoll: defineRoute({
    method: "POST",
    path: "/v1/chat/messages/{id}/poll/end",
    summary: "End the poll of your message, or of one in a channel that you moderate, before its time",
    tag,
    access: write,
    params,
    answers: { 200: zPoll },
    problems: ["message.not_found", "poll.not_found", "chat.not_yours"],
  }),
} as const;
