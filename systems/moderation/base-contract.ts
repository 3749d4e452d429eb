import { z } from "zod";

import { zId, zIdOut, zTime } from "#kernel/wire.ts";

/** What the contracts of this system's capabilities have in common. */

export const SUBJECT_KINDS = ["post", "comment", "person", "video"] as const;
export type SubjectKind = (typeof SUBJECT_KINDS)[number];
export const ACT_KINDS = ["hide", "sensitive", "warn", "limit", "suspend", "remove_from_space"] as const;
export type ActKind = (typeof ACT_KINDS)[number];

export const zSubject = z
  .object({ kind: z.enum(SUBJECT_KINDS), id: zIdOut<"subject">() })
  .meta({ id: "ModerationSubject" });
export const zSubjectIn = z.strictObject({ kind: z.enum(SUBJECT_KINDS), id: zId<"subject">() });

export const zRuleName = z.object({ id: zIdOut<"rule">(), title: z.string() });

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

export const tag = "moderation";
export const anyone = { who: "anyone", scope: "read" } as const;
export const read = { who: "signed_in", scope: "read" } as const;
export const write = { who: "signed_in", scope: "write" } as const;
/** What concerns a person is theirs to read and to answer, also while they are suspended. */
export const mine = { who: "signed_in", scope: "account", suspended_too: true } as const;
export const admin = { who: "admin", scope: "people:admin" } as const;
export const byId = z.strictObject({ id: zId<"case">() });
export const byAct = z.strictObject({ id: zId<"act">() });
export const CASE = ["case.not_found", "moderation.not_yours"] as const;
