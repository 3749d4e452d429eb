import { z } from "zod";

import { defineRoute } from "#kernel/contract.ts";
import { zPage, zPageQuery } from "#kernel/wire.ts";

import { SEARCH_CHARS_MAX } from "../bounds.ts";
import { zMessage } from "../messages/contract.ts";

export const searchRoutes = {
  searchMessages: defineRoute({
    method: "GET",
    path: "/v1/chat/search",
    summary:
      "Messages that you may read, the newest first. Words, and `from:ann`, `in:garden` or `in:@ann`, `before:2026-05-01`, `after:…`, `has:image|video|voice|link|pin`",
    tag: "chat",
    access: { who: "signed_in", scope: "read" },
    query: zPageQuery.extend({ q: z.string().min(1).max(SEARCH_CHARS_MAX) }),
    answers: { 200: zPage(zMessage) },
    cost_tokens: 3,
    problems: ["cursor.invalid", "chat.search_unclear"],
  }),
} as const;
