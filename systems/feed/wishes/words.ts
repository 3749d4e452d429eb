import { streamSafe } from "#kernel/letters.ts";

/**
 * Finds many phrases in a text at once, in time linear in the text (Aho and Corasick, 1975): each character moves one
 * automaton on, however many phrases there are. A phrase is compared folded: compatibility forms, case, runs of blanks
 * and letters that are drawn as nothing do not matter; accents do, for they make other words.
 */
export interface Phrase {
  folded: string;
  /** `word`: nothing that belongs to a word may stand right before or after it. `part`: anywhere. */
  matches: "word" | "part";
}

export interface Finder {
  /** Indexes of the phrases that stand in this text, ascending. `text` must be folded. */
  find(text: string): number[];
  /** Nodes of the automaton; about 100 bytes each. */
  nodes: number;
}

/** Stands between the fields of one post, so that no phrase reaches from one into the next. */
export const FIELD_BREAK = "\u0000";

export const fold = (text: string): string =>
  streamSafe(text)
    .normalize("NFKC")
    .toLowerCase()
    .replace(/\p{Cf}+/gu, "")
    .replace(/\s+/gu, " ")
    .trim();

const WORD = /[\p{L}\p{N}\p{M}_]/u;
/** A word phrase whose edge is a letter, where no other may follow or come before. */
const BEFORE = 1;
const AFTER = 2;

interface Node {
  next: Map<number, Node>;
  /** The node of the longest proper suffix that is a beginning too. */
  fallback: Node | null;
  /** The longest phrase that ends here, by itself or as the end of what led here; -1 for none. */
  ends: number;
}

const makeNode = (): Node => ({ next: new Map(), fallback: null, ends: -1 });

export function createFinder(phrases: readonly Phrase[]): Finder {
  const root = makeNode();
  let nodes = 1;
  phrases.forEach(({ folded }, i) => {
    let node = root;
    for (let at = 0; at < folded.length; at++) {
      const unit = folded.charCodeAt(at);
      let next = node.next.get(unit);
      if (!next) {
        node.next.set(unit, (next = makeNode()));
        nodes += 1;
      }
      node = next;
    }
    node.ends = i;
  });
  // Numbers and no objects: a hundred may end at each letter of a text that is made for it.
  const shorter = new Int32Array(phrases.length).fill(-1);
  link(root, shorter);
  // At the edge of a phrase that is no letter itself (an emoji, a `#`), there is no word to be part of.
  const edges = Uint8Array.from(phrases, ({ folded, matches }) =>
    matches === "part"
      ? 0
      : (WORD.test(firstOf(folded)) ? BEFORE : 0) | (WORD.test(lastBefore(folded, folded.length)) ? AFTER : 0),
  );
  const lengths = Int32Array.from(phrases, ({ folded }) => folded.length);

  return {
    nodes,
    find(text) {
      const isFound = new Uint8Array(phrases.length);
      let found = 0;
      // A hundred phrases may end at one letter, so whether a word goes on there is looked up and not asked anew for each.
      let letters: Uint8Array | null = null;
      let node = root;
      for (let at = 0; at < text.length; at++) {
        const unit = text.charCodeAt(at);
        let next = node.next.get(unit);
        while (!next && node.fallback) {
          node = node.fallback;
          next = node.next.get(unit);
        }
        node = next ?? root;
        if (node.ends < 0) continue;
        letters ??= lettersOf(text);
        const goesOn = letters[at + 2]!;
        for (let i = node.ends; i >= 0; i = shorter[i]!) {
          if (isFound[i] === 1) continue;
          const edge = edges[i]!;
          if (goesOn === 1 && (edge & AFTER) !== 0) continue;
          if ((edge & BEFORE) !== 0 && letters[at + 1 - lengths[i]!] === 1) continue;
          isFound[i] = 1;
          found += 1;
        }
        if (found === phrases.length) break;
      }
      return Array.from(isFound.keys()).filter((i) => isFound[i] === 1);
    },
  };
}

/** Breadth first, so that each node's fallback is linked before it. `shorter` is told which phrase ends with each, the longest of them. */
function link(root: Node, shorter: Int32Array): void {
  const queue: Node[] = [...root.next.values()];
  for (const child of queue) child.fallback = root;
  for (let i = 0; i < queue.length; i++) {
    const node = queue[i]!;
    const fallback = node.fallback!;
    if (node.ends < 0) node.ends = fallback.ends;
    else shorter[node.ends] = fallback.ends;
    for (const [unit, child] of node.next) {
      let from: Node | null = fallback;
      while (from && !from.next.has(unit)) from = from.fallback;
      child.fallback = from?.next.get(unit) ?? root;
      queue.push(child);
    }
  }
}

/** For each unit of a text, at its place and one on, 1 where it belongs to a word; before the first and behind the last there is none. */
function lettersOf(text: string): Uint8Array {
  const letters = new Uint8Array(text.length + 2);
  let at = 1;
  for (const char of text) {
    if (WORD.test(char)) letters.fill(1, at, at + char.length);
    at += char.length;
  }
  return letters;
}

const firstOf = (text: string, at = 0): string => String.fromCodePoint(text.codePointAt(at)!);

/** The character that ends right before `at`, whole also where it takes two units. */
function lastBefore(text: string, at: number): string {
  const low = text.charCodeAt(at - 1);
  return low >= 0xdc00 && low <= 0xdfff && at > 1 ? text.slice(at - 2, at) : text.charAt(at - 1);
}
