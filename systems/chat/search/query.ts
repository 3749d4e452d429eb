import { SEARCH_WORDS_MAX } from "../bounds.ts";

export const HAS = ["image", "video", "voice", "link", "pin"] as const;
export type Has = (typeof HAS)[number];

/** What somebody looks for. */
export interface Wanted {
  /** As `to_tsquery` takes it; null where no words were given. */
  words: string | null;
  from: string | null;
  /** A channel's name, or `@handle` of a direct one. */
  in: string | null;
  /** ms since 1970 */
  before_ms: number | null;
  after_ms: number | null;
  has: Has[];
}

/** Ids name no later moment. */
const MOMENT_MAX = Date.UTC(2094, 0);
const DAY = /^\d{4}-\d{2}-\d{2}$/;

/**
 * `from:ann in:garden before:2026-05-01 has:image "old oak" tree`. Pure; every character is looked at once. What stands in quotes is
 * looked for side by side; the last word also as a beginning.
 * @returns null where a filter is not understood
 */
export function parseSearch(text: string): Wanted | null {
  const wanted: Wanted = { words: null, from: null, in: null, before_ms: null, after_ms: null, has: [] };
  const terms: string[] = [];
  const parts = [...text.matchAll(/"([^"]*)"|(\S+)/g)];
  for (const [i, [, quoted, bare]] of parts.entries()) {
    if (terms.length >= SEARCH_WORDS_MAX) break;
    if (quoted !== undefined) {
      const words = wordsOf(quoted);
      if (words.length > 0) terms.push(words.map(lexeme).join(" <-> "));
      continue;
    }
    const part = bare ?? "";
    const [, name = "", value = ""] = /^(from|in|before|after|has):(.*)$/i.exec(part) ?? [];
    if (name === "") {
      const words = wordsOf(part);
      const last = i === parts.length - 1;
      for (const [j, word] of words.entries())
        terms.push(last && j === words.length - 1 ? `${lexeme(word)}:*` : lexeme(word));
      continue;
    }
    if (value === "") return null;
    switch (name.toLowerCase()) {
      case "from":
        wanted.from = value.toLowerCase().replace(/^@/, "");
        break;
      case "in":
        wanted.in = value.replace(/^#/, "");
        break;
      case "has": {
        const has = HAS.find((known) => known === value.toLowerCase());
        if (!has) return null;
        wanted.has.push(has);
        break;
      }
      default: {
        if (!DAY.test(value) || Number.isNaN(Date.parse(value)) || Date.parse(value) > MOMENT_MAX) return null;
        if (name.toLowerCase() === "before") wanted.before_ms = Date.parse(value);
        else wanted.after_ms = Date.parse(value);
      }
    }
  }
  if (terms.length > 0) wanted.words = terms.join(" & ");
  const is_empty =
    wanted.words === null &&
    wanted.from === null &&
    wanted.in === null &&
    wanted.has.length === 0 &&
    wanted.before_ms === null &&
    wanted.after_ms === null;
  return is_empty ? null : wanted;
}

const wordsOf = (text: string): string[] => text.match(/[\p{L}\p{N}\p{M}_]+/gu) ?? [];
const lexeme = (word: string): string => `'${word}'`;
