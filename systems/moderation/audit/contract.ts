import { z } from "zod";

import { zPersonCard } from "#kernel/cards.ts";
import { defineRoute } from "#kernel/contract.ts";
import { zPage, zPageQuery, zTime } from "#kernel/wire.ts";

import { admin, anyone, tag, zSubject } from "../base-contract.ts";

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

export const auditRoutes = { summary, listAudit, exportAudit, checkAudit } as const;
