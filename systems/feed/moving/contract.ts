import { z } from "zod";

import { defineRoute } from "#kernel/contract.ts";
import { zId, zIdOut, zPage, zPageQuery, zTime } from "#kernel/wire.ts";

import { ARCHIVE_BYTES_MAX, CSV_CHARS_MAX, FILENAME_CHARS_MAX } from "./bounds.ts";

export const zExport = z
  .object({
    id: zIdOut<"export">(),
    state: z.enum(["working", "ready", "failed", "gone"]),
    /** 0 … 1 while it is made. */
    progress: z.number(),
    posts: z.int(),
    files: z.int(),
    /** What did not fit; the archive names each. */
    left_out: z.int(),
    size_bytes: z.number().nullable(),
    reason: z.string().nullable(),
    created_at: zTime,
    expires_at: zTime.nullable(),
    /** Yours alone, until `expires_at`. */
    url: z.string().nullable(),
  })
  .meta({ id: "Export" });
export type Export = z.output<typeof zExport>;

/** What comes as CSV. */
export const LIST_KINDS = ["follows", "mutes", "blocks", "lists", "bookmarks"] as const;
export type ListKind = (typeof LIST_KINDS)[number];

export const zImport = z
  .object({
    id: zIdOut<"import">(),
    kind: z.enum([...LIST_KINDS, "posts"]),
    /** `waiting` for the bytes of an archive. */
    state: z.enum(["waiting", "working", "done", "failed", "undoing", "undone"]),
    filename: z.string(),
    /** Lines that there are, and how many are worked through. */
    lines: z.int(),
    lines_done: z.int(),
    /** How they ended: changed something here, was so already, was not taken. */
    taken: z.int(),
    there: z.int(),
    left: z.int(),
    reason: z.string().nullable(),
    created_at: zTime,
    ended_at: zTime.nullable(),
    undone_at: zTime.nullable(),
  })
  .meta({ id: "Import" });
export type Import = z.output<typeof zImport>;

export const zImportLine = z
  .object({
    n: z.int(),
    outcome: z.enum(["taken", "there", "left"]),
    /** Who or what: an address of somebody, or of a post where it was first written. */
    subject: z.string(),
    /** Why it was not taken, or what of it was not. */
    detail: z.string().nullable(),
    post_id: zIdOut<"post">().nullable(),
    undone: z.boolean(),
  })
  .meta({ id: "ImportLine" });
export type ImportLine = z.output<typeof zImportLine>;

const zParts = z.object({
  part_size_bytes: z.int(),
  parts: z.array(z.object({ part_number: z.int(), url: z.string(), size_bytes: z.int() })),
});

const tag = "feed";
/** What is one's own can be fetched by a suspended person too. */
const own = { who: "signed_in", scope: "read", suspended_too: true } as const;
const ask = { who: "signed_in", scope: "account", suspended_too: true } as const;
const bring = { who: "signed_in", scope: "account" } as const;
const byId = z.strictObject({ id: zId<"export">() });
const byImport = z.strictObject({ id: zId<"import">() });
const zFilename = z.string().max(FILENAME_CHARS_MAX).default("");

export const movingRoutes = {
  startExport: defineRoute({
    method: "POST",
    path: "/v1/me/exports",
    summary: "Have an archive made of all that you wrote and keep. One at a time",
    tag,
    access: ask,
    answers: { 202: zExport },
    problems: ["export.running"],
    cost_tokens: 20,
  }),
  listExports: defineRoute({
    method: "GET",
    path: "/v1/me/exports",
    summary: "Your archives, newest first; each can be fetched for a day",
    tag,
    access: own,
    answers: { 200: zPage(zExport) },
  }),
  deleteExport: defineRoute({
    method: "DELETE",
    path: "/v1/me/exports/{id}",
    summary: "Stop making an archive, or delete it",
    tag,
    access: ask,
    params: byId,
    answers: { 204: null },
    problems: ["export.not_found"],
  }),
  startImport: defineRoute({
    method: "POST",
    path: "/v1/me/imports",
    summary:
      "Bring along whom you follow, mute or block, lists of people and bookmarks (CSV as Mastodon writes it), or your posts (an archive of a house like this, of Mastodon or of Twitter, as zip; or an outbox.json)",
    tag,
    access: bring,
    body: z.discriminatedUnion("kind", [
      z.strictObject({ kind: z.enum(LIST_KINDS), filename: zFilename, csv: z.string().min(1).max(CSV_CHARS_MAX) }),
      z.strictObject({
        kind: z.literal("posts"),
        filename: zFilename,
        size_bytes: z.int().min(1).max(ARCHIVE_BYTES_MAX),
        /** The most that may see them here, whoever saw them there. */
        audience: z.enum(["public", "followers", "private"]).default("public"),
      }),
    ]),
    body_bytes_max: 3 * CSV_CHARS_MAX,
    answers: { 201: z.object({ import: zImport, upload: zParts.nullable() }) },
    problems: ["import.running", "import.empty", "import.too_many_lines"],
    cost_tokens: 10,
  }),
  beginImport: defineRoute({
    method: "POST",
    path: "/v1/me/imports/{id}/begin",
    summary: "All parts of the archive are put: begin to read it",
    tag,
    access: bring,
    params: byImport,
    body: z.strictObject({
      parts: z
        .array(z.strictObject({ part_number: z.int().min(1).max(10_000), etag: z.string().min(1).max(200) }))
        .min(1)
        .max(1_000),
    }),
    answers: { 202: zImport },
    problems: ["import.not_found", "import.not_waiting", "upload.part_mismatch", "upload.gone"],
    cost_tokens: 5,
  }),
  listImports: defineRoute({
    method: "GET",
    path: "/v1/me/imports",
    summary: "What you brought along, newest first",
    tag,
    access: own,
    answers: { 200: zPage(zImport) },
  }),
  getImport: defineRoute({
    method: "GET",
    path: "/v1/me/imports/{id}",
    summary: "How an import stands",
    tag,
    access: own,
    params: byImport,
    answers: { 200: zImport },
    problems: ["import.not_found"],
  }),
  listImportLines: defineRoute({
    method: "GET",
    path: "/v1/me/imports/{id}/lines",
    summary: "What became of each line, in their order",
    tag,
    access: own,
    params: byImport,
    query: zPageQuery.extend({ outcome: z.enum(["taken", "there", "left"]).optional() }),
    answers: { 200: zPage(zImportLine) },
    problems: ["import.not_found", "cursor.invalid"],
  }),
  undoImport: defineRoute({
    method: "POST",
    path: "/v1/me/imports/{id}/undo",
    summary: "Take back all that an import changed; one that still works stops first",
    tag,
    access: bring,
    params: byImport,
    answers: { 202: zImport },
    problems: ["import.not_found", "import.nothing_to_undo", "import.running"],
    cost_tokens: 5,
  }),
} as const;
