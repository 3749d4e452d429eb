import { z } from "zod";

import { type Id, isId } from "./ids.ts";
import { streamSafe } from "./letters.ts";
import { PAGE_ITEMS_DEFAULT, PAGE_ITEMS_MAX } from "./paging.ts";

/** Schemas that every contract shares: what an id, a time, a list and a problem look like on the wire. */

/** A decimal string that fits a positive `bigint`. */
export const zId = <Of extends string>() =>
  z
    .string()
    .max(19)
    .refine(isId, "is not an id")
    .meta({ type: "string", pattern: "^[1-9][0-9]{0,18}$", example: "249819897717063680" })
    .transform((text) => text as Id<Of>);

/** The same in answers, where nothing needs to be checked again. */
export const zIdOut = <Of extends string>() =>
  // A string and not `z.custom`, which the reference would show as a field that may be missing.
  (z.string() as unknown as z.ZodType<Id<Of>>).meta({ type: "string", pattern: "^[1-9][0-9]{0,18}$" });

/** RFC 3339, UTC, milliseconds. */
export const zTime = z.string().meta({ type: "string", format: "date-time" });

export const CURSOR_CHARS_MAX = 512;

export const zPageQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(PAGE_ITEMS_MAX).default(PAGE_ITEMS_DEFAULT),
  cursor: z.string().max(CURSOR_CHARS_MAX).optional(),
});

export const zPage = <T extends z.ZodType>(item: T) =>
  z.object({ items: z.array(item), next_cursor: z.string().nullable() });

/** RFC 9457 with a stable `code`. */
export const zProblem = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.number(),
    code: z.string(),
    detail: z.string(),
    request_id: z.string(),
    retry_after_s: z.number().optional(),
    errors: z.array(z.object({ pointer: z.string(), detail: z.string() })).optional(),
  })
  .meta({ id: "Problem" });

export const AUDIENCES = ["public", "followers", "space", "private"] as const;
export type Audience = (typeof AUDIENCES)[number];
export const zAudience = z.enum(AUDIENCES);

/** Anything but space, marks that only steer others, and the letters that are drawn as nothing: Hangul's fillers, Braille's blank. */
const SEEN = /[^\s\p{Cc}\p{Cf}\p{Z}\u115f\u1160\u2800\u3164\uffa0]/u;

/** Text that people write: no control characters but newline and tab, no lone surrogates, trimmed, NFC. Where it must be there, it can be seen. */
export const zText = (chars_max: number, chars_min = 0) =>
  z
    .string()
    .max(chars_max * 2 + 64)
    .refine(
      (text) => text.isWellFormed() && !/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/.test(text),
      "has characters that cannot be shown",
    )
    // What the reference shows is the bound after trimming, not the room for it above.
    .meta({ type: "string", maxLength: chars_max, ...(chars_min > 0 ? { minLength: chars_min } : {}) })
    .transform((text) => streamSafe(text.replaceAll("\r\n", "\n")).normalize("NFC").trim())
    .pipe(
      z
        .string()
        .min(chars_min)
        .max(chars_max)
        .refine((text) => chars_min === 0 || SEEN.test(text), "has nothing that can be seen"),
    );
