/**
 * What a text holds besides words: hashtags, mentions and links. The server indexes by it and the page draws by it, so
 * both always agree. Pure, imports nothing, and runs in time linear in the text: each character is looked at by at most
 * one candidate, and a candidate that fails has looked at a bounded number of them.
 */
export type Token =
  | { kind: "text"; text: string }
  /** `tag` is what two spellings share: NFC and lower case, without the `#`. */
  | { kind: "hashtag"; text: string; tag: string }
  | { kind: "mention"; text: string; handle: string }
  /** Always `http:` or `https:`, so it may stand in an `href`. */
  | { kind: "link"; text: string; url: string };

export const HASHTAG_CHARS_MAX = 64;
/** As people's handles are; a longer run is no mention. */
export const MENTION_CHARS_MAX = 30;
export const LINK_CHARS_MAX = 2_048;

const CANDIDATE = /[@#＃]|https?:\/\//giu;
const WORD = /[\p{L}\p{N}\p{M}_]/u;
/** What may not stand right before `@` or `#`: a word (mail addresses), `&` (entities), `/` (paths), or another mark. */
const GLUED = /[\p{L}\p{N}\p{M}_@#＃&/]/u;
const LINK_END = /[\s<>"`{}|\\^\u0000-\u001f\u007f\u00a0\u2028\u2029]/u;
const TRAILING = new Set([".", ",", ";", ":", "!", "?", "'", "*", "_", "~", "…", "’", "”", "»"]);
const CLOSERS = new Map([
  [")", "("],
  ["]", "["],
]);

/** The text cut into tokens; their `text`s joined give it back whole. */
export function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  let plainFrom = 0;
  const take = (at: number, token: Token) => {
    if (at > plainFrom) tokens.push({ kind: "text", text: text.slice(plainFrom, at) });
    tokens.push(token);
    plainFrom = at + token.text.length;
  };
  CANDIDATE.lastIndex = 0;
  const candidates = new RegExp(CANDIDATE);
  for (let found = candidates.exec(text); found; found = candidates.exec(text)) {
    const at = found.index;
    const sign = found[0];
    if (sign.length > 1) {
      const end = endOfLink(text, at);
      const token = isStartOfWord(text, at) ? linkIn(text.slice(at, trimLink(text, at, end)), sign.length) : null;
      if (token) take(at, token);
      // Whatever it was, nothing inside it is a mention or a hashtag.
      candidates.lastIndex = end;
      continue;
    }
    if (at > 0 && GLUED.test(before(text, at))) continue;
    const token = sign === "@" ? mentionAt(text, at) : hashtagAt(text, at);
    if (!token) continue;
    take(at, token);
    candidates.lastIndex = plainFrom;
  }
  if (plainFrom < text.length) tokens.push({ kind: "text", text: text.slice(plainFrom) });
  return tokens;
}

/** Distinct, in the order of their first appearance, at most `max` of each. */
export function marksOf(
  text: string,
  max: { hashtags: number; mentions: number },
): { hashtags: string[]; handles: string[] } {
  const hashtags = new Set<string>();
  const handles = new Set<string>();
  for (const token of tokenize(text)) {
    if (token.kind === "hashtag" && hashtags.size < max.hashtags) hashtags.add(token.tag);
    if (token.kind === "mention" && handles.size < max.mentions) handles.add(token.handle);
  }
  return { hashtags: [...hashtags], handles: [...handles] };
}

/** One spelling for a hashtag, with or without its sign; null where it is none. */
export function tagOf(text: string): string | null {
  const bare = text.replace(/^[#＃]/u, "");
  const token = hashtagAt(`#${bare}`, 0);
  return token?.kind === "hashtag" && token.text.length === bare.length + 1 ? token.tag : null;
}

function before(text: string, at: number): string {
  const low = text.charCodeAt(at - 1);
  return low >= 0xdc00 && low <= 0xdfff && at > 1 ? text.slice(at - 2, at) : text.charAt(at - 1);
}

const isStartOfWord = (text: string, at: number) => at === 0 || !WORD.test(before(text, at));

/** Index after the run of word characters that begins at `from`, looking at no more than `chars_max` and one. */
function endOfWord(text: string, from: number, chars_max: number): number {
  let at = from;
  while (at < text.length && at - from <= chars_max) {
    const char = String.fromCodePoint(text.codePointAt(at)!);
    if (!WORD.test(char)) break;
    at += char.length;
  }
  return at;
}

function hashtagAt(text: string, at: number): Token | null {
  const end = endOfWord(text, at + 1, HASHTAG_CHARS_MAX);
  const tag = text
    .slice(at + 1, end)
    .normalize("NFC")
    .toLowerCase();
  // "#1" is a number, not a subject.
  if (tag === "" || tag.length > HASHTAG_CHARS_MAX || /^[\p{N}_]+$/u.test(tag) || /^\p{M}/u.test(tag)) return null;
  return { kind: "hashtag", text: text.slice(at, end), tag };
}

function mentionAt(text: string, at: number): Token | null {
  let end = at + 1;
  while (end - at <= MENTION_CHARS_MAX + 1 && /[A-Za-z0-9_]/.test(text.charAt(end))) end += 1;
  const length = end - at - 1;
  if (length === 0 || length > MENTION_CHARS_MAX) return null;
  // "@ann@elsewhere.org" and "@annä" name somebody else.
  if (end < text.length && (text[end] === "@" || WORD.test(String.fromCodePoint(text.codePointAt(end)!)))) return null;
  return { kind: "mention", text: text.slice(at, end), handle: text.slice(at + 1, end).toLowerCase() };
}

function endOfLink(text: string, at: number): number {
  let end = at;
  while (end < text.length && !LINK_END.test(text.charAt(end))) end += 1;
  return end;
}

/** Punctuation that ends a sentence is not part of a link; a closing bracket is, when the link opened it. */
function trimLink(text: string, at: number, end: number): number {
  const open = new Map<string, number>();
  for (let i = at; i < end; i++) open.set(text.charAt(i), (open.get(text.charAt(i)) ?? 0) + 1);
  let last = end;
  for (; last > at; last--) {
    const char = text.charAt(last - 1);
    const opener = CLOSERS.get(char);
    if (opener !== undefined && (open.get(char) ?? 0) > (open.get(opener) ?? 0)) open.set(char, open.get(char)! - 1);
    else if (!TRAILING.has(char)) break;
  }
  return last;
}

function linkIn(text: string, sign_chars: number): Token | null {
  if (
    text.length > LINK_CHARS_MAX ||
    text.length <= sign_chars ||
    !/[\p{L}\p{N}[]/u.test(text.slice(sign_chars, sign_chars + 2))
  )
    return null;
  if (!URL.canParse(text)) return null;
  return { kind: "link", text, url: text };
}
