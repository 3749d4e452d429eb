import { z } from "zod";

import { zPersonCard, zSpaceCard } from "#kernel/cards.ts";
import { defineRoute } from "#kernel/contract.ts";
import { zId, zIdOut, zPage, zPageQuery, zText, zTime } from "#kernel/wire.ts";

import { zAct } from "../acts/contract.ts";
import {
  ACT_KINDS,
  byId,
  CASE,
  mine,
  read,
  SUBJECT_KINDS,
  tag,
  write,
  zRuleName,
  zSnapshot,
  zSubject,
  zSubjectIn,
} from "../base-contract.ts";
import * as b from "../bounds.ts";

export const zCase = z
  .object({
    id: zIdOut<"case">(),
    subject: zSubject,
    person: zPersonCard.nullable(),
    space: zSpaceCard.nullable(),
    state: z.enum(["open", "closed"]),
    outcome: z.enum(["acted", "no_breach"]).nullable(),
    reports: z.number(),
    /** Of the reports, the most named first. */
    rules: z.array(zRuleName),
    opened_at: zTime,
    closed_at: zTime.nullable(),
    /** Who has it in hand; after half an hour without a step it is free again. */
    claimed_by: zPersonCard.nullable(),
    claimed_until: zTime.nullable(),
    /** The newest of what was kept. */
    snapshot: zSnapshot.nullable(),
  })
  .meta({ id: "ModerationCase" });
export type ModerationCase = z.output<typeof zCase>;

export const zCaseWhole = zCase
  .extend({
    answer: z.string(),
    reported: z.array(
      z.object({
        id: zIdOut<"report">(),
        reporter: zPersonCard.nullable(),
        rule: zRuleName,
        words: z.string(),
        at: zTime,
      }),
    ),
    snapshots: z.array(z.object({ id: zIdOut<"snapshot">(), at: zTime, content: zSnapshot })),
    notes: z.array(z.object({ id: zIdOut<"note">(), by: zPersonCard.nullable(), at: zTime, words: z.string() })),
    /** Everything that was done to this person, the latest first. */
    acts: z.array(zAct),
    /** How the thing stands at this moment. */
    now: z.object({
      gone: z.boolean(),
      hidden: z.boolean(),
      changed: z.boolean(),
      limited: z.boolean(),
      suspended: z.boolean(),
    }),
    /** What you may do. */
    may: z.array(z.enum(ACT_KINDS)),
  })
  .meta({ id: "ModerationCaseWhole" });
export type CaseWhole = z.output<typeof zCaseWhole>;

export const listCases = defineRoute({
  method: "GET",
  path: "/v1/moderation/cases",
  tag,
  summary: "The queue: of the house, of a space, or of all spaces that you moderate; open ones longest waiting first",
  access: read,
  query: zPageQuery.extend({
    space_id: zId<"space">().optional(),
    state: z.enum(["open", "closed"]).default("open"),
    claimed: z.enum(["me", "nobody"]).optional(),
    kind: z.enum(SUBJECT_KINDS).optional(),
  }),
  answers: { 200: zPage(zCase) },
  problems: ["moderation.not_yours", "cursor.invalid"],
});
export const openCase = defineRoute({
  method: "POST",
  path: "/v1/moderation/cases",
  tag,
  summary: "Look into something that nobody reported; gives the open case where there is one",
  access: write,
  body: z.strictObject({ subject: zSubjectIn }),
  answers: { 200: zCaseWhole },
  problems: ["post.not_found", "comment.not_found", "person.not_found", "video.not_found", "moderation.not_yours"],
  cost_tokens: 2,
});
export const getCase = defineRoute({
  method: "GET",
  path: "/v1/moderation/cases/{id}",
  tag,
  summary: "A case with its reports, what was kept, notes, and what was done before",
  access: read,
  params: byId,
  answers: { 200: zCaseWhole },
  problems: CASE,
  cost_tokens: 2,
});
export const claimCase = defineRoute({
  method: "PUT",
  path: "/v1/moderation/cases/{id}/claim",
  tag,
  summary: "Take a case in hand, so that no two work on it",
  access: write,
  params: byId,
  answers: { 200: zCaseWhole },
  problems: [...CASE, "moderation.claimed", "moderation.closed"],
});
export const releaseCase = defineRoute({
  method: "DELETE",
  path: "/v1/moderation/cases/{id}/claim",
  tag,
  summary: "Give a case back to the queue",
  access: write,
  params: byId,
  answers: { 200: zCaseWhole },
  problems: CASE,
});
export const noteCase = defineRoute({
  method: "POST",
  path: "/v1/moderation/cases/{id}/notes",
  tag,
  summary: "Leave a word for the other moderators",
  access: write,
  params: byId,
  body: z.strictObject({ words: zText(b.NOTE_CHARS_MAX, 1) }),
  answers: { 200: zCaseWhole },
  problems: [...CASE, "moderation.too_many_notes"],
});
export const act = defineRoute({
  method: "POST",
  path: "/v1/moderation/cases/{id}/acts",
  tag,
  summary: "Do something about it. The case is then closed unless you say otherwise",
  access: write,
  params: byId,
  body: z.strictObject({
    kind: z.enum(ACT_KINDS),
    rule_id: zId<"rule">(),
    /** For the person whom it concerns. */
    words: zText(b.ACT_WORDS_CHARS_MAX).default(""),
    /** Of a suspension; without it there is no end. */
    ends_in_h: z.number().int().min(1).max(b.ENDS_IN_H_MAX).optional(),
    /** For `sensitive`: words that stand before the post. */
    content_warning: zText(b.WARNING_CHARS_MAX).optional(),
    close: z.boolean().default(true),
    /** For those who reported it. */
    answer: zText(b.ANSWER_CHARS_MAX).default(""),
  }),
  answers: { 200: zCaseWhole },
  problems: [
    ...CASE,
    "rule.not_found",
    "moderation.claimed",
    "moderation.closed",
    "moderation.already",
    "moderation.cannot",
    "moderation.office",
  ],
  cost_tokens: 2,
});
export const closeCase = defineRoute({
  method: "POST",
  path: "/v1/moderation/cases/{id}/close",
  tag,
  summary: "Close a case: nothing to be done, or what was done is enough. Reporters are told",
  access: write,
  params: byId,
  body: z.strictObject({ answer: zText(b.ANSWER_CHARS_MAX).default("") }),
  answers: { 200: zCaseWhole },
  problems: [...CASE, "moderation.claimed", "moderation.closed", "moderation.office"],
});
export const waiting = defineRoute({
  method: "GET",
  path: "/v1/moderation/waiting",
  tag,
  summary:
    "How much waits for you: cases and appeals of the house or of your spaces if you are an officer, and your unread warnings",
  access: mine,
  answers: { 200: z.object({ cases: z.number(), appeals: z.number(), warnings: z.number() }) },
});

export const casesRoutes = {
  listCases,
  openCase,
  getCase,
  claimCase,
  releaseCase,
  noteCase,
  act,
  closeCase,
  waiting,
} as const;
