import { z } from "zod";

import { defineRoute } from "#kernel/contract.ts";
import { zId, zPage, zPageQuery } from "#kernel/wire.ts";

import { zPost } from "../posts/contract.ts";

export const listQuotes = defineRoute({
  method: "GET",
  path: "/v1/posts/{id}/quotes",
  summary: "Posts that quote this one, newest first",
  tag: "feed",
  access: { who: "anyone", scope: "read" },
  params: z.strictObject({ id: zId<"post">() }),
  query: zPageQuery,
  answers: { 200: zPage(zPost) },
  problems: ["post.not_found", "cursor.invalid"],
});

export const detachQuote = defineRoute({
  method: "DELETE",
  path: "/v1/posts/{id}/quotes/{quote_id}",
  summary: "Take your post out of one that quotes it",
  tag: "feed",
  access: { who: "signed_in", scope: "write" },
  params: z.strictObject({ id: zId<"post">(), quote_id: zId<"post">() }),
  answers: { 204: null },
  problems: ["post.not_found", "post.not_yours"],
});

export const quotesRoutes = { listQuotes, detachQuote } as const;
