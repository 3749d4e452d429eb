import { z } from "zod";

import { defineRoute } from "#kernel/contract.ts";
import { zId } from "#kernel/wire.ts";

import { zMessage } from "../messages/contract.ts";

const route = <const M extends "PUT" | "DELETE">(method: M, summary: string) =>
  defineRoute({
    method,
    path: "/v1/chat/messages/{id}/link",
    summary,
    tag: "chat",
    access: { who: "signed_in", scope: "write" },
    params: z.strictObject({ id: zId<"message">() }),
    answers: { 200: zMessage },
    problems: ["message.not_found", "chat.not_yours"],
  });

export const linkRoutes = {
  hideMessageLink: route("DELETE", "Take the card of the link away from your message"),
  showMessageLink: route("PUT", "Show the card of the link again"),
} as const;
