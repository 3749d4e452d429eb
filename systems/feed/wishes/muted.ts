import type { StoredPost } from "../reading/hydrate.ts";
import { createFinder, FIELD_BREAK, type Finder, fold } from "./words.ts";

export type MutedKind = "hide" | "warn";
/** `home`: home, lists, and what is chosen for its reader. `everywhere`: all lists. */
export type MutedPlace = "home" | "everywhere";

export interface MutedWord {
  phrase: string;
  folded: string;
  matches: "word" | "part";
  kind: MutedKind;
  place: MutedPlace;
  expires_ms: number | null;
}

/** What of the muted stands in something; null where nothing does. */
export interface Verdict {
  hides: boolean;
  /** As their reader wrote them, a few of them. */
  words: readonly string[];
}

/** One reader's muted words, made ready once. Each post is looked through once per reader; an edited post is another object. */
export interface MutedWords {
  judge(post: StoredPost, place: MutedPlace): Verdict | null;
  judgeText(texts: readonly string[], place: MutedPlace): Verdict | null;
  bytes: number;
}

const NODE_BYTES = 120;
/** Phrases named in one warning; more would be no help. */
const WARNED_WORDS_MAX = 5;

export function createMutedWords(words: readonly MutedWord[], now: () => number): MutedWords {
  const finder: Finder = createFinder(words);
  const known = new WeakMap<StoredPost, readonly number[]>();

  function verdict(found: readonly number[], place: MutedPlace): Verdict | null {
    let hides = false;
    const named: string[] = [];
    for (const i of found) {
      const word = words[i]!;
      if (word.expires_ms !== null && word.expires_ms <= now()) continue;
      if (place === "everywhere" && word.place !== "everywhere") continue;
      hides ||= word.kind === "hide";
      if (named.length < WARNED_WORDS_MAX) named.push(word.phrase);
    }
    return named.length === 0 ? null : { hides, words: named };
  }

  return {
    bytes: finder.nodes * NODE_BYTES,
    judge(post, place) {
      let found = known.get(post);
      if (found === undefined) known.set(post, (found = finder.find(textOf(post))));
      return found.length === 0 ? null : verdict(found, place);
    },
    judgeText: (texts, place) => verdict(finder.find(texts.map(fold).join(FIELD_BREAK)), place),
  };
}

/** All words of a post that its readers see. Memory holds them as JSON only, so this takes some µs; it is done once per reader and post. */
function textOf(post: StoredPost): string {
  const words = JSON.parse(`{${post.words_json}}`) as { text: string; content_warning: string | null };
  const link = JSON.parse(post.link_json) as { title: string; description: string | null } | null;
  const fields = [words.content_warning, words.text, ...(post.poll?.options ?? []), link?.title, link?.description];
  return fields.map((field) => fold(field ?? "")).join(FIELD_BREAK);
}
