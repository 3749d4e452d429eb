import { z } from "zod";

import { zPersonCard } from "#kernel/cards.ts";
import { defineRoute } from "#kernel/contract.ts";
import { zId, zIdOut, zText, zTime } from "#kernel/wire.ts";

import { account, ofId, read, tag, write, zOfHome } from "../base-contract.ts";
import { COMMAND_TEXT_CHARS_MAX, URL_CHARS_MAX } from "../bounds.ts";

export const COMMAND_NAME = /^[a-z][a-z0-9_-]{0,31}$/;

export const zCommand = z
  .object({
    id: zIdOut<"command">(),
    name: z.string(),
    description: z.string(),
    /** What may stand after it: `[branch] [place]`. */
    hint: z.string(),
    url: z.string(),
    bot: zPersonCard.nullable(),
    owner: zPersonCard.nullable(),
    made_at: zTime,
    rotated_at: zTime.nullable(),
    last_error: z.string().nullable(),
    last_error_at: zTime.nullable(),
  })
  .meta({ id: "HookCommand" });
export type Command = z.output<typeof zCommand>;

/** As the composer offers it. */
export const zOffer = z
  .object({ name: z.string(), hint: z.string(), description: z.string(), bot: zPersonCard.nullable() })
  .meta({ id: "HookOffer" });
export type Offer = z.output<typeof zOffer>;

export const zCommandAnswer = z
  .object({
    /** For who asked alone: stored nowhere, so show it now. Null where there is nothing to say. */
    whisper: z.string().nullable(),
    /** What was written into the channel. */
    message_id: zIdOut<"message">().nullable(),
    /** Who says it; null for the house. */
    bot: zPersonCard.nullable(),
  })
  .meta({ id: "HookAnswer" });
export type CommandAnswer = z.output<typeof zCommandAnswer>;

/** On the asker's own stream, as `eph` in the slot `whisper`: an answer that came later. */
export interface Whisper {
  channel_id: string;
  root_id: string | null;
  command: string;
  text: string;
  bot_id: string;
}

const zWithSecret = zCommand.extend({ secret: z.string() });
const zFields = {
  description: zText(200),
  hint: zText(100),
  url: z.string().min(9).max(URL_CHARS_MAX),
};
const ASKED = ["outside.url_refused", "outside.address_refused", "hooks.https_needed"];

export const commandRoutes = {
  listCommands: defineRoute({
    method: "GET",
    path: "/v1/hooks/commands",
    summary: "The commands of a space, or of the house, for who looks after them",
    tag,
    access: account,
    query: zOfHome,
    answers: { 200: z.object({ items: z.array(zCommand) }) },
    problems: ["space.not_found", "hooks.not_yours"],
  }),
  createCommand: defineRoute({
    method: "POST",
    path: "/v1/hooks/commands",
    summary: "A command that a program answers as one of your bots. The signing secret is shown this once",
    tag,
    access: account,
    body: z.strictObject({
      space: z.string().max(64).optional(),
      bot_id: zId<"person">(),
      name: z.string().regex(COMMAND_NAME),
      description: zFields.description.default(""),
      hint: zFields.hint.default(""),
      url: zFields.url,
    }),
    answers: { 201: zWithSecret },
    problems: [
      "space.not_found",
      "bot.not_found",
      "hooks.not_yours",
      "hooks.too_many",
      "hooks.name_taken",
      "people.session_needed",
      ...ASKED,
    ],
  }),
  changeCommand: defineRoute({
    method: "PATCH",
    path: "/v1/hooks/commands/{id}",
    summary: "Change what a command says of itself and where it is answered",
    tag,
    access: account,
    params: ofId<"command">(),
    body: z.strictObject({
      description: zFields.description.optional(),
      hint: zFields.hint.optional(),
      url: zFields.url.optional(),
    }),
    answers: { 200: zCommand },
    problems: ["command.not_found", ...ASKED],
  }),
  rotateCommand: defineRoute({
    method: "POST",
    path: "/v1/hooks/commands/{id}/rotation",
    summary: "Another signing secret for a command; for a day both sign",
    tag,
    access: account,
    params: ofId<"command">(),
    answers: { 201: zWithSecret },
    problems: ["command.not_found", "people.session_needed"],
  }),
  deleteCommand: defineRoute({
    method: "DELETE",
    path: "/v1/hooks/commands/{id}",
    summary: "Delete a command; what its program still wished to answer is not taken any more",
    tag,
    access: account,
    params: ofId<"command">(),
    answers: { 204: null },
    problems: ["command.not_found"],
  }),
  offeredCommands: defineRoute({
    method: "GET",
    path: "/v1/hooks/channels/{id}/commands",
    summary: "The commands that can be given in this channel, the house's own first, by name",
    tag,
    access: read,
    params: ofId<"channel">(),
    answers: { 200: z.object({ items: z.array(zOffer) }) },
    problems: ["channel.not_found"],
  }),
  giveCommand: defineRoute({
    method: "POST",
    path: "/v1/hooks/channels/{id}/commands",
    summary: "Give a command: `/name` and what stands after it. A program has three seconds to answer",
    tag,
    access: write,
    params: ofId<"channel">(),
    body: z.strictObject({
      cid: z
        .string()
        .min(1)
        .max(64)
        .regex(/^[A-Za-z0-9_-]+$/),
      text: zText(COMMAND_TEXT_CHARS_MAX, 2),
      root_id: zId<"message">().nullable().default(null),
    }),
    answers: { 200: zCommandAnswer },
    cost_tokens: 5,
    problems: [
      "channel.not_found",
      "message.not_found",
      "person.not_found",
      "command.unknown",
      "command.usage",
      "command.no_answer",
      "command.may_not",
      "chat.join_first",
      "chat.moderators_only",
      "chat.archived",
      "chat.blocked",
      "chat.direct_closed",
      "chat.not_yours",
      "chat.slow_mode",
      "chat.full",
      "chat.not_in_space",
      "chat.too_many_channels",
      "chat.no_thread",
    ],
  }),
} as const;
