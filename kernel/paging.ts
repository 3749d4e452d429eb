import { Problem } from "./errors.ts";
import { BIGINT_MAX } from "./ids.ts";

/** The one shape of a list answer. `next_cursor` is null at the true end and only there. */
export interface Page<T> {
  items: T[];
  next_cursor: string | null;
}

export const PAGE_ITEMS_DEFAULT = 20;
export const PAGE_ITEMS_MAX = 100;

/** Cursors are opaque to callers: base64url of a JSON array of strings and numbers. */
export function encodeCursor(parts: (string | number)[]): string {
  return btoa(JSON.stringify(parts)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/** `id` is what a `bigint` holds; `micros` are microseconds since 1970 as text, up to the year 9999: SQL overflows later on. */
export type CursorPart = "string" | "number" | "id" | "micros";

const PART_MAX = { id: BIGINT_MAX, micros: 253_402_300_799_999_999n };

/** @throws Problem 400 `cursor.invalid` for anything that `encodeCursor` did not make in this shape */
export function decodeCursor(cursor: string, shape: readonly CursorPart[]): (string | number)[] {
  const bad = new Problem(
    400,
    "cursor.invalid",
    "This cursor is not one that we gave. Start the list from its beginning.",
  );
  let parts: unknown;
  try {
    parts = JSON.parse(atob(cursor.replaceAll("-", "+").replaceAll("_", "/")));
  } catch {
    throw bad;
  }
  if (!Array.isArray(parts) || parts.length !== shape.length) throw bad;
  for (const [i, kind] of shape.entries()) {
    const part: unknown = parts[i];
    if (kind === "number" ? typeof part !== "number" : typeof part !== "string") throw bad;
    if (kind !== "id" && kind !== "micros") continue;
    if (!/^[0-9]{1,19}$/.test(part as string) || BigInt(part as string) > PART_MAX[kind]) throw bad;
  }
  return parts as (string | number)[];
}
