import { createHash } from "node:crypto";

/** Longer ones are hashed: a key is kept with every entry, and one that somebody from outside could make long would be a way to fill memory. */
export const KEY_CHARS_MAX = 200;

type Part = string | number | bigint | boolean | null | undefined;

/**
 * One key for one thing, however it was asked: parts by name in their order, values escaped so that no two ways of cutting a text meet,
 * what was not given left out. `version` is of the meaning: raise it when the same key would mean another thing, and nodes of both versions keep
 * to their own.
 * @example keyOf("feed.trending", 2, { space: "17", limit: 20 }) // "feed.trending@2:limit=20&space=17"
 */
export function keyOf(name: string, version: number, parts: Readonly<Record<string, Part>>): string {
  const head = `${name}@${version}:`;
  const rest = Object.keys(parts)
    .filter((part) => parts[part] !== undefined)
    .toSorted()
    .map((part) => `${escaped(part)}${valueOf(parts[part])}`)
    .join("&");
  if (head.length + rest.length <= KEY_CHARS_MAX) return head + rest;
  return `${head}#${createHash("sha256").update(rest).digest("base64url")}`;
}

/** What is null is neither the text "null" nor an empty one. */
const valueOf = (part: Part) => (part === null ? "=~" : `=${escaped(String(part))}`);

/** Only what would be read as something else; letters of all languages stay as they are. */
const escaped = (text: string) => text.replaceAll(/[%&=#~]/g, (c) => `%${c.charCodeAt(0).toString(16)}`);
