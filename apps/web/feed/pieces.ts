import { tokenize } from "#systems/feed/contract.ts";

/** A stretch of text and where it leads. The house's own tokenizer cuts, so page and server always agree. */
export type Piece =
  | { kind: "text"; text: string }
  | { kind: "hashtag"; text: string; tag: string }
  | { kind: "person"; text: string; handle: string }
  | { kind: "link"; text: string; url: string };

export const LINK_CHARS_SHOWN = 48;

/** @param known handles that name somebody; a mention of nobody stays plain text */
export function piecesOf(text: string, known: ReadonlySet<string>): Piece[] {
  const pieces: Piece[] = [];
  for (const token of tokenize(text)) {
    if (token.kind === "mention") {
      if (known.has(token.handle)) pieces.push({ kind: "person", text: token.text, handle: token.handle });
      else addText(pieces, token.text);
    } else if (token.kind === "hashtag") {
      pieces.push({ kind: "hashtag", text: token.text, tag: token.tag });
    } else if (token.kind === "link") {
      pieces.push({ kind: "link", text: shownLink(token.url), url: token.url });
    } else {
      addText(pieces, token.text);
    }
  }
  return pieces;
}

function addText(pieces: Piece[], text: string) {
  const last = pieces.at(-1);
  if (last?.kind === "text") last.text += text;
  else pieces.push({ kind: "text", text });
}

/** An address as people read it: without its scheme, and not longer than a line. The host is never cut away. */
export function shownLink(url: string): string {
  const bare = url.replace(/^https?:\/\/(?:www\.)?/i, "").replace(/\/$/, "");
  const chars = [...bare];
  return chars.length <= LINK_CHARS_SHOWN
    ? bare
    : `${chars.slice(0, Math.max(LINK_CHARS_SHOWN - 1, bare.indexOf("/"))).join("")}…`;
}

export interface MentionBegun {
  /** Index of the `@`. */
  from: number;
  /** What was typed after it. */
  typed: string;
}

/** The mention that the caret stands in, if there is one; for suggestions while writing. */
export function mentionAtCaret(text: string, caret: number): MentionBegun | null {
  const before = text.slice(Math.max(0, caret - 32), caret);
  const found = /(?:^|[^\p{L}\p{N}\p{M}_@#&/])@([a-z0-9_]{0,30})$/iu.exec(before);
  return found ? { from: caret - found[1]!.length - 1, typed: found[1]! } : null;
}
