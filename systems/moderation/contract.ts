import { z } from "zod";

import { zPersonCard, zSpaceCard } from "#kernel/cards.ts";
import { defineRoute } from "#kernel/contract.ts";
import { zId, zIdOut, zPage, zPageQuery, zText, zTime } from "#kernel/wire.ts";

import * as b from "./bounds.ts";
import { shieldRoutes } from "./shields/contract.ts";

export * from "./bounds.ts";
export * from "./shields/contract.ts";

export const SUBJECT_KINDS = ["post", "comment", "person", "video"] as const;
export type SubjectKind = (typeof SUBJECT_KINDS)[number];
export const ACT_KINDS = ["hide", "sensitive", "warn", "limit", "suspend", "remove_from_space"] as const;
export type ActKind = (typeof ACT_KINDS)[number];

export const zRule = z
  .object({ id: zIdOut<"rule">(), title: z.string(), text: z.string(), retired: z.boolean() })
  .meta({ id: "HouseRule" });

export const zSubject = z
  .object({ kind: z.enum(SUBJECT_KINDS), id: zIdOut<"subject">() })
  .meta({ id: "ModerationSubject" });
const zSubjectIn = z.strictObject({ kind: z.enum(SUBJECT_KINDS), id: zId<"subject">() });

const zRuleName = z.object({ id: zIdOut<"rule">(), title: z.string() });

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

/** What stood there at a moment. */
export const zSnapshot = z
  .object({
    handle: z.string(),
    display_name: z.string(),
    title: z.string(),
    text: z.string(),
    links: z.array(z.string()),
    image_ids: z.array(z.string()),
    video_id: z.string().nullable(),
    audience: z.string().nullable(),
    /** Of a post: rises with each edit. */
    version: z.number(),
    created_at: zTime,
    edited_at: zTime.nullable(),
  })
  .meta({ id: "Snapshot" });
export type Snapshot = z.output<typeof zSnapshot>;

export const zAppeal = z
  .object({
    id: zIdOut<"appeal">(),
    words: z.string(),
    at: zTime,
    decision: z.enum(["upheld", "overturned"]).nullable(),
    decided_at: zTime.nullable(),
    answer: z.string(),
  })
  .meta({ id: "Appeal" });

export const zAct = z
  .object({
    id: zIdOut<"act">(),
    case_id: zIdOut<"case">().nullable(),
    kind: z.enum(ACT_KINDS),
    subject: zSubject,
    person: zPersonCard.nullable(),
    space: zSpaceCard.nullable(),
    /** Who acted; null for the house itself, and for the person concerned, who is not told. */
    by: zPersonCard.nullable(),
    at: zTime,
    rule: zRuleName.nullable(),
    words: z.string(),
    ends_at: zTime.nullable(),
    undone: z.object({ at: zTime, by: zPersonCard.nullable(), words: z.string() }).nullable(),
    acknowledged_at: zTime.nullable(),
    appeal: zAppeal.nullable(),
    /** Until when the person concerned may appeal; null when they have, or it is too late, or nothing stands. */
    appeal_until: zTime.nullable(),
    /** What it was done to, as it stood then. */
    snapshot: zSnapshot.nullable(),
  })
  .meta({ id: "Act" });
export type Act = z.output<typeof zAct>;

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
export type Report = z.output<typeof zReport>;
export type Rule = z.output<typeof zRule>;
export type Appeal = z.output<typeof zAppeal>;

export const zWaitingAppeal = z
  .object({ act: zAct, appeal: zAppeal, may_decide: z.boolean() })
  .meta({ id: "WaitingAppeal" });

export const zAuditRow = z
  .object({
    seq: z.string(),
    at: zTime,
    by: zPersonCard.nullable(),
    what: z.string(),
    person: zPersonCard.nullable(),
    subject: zSubject.nullable(),
    detail: z.record(z.string(), z.unknown()),
    /** Of this row and, through the one before, of all; 64 hexadecimal digits. */
    hash: z.string(),
  })
  .meta({ id: "AuditRow" });
export type AuditRow = z.output<typeof zAuditRow>;

const zCounts = z.record(z.string(), z.number());
export const zSummary = z
  .object({
    since: zTime,
    reports: z.number(),
    cases_open: z.number(),
    cases_closed: zCounts,
    acts: zCounts,
    undone: z.number(),
    appeals: zCounts,
    /** Half of the cases closed in this time were closed within so many hours; null where none was. */
    closed_within_h: z.number().nullable(),
  })
  .meta({ id: "ModerationSummary" });

const tag = "moderation";
const anyone = { who: "anyone", scope: "read" } as const;
const read = { who: "signed_in", scope: "read" } as const;
const write = { who: "signed_in", scope: "write" } as const;
/** What concerns a person is theirs to read and to answer, also while they are suspended. */
const mine = { who: "signed_in", scope: "account", suspended_too: true } as const;
const admin = { who: "admin", scope: "people:admin" } as const;
const byId = z.strictObject({ id: zId<"case">() });
const byAct = z.strictObject({ id: zId<"act">() });
const CASE = ["case.not_found", "moderation.not_yours"] as const;

export const listRules = defineRoute({
  method: "GET",
  path: "/v1/house/rules",
  tag,
  summary: "The rules of this house",
  access: anyone,
  answers: { 200: z.object({ items: z.array(zRule) }) },
});
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
export const myActs = defineRoute({
  method: "GET",
  path: "/v1/moderation/acts/mine",
  tag,
  summary: "What moderators did to you and yours, the latest first",
  access: mine,
  query: zPageQuery.extend({
    /** Only warnings that you have not acknowledged. */
    unread: z.enum(["true"]).optional(),
    subject_kind: z.enum(SUBJECT_KINDS).optional(),
    subject_id: zId<"subject">().optional(),
  }),
  answers: { 200: zPage(zAct) },
  problems: ["cursor.invalid"],
});
export const acknowledge = defineRoute({
  method: "PUT",
  path: "/v1/moderation/acts/{id}/acknowledgement",
  tag,
  summary: "Say that you have read a warning",
  access: mine,
  params: byAct,
  answers: { 204: null },
  problems: ["act.not_found"],
});
export const appeal = defineRoute({
  method: "POST",
  path: "/v1/moderation/acts/{id}/appeal",
  tag,
  summary: "Ask for somebody else to look at it again: once, within 30 days",
  access: mine,
  params: byAct,
  body: z.strictObject({ words: zText(b.APPEAL_WORDS_CHARS_MAX, 1) }),
  answers: { 201: zAct },
  problems: ["act.not_found", "moderation.appealed", "moderation.too_late", "moderation.undone"],
  cost_tokens: 5,
});

export const listCases = defineRoute({
  method: "GET",
  path: "/v1/moderation/cases",
  tag,
  summary: "The queue: of the house, or of a space that you moderate; open ones longest waiting first",
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
export const undo = defineRoute({
  method: "POST",
  path: "/v1/moderation/acts/{id}/reversal",
  tag,
  summary: "Take back what moderators did",
  access: write,
  params: byAct,
  body: z.strictObject({ words: zText(b.ACT_WORDS_CHARS_MAX).default("") }),
  answers: { 200: zAct },
  problems: ["act.not_found", "moderation.not_yours", "moderation.undone"],
});
export const listAppeals = defineRoute({
  method: "GET",
  path: "/v1/moderation/appeals",
  tag,
  summary: "Appeals that wait, the longest first",
  access: read,
  query: zPageQuery.extend({ space_id: zId<"space">().optional() }),
  answers: { 200: zPage(zWaitingAppeal) },
  problems: ["moderation.not_yours", "cursor.invalid"],
});
export const decideAppeal = defineRoute({
  method: "PUT",
  path: "/v1/moderation/acts/{id}/appeal/decision",
  tag,
  summary: "Decide an appeal: let it stand, or take it back",
  access: write,
  params: byAct,
  body: z.strictObject({ decision: z.enum(["upheld", "overturned"]), answer: zText(b.ANSWER_CHARS_MAX).default("") }),
  answers: { 200: zAct },
  problems: ["act.not_found", "moderation.not_yours", "moderation.another_must", "moderation.decided"],
});
export const waiting = defineRoute({
  method: "GET",
  path: "/v1/moderation/waiting",
  tag,
  summary: "How much waits for you: cases and appeals of the house if you are its officer, and your unread warnings",
  access: mine,
  answers: { 200: z.object({ cases: z.number(), appeals: z.number(), warnings: z.number() }) },
});
export const summary = defineRoute({
  method: "GET",
  path: "/v1/house/moderation",
  tag,
  summary: "What moderators did in the last 30 days, in numbers",
  access: anyone,
  answers: { 200: zSummary },
});

export const listAudit = defineRoute({
  method: "GET",
  path: "/v1/admin/audit",
  tag,
  summary: "What was done in the house's name, the latest first",
  access: admin,
  query: zPageQuery.extend({
    by: z.string().min(1).max(64).optional(),
    person: z.string().min(1).max(64).optional(),
    what: z
      .string()
      .regex(/^[a-z_.]{1,60}$/)
      .optional(),
    since: z.iso.datetime().optional(),
    until: z.iso.datetime().optional(),
  }),
  answers: { 200: zPage(zAuditRow) },
  problems: ["cursor.invalid"],
});
export const exportAudit = defineRoute({
  method: "GET",
  path: "/v1/admin/audit/export",
  tag,
  summary: "The log's own lines with their hashes, oldest first, as JSON lines: 5,000 after `after`",
  access: admin,
  query: z.strictObject({
    after: z
      .string()
      .regex(/^\d{1,18}$/)
      .default("0"),
  }),
  answers: { 200: z.string() },
  cost_tokens: 20,
});
export const checkAudit = defineRoute({
  method: "GET",
  path: "/v1/admin/audit/check",
  tag,
  summary: "Reads the whole chain of hashes: is any row changed, missing or put in between?",
  access: admin,
  answers: { 200: z.object({ ok: z.boolean(), rows: z.number(), broken_at: z.string().nullable(), head: z.string() }) },
  cost_tokens: 20,
});
const ruleBody = z.strictObject({
  title: zText(b.RULE_TITLE_CHARS_MAX, 1),
  text: zText(b.RULE_TEXT_CHARS_MAX),
  place: z.number().int().min(0).max(1_000).default(500),
});
export const createRule = defineRoute({
  method: "POST",
  path: "/v1/admin/house-rules",
  tag,
  summary: "Add a rule",
  access: admin,
  body: ruleBody,
  answers: { 201: zRule },
  problems: ["moderation.too_many_rules"],
});
export const editRule = defineRoute({
  method: "PUT",
  path: "/v1/admin/house-rules/{id}",
  tag,
  summary: "Write a rule anew, or bring it back",
  access: admin,
  params: z.strictObject({ id: zId<"rule">() }),
  body: ruleBody,
  answers: { 200: zRule },
  problems: ["rule.not_found", "moderation.too_many_rules"],
});
export const retireRule = defineRoute({
  method: "DELETE",
  path: "/v1/admin/house-rules/{id}",
  tag,
  summary: "Retire a rule: nothing new is reported under it",
  access: admin,
  params: z.strictObject({ id: zId<"rule">() }),
  answers: { 204: null },
  problems: ["rule.not_found", "moderation.last_rule"],
});

export const moderationRoutes = {
  listRules,
  report,
  myReports,
  myActs,
  acknowledge,
  appeal,
  listCases,
  openCase,
  getCase,
  claimCase,
  releaseCase,
  noteCase,
  act,
  closeCase,
  undo,
  listAppeals,
  decideAppeal,
  waiting,
  summary,
  listAudit,
  exportAudit,
  checkAudit,
  createRule,
  editRule,
  retireRule,
  ...shieldRoutes,
} as const;
