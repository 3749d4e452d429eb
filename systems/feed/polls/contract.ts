import { z } from "zod";

import { defineRoute } from "#kernel/contract.ts";
import { zChoices } from "#kernel/polls.ts";
import { zId } from "#kernel/wire.ts";

import { zPoll } from "./poll-contract.ts";

export const votePoll = defineRoute({
  method: "PUT",
  path: "/v1/posts/{id}/vote",
  summary: "Vote in a post's poll, once; the same vote again changes nothing",
  tag: "feed",
  access: { who: "signed_in", scope: "write" },
  params: z.strictObject({ id: zId<"post">() }),
  body: z.strictObject({
    /** Places among the options, from 0. */
    choices: zChoices,
    /** Of the poll that you saw, so that a vote never lands on other questions. */
    edition: z.int().min(1).optional(),
  }),
  answers: { 200: zPoll },
  problems: [
    "post.not_found",
    "post.may_not_vote",
    "poll.not_found",
    "poll.own",
    "poll.ended",
    "poll.changed",
    "poll.voted",
    "poll.choices",
  ],
});

export const pollsRoutes = { votePoll } as const;
