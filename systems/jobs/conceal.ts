import { isId } from "#kernel/ids.ts";
import type { Json, JsonObject } from "#kernel/json.ts";

import { FIELD_NAME_CHARS_MAX, PAYLOAD_FIELDS_MAX, REASON_SHOWN_CHARS_MAX } from "./bounds.ts";

/**
 * What is told of a job without telling what must stay secret. Nothing is looked for that might be a secret: what is shown is
 * what cannot be one (an id, a number, yes or no, a time), and of everything else its size.
 */

export interface PayloadField {
  name: string;
  /** As it is, or in words what it is: "text of 43 characters". */
  value: string;
  is_hidden: boolean;
}

const NAME = new RegExp(`^[a-z][a-z0-9_]{0,${FIELD_NAME_CHARS_MAX - 1}}$`);
/** A code of six digits looks like an id. So a field that calls itself one of these is hidden, whatever is in it. */
const SECRET_NAME = /token|secret|passw|signature|credential|cookie|auth|(?:^|_)(?:code|otp|pin|key|hash)(?:_|$)/;
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?Z$/;

export function payloadFields(payload: JsonObject): PayloadField[] {
  return Object.entries(payload)
    .slice(0, PAYLOAD_FIELDS_MAX)
    .map(([name, value]) => {
      // The names are our own code's; one that is not was made of something else.
      if (!NAME.test(name)) return { name: "…", value: sizeOf(value ?? null), is_hidden: true };
      const shown = SECRET_NAME.test(name) ? null : plainOf(value ?? null);
      return { name, value: shown ?? sizeOf(value ?? null), is_hidden: shown === null };
    });
}

function plainOf(value: Json): string | null {
  if (value === null) return "nothing";
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (typeof value === "number") return String(value);
  return typeof value === "string" && (isId(value) || TIME.test(value)) ? value : null;
}

function sizeOf(value: Json): string {
  if (typeof value === "string")
    return value.length === 1 ? "text of 1 character" : `text of ${value.length} characters`;
  if (Array.isArray(value)) return value.length === 1 ? "a list of 1" : `a list of ${value.length}`;
  if (value !== null && typeof value === "object") return "several fields";
  return value === null ? "nothing" : "a value";
}

const ADDRESS = /\b[a-z][a-z0-9+.-]{1,20}:\/\/[^\s"'<>]+/gi;
const MAIL = /[^\s@<>"'(),;:]{1,64}@[^\s@<>"'(),;:]{1,255}/g;
const NAMED =
  /\b((?:access_|refresh_|set-|proxy-)?(?:token|secret|password|passwd|api[-_]?key|authorization|signature|cookie))(["']?\s{0,3}[:=]\s{0,3}["']?)[^\s"',;]+/gi;
const CARRIED = /\b(bearer|basic)\s+[^\s"',;]+/gi;
/** What programs make and people do not write. Ids have 19 digits at most, and are no secret. */
const OPAQUE = /[A-Za-z0-9_+=-]{20,}/g;
const WORD_CHARS_MAX = 40;

/** A reason as it may be shown. Reasons are messages of errors, and such a message may carry an address with a key in it. */
export function shownReason(reason: string): string {
  const clean = reason
    .replace(ADDRESS, hostOf)
    .replace(CARRIED, "$1 …")
    .replace(NAMED, "$1$2…")
    .replace(MAIL, "…@…")
    .replace(OPAQUE, (word) =>
      (/\d/.test(word) && /[A-Za-z]/.test(word)) || word.length > WORD_CHARS_MAX ? "…" : word,
    )
    .replace(/\s+/g, " ")
    .trim();
  return clean.length > REASON_SHOWN_CHARS_MAX ? `${clean.slice(0, REASON_SHOWN_CHARS_MAX - 1)}…` : clean;
}

function hostOf(address: string): string {
  try {
    const { protocol, host } = new URL(address);
    return host === "" ? `${protocol}//…` : `${protocol}//${host}/…`;
  } catch {
    return "…";
  }
}

/** One for reasons that differ only in their numbers: "film 12 is gone" and "film 13 is gone". */
export const patternOf = (shown: string): string => shown.replace(/\d+/g, "#");
