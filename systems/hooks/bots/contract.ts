import { z } from "zod";

import { zPersonCard, zSpaceCard } from "#kernel/cards.ts";
import { defineRoute } from "#kernel/contract.ts";
import { zId, zIdOut, zText, zTime } from "#kernel/wire.ts";

import { account, ofId, tag, zName, zOfHome } from "../base-contract.ts";
import { ABOUT_CHARS_MAX, TOKEN_EXPIRY_D_MAX } from "../bounds.ts";

export const zBotToken = z
  .object({
    id: zIdOut<"token">(),
    name: z.string(),
    scopes: z.array(z.enum(["read", "write"])),
    created_at: zTime,
    last_used_at: zTime.nullable(),
    expires_at: zTime.nullable(),
  })
  .meta({ id: "BotToken" });
export type BotTokenShown = z.output<typeof zBotToken>;

export const zBot = z
  .object({
    bot: zPersonCard,
    /** Null for a bot of the whole house. */
    space: zSpaceCard.nullable(),
    about: z.string(),
    /** Answers for it; null where the account is gone, and then it does nothing until somebody takes it over. */
    owner: zPersonCard.nullable(),
    made_at: zTime,
    tokens: z.array(zBotToken),
  })
  .meta({ id: "Bot" });
export type Bot = z.output<typeof zBot>;

const zNewToken = zBotToken.extend({ secret: z.string() });
const ofToken = z.strictObject({ id: zId<"person">(), token_id: zId<"token">() });
const inChannel = z.strictObject({ id: zId<"person">(), channel_id: zId<"channel">() });
const zHandle = z
  .string()
  .regex(/^[A-Za-z][A-Za-z0-9_]{1,29}$/)
  .transform((text) => text.toLowerCase());

export const botRoutes = {
  listBots: defineRoute({
    method: "GET",
    path: "/v1/hooks/bots",
    summary: "The bots of a space, or of the house, with their tokens' names and powers",
    tag,
    access: account,
    query: zOfHome,
    answers: { 200: z.object({ items: z.array(zBot) }) },
    problems: ["space.not_found", "hooks.not_yours"],
  }),
  createBot: defineRoute({
    method: "POST",
    path: "/v1/hooks/bots",
    summary:
      "Make a bot: a member of its own that a program speaks as. It reads and writes only in channels it is put into",
    tag,
    access: account,
    body: z.strictObject({
      space: z.string().max(64).optional(),
      handle: zHandle,
      name: zName,
      about: zText(ABOUT_CHARS_MAX).default(""),
      avatar_image_id: zId<"image">().nullable().default(null),
    }),
    answers: { 201: zBot },
    problems: [
      "space.not_found",
      "hooks.not_yours",
      "hooks.too_many",
      "people.handle_taken",
      "people.handle_reserved",
      "image.not_found",
    ],
  }),
  changeBot: defineRoute({
    method: "PATCH",
    path: "/v1/hooks/bots/{id}",
    summary: "Change a bot's name, picture or words, or take it over: then you answer for it",
    tag,
    access: account,
    params: ofId<"person">(),
    body: z.strictObject({
      name: zName.optional(),
      about: zText(ABOUT_CHARS_MAX).optional(),
      avatar_image_id: zId<"image">().nullable().optional(),
      take_over: z.literal(true).optional(),
    }),
    answers: { 200: zBot },
    problems: ["bot.not_found", "image.not_found"],
  }),
  deleteBot: defineRoute({
    method: "DELETE",
    path: "/v1/hooks/bots/{id}",
    summary: "Delete a bot with its tokens, hooks and commands. What it wrote goes too, as with any account",
    tag,
    access: account,
    params: ofId<"person">(),
    answers: { 204: null },
    problems: ["bot.not_found"],
  }),
  makeBotToken: defineRoute({
    method: "POST",
    path: "/v1/hooks/bots/{id}/tokens",
    summary: "Make a token for a bot; its secret is shown this once",
    tag,
    access: account,
    params: ofId<"person">(),
    body: z.strictObject({
      name: zName,
      scopes: z
        .array(z.enum(["read", "write"]))
        .min(1)
        .max(2),
      /** Null never expires. */
      expires_in_d: z.int().min(1).max(TOKEN_EXPIRY_D_MAX).nullable().default(365),
    }),
    answers: { 201: zNewToken },
    problems: ["bot.not_found", "bot.too_many_tokens", "people.session_needed"],
  }),
  rotateBotToken: defineRoute({
    method: "POST",
    path: "/v1/hooks/bots/{id}/tokens/{token_id}/rotation",
    summary: "A new secret for a bot's token; the old one ends at once",
    tag,
    access: account,
    params: ofToken,
    answers: { 201: zNewToken },
    problems: ["bot.not_found", "token.not_found", "people.session_needed"],
  }),
  revokeBotToken: defineRoute({
    method: "DELETE",
    path: "/v1/hooks/bots/{id}/tokens/{token_id}",
    summary: "Revoke a bot's token, everywhere within a second",
    tag,
    access: account,
    params: ofToken,
    answers: { 204: null },
    problems: ["bot.not_found", "token.not_found"],
  }),
  putBotIn: defineRoute({
    method: "PUT",
    path: "/v1/hooks/bots/{id}/channels/{channel_id}",
    summary: "Put a bot into a channel of its space: you must be in it and look after it",
    tag,
    access: account,
    params: inChannel,
    answers: { 204: null },
    problems: [
      "bot.not_found",
      "channel.not_found",
      "hooks.other_space",
      "hooks.not_yours",
      "chat.not_yours",
      "chat.blocked",
      "chat.direct_closed",
      "spaces.full",
      "spaces.banned",
      "bot.owner_away",
    ],
  }),
  putBotOut: defineRoute({
    method: "DELETE",
    path: "/v1/hooks/bots/{id}/channels/{channel_id}",
    summary: "Take a bot out of a channel; from that moment on it reads nothing there",
    tag,
    access: account,
    params: inChannel,
    answers: { 204: null },
    problems: ["bot.not_found", "channel.not_found", "member.not_found", "chat.not_yours"],
  }),
} as const;
