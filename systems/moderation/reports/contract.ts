import { z } from "zod";

import { defineRoute } from "#kernel/contract.ts";
import { zId, zIdOut, zPage, zPageQuery, zText, zTime } from "#kernel/wire.ts";

import { read, tag, write, zRuleName, zSubject, zSubjectIn } from "../base-contract.ts";
import * as b from "../bounds.ts";

/** What somebody reported, for themselves. Who looked at it, and what exactly was done, is not told. */
export const zReport = z
  .object({
    id: zIdOut<"report">(),
    subject: zSubject,
    rule: zRuleName,
    words: z.string(),
    at: zTime,
    state: z.enum(["open", "closed"]),
    outcome: z.enum(["acted", "no_breach"]).nullable(),
    answer: z.string(),
    closed_at: zTime.nullable(),
  })
  .meta({ id: "Report" });
export type Report = z.output<typeof zReport>;

export const report = defineRoute({
  method: "POST",
  path: "/v1/moderation/reports",
  tag,
  summary: "Report a post, a comment, a person or a video. Again adds nothing while it waits",
  access: write,
  body: z.strictObject({
    subject: zSubjectIn,
    rule_id: zId<"rule">(),
    words: zText(b.REPORT_WORDS_CHARS_MAX).default(""),
  }),
  answers: { 201: zReport },
  problems: [
    "post.not_found",
    "comment.not_found",
    "person.not_found",
    "video.not_found",
    "rule.not_found",
    "moderation.own",
    "moderation.too_many_reports",
  ],
  cost_tokens: 5,
});
export const myReports = defineRoute({
  method: "GET",
  path: "/v1/moderation/reports",
  tag,
  summary: "What you reported and what came of it, the latest first",
  access: read,
  query: zPageQuery,
  answers: { 200: zPage(zReport) },
  problems: ["cursor.invalid"],
});

export const reportsRoutes = { report, myReports } as const;
