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
  text
    .normalize("NFKC")
    .toLowerCase()
    .replace(/\p{Cf}+/gu, "")
    .replace(/\s+/gu, " ")
    .trim();

const WORD = /[\p{L}\p{N}\p{M}_]/u;

interface Node {
  next: Map<number, Node>;
  /** The node of the longest proper suffix that is a beginning too. */
  fallback: Node | null;
  /** The nearest node along `fallback` at which some phrase ends. */
  also: Node | null;
  /** The phrase that ends here; -1 for none. */
  phrase: number;
}

const makeNode = (): Node => ({ next: new Map(), fallback: null, also: null, phrase: -1 });

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
    node.phrase = i;
  });
  link(root);
  // At the edge of a phrase that is no letter itself (an emoji, a `#`), there is no word to be part of.
  const edges = phrases.map(({ folded, matches }) => ({
    before: matches === "word" && WORD.test(firstOf(folded)),
    after: matches === "word" && WORD.test(lastBefore(folded, folded.length)),
  }));

  return {
    nodes,
    find(text) {
      const found = new Set<number>();
      let node = root;
      for (let at = 0; at < text.length; at++) {
        const unit = text.charCodeAt(at);
        let next = node.next.get(unit);
        while (!next && node.fallback) {
          node = node.fallback;
          next = node.next.get(unit);
        }
        node = next ?? root;
        for (let end: Node | null = node.phrase >= 0 ? node : node.also; end; end = end.also) {
          const i = end.phrase;
          if (found.has(i)) continue;
          const from = at + 1 - phrases[i]!.folded.length;
          const edge = edges[i]!;
          if (edge.before && from > 0 && WORD.test(lastBefore(text, from))) continue;
          if (edge.after && at + 1 < text.length && WORD.test(firstOf(text, at + 1))) continue;
          found.add(i);
        }
        if (found.size === phrases.length) break;
      }
      return [...found].sort((a, b) => a - b);
    },
  };
}

/** Breadth first, so that each node's fallback is linked before it. */
function link(root: Node): void {
  const queue: Node[] = [...root.next.values()];
  for (const child of queue) child.fallback = root;
  for (let i = 0; i < queue.length; i++) {
    const node = queue[i]!;
    const fallback = node.fallback!;
    node.also = fallback.phrase >= 0 ? fallback : fallback.also;
    for (const [unit, child] of node.next) {
      let from: Node | null = fallback;
      while (from && !from.next.has(unit)) from = from.fallback;
      child.fallback = from?.next.get(unit) ?? root;
      queue.push(child);
    }
  }
}

const firstOf = (text: string, at = 0): string => String.fromCodePoint(text.codePointAt(at)!);

/** The character that ends right before `at`, whole also where it takes two units. */
function lastBefore(text: string, at: number): string {
  const low = text.charCodeAt(at - 1);
  return low >= 0xdc00 && low <= 0xdfff && at > 1 ? text.slice(at - 2, at) : text.charAt(at - 1);
}
