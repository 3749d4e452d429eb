import { z } from "zod";

import { defineRoute } from "#kernel/contract.ts";
import { zId } from "#kernel/wire.ts";

import { zPost } from "../posts/contract.ts";

const route = <const M extends "PUT" | "DELETE">(method: M, summary: string) =>
  defineRoute({
    method,
    path: "/v1/posts/{id}/link",
    summary,
    tag: "feed",
    access: { who: "signed_in", scope: "write" },
    params: z.strictObject({ id: zId<"post">() }),
    answers: { 200: zPost },
    problems: ["post.not_found", "post.not_yours"],
  });

export const hidePostLink = route("DELETE", "Take the card of the link away from your post");
export const showPostLink = route("PUT", "Show the card of the link again");

export const linksRoutes = { hidePostLink, showPostLink } as const;
