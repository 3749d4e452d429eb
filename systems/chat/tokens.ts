/**
 * What a message holds besides words: code, and who is named. The server tells people by it and the page draws by it, so both
 * always agree. Pure, imports nothing, and runs in time linear in the text. Nothing in code names anybody.
 */
export type Piece =
  | { kind: "text"; text: string }
  /** Between three backticks, on lines of its own or not. */
  | { kind: "block"; code: string; language: string }
  | { kind: "code"; code: string }
  | { kind: "mention"; text: string; handle: string }
  | { kind: "mention_all"; text: string; whom: "channel" | "here" };

const HANDLE_CHARS_MAX = 30;
const GLUED = /[\p{L}\p{N}\p{M}_@/&.]/u;
const LANGUAGE = /^[A-Za-z0-9+#-]{1,20}$/;

/** The message cut into pieces, in order. */
export function piecesOf(body: string): Piece[] {
  const pieces: Piece[] = [];
  let at = 0;
  while (at < body.length) {
    const open = body.indexOf("```", at);
    const close = open === -1 ? -1 : body.indexOf("```", open + 3);
    if (close === -1) break;
    inline(body.slice(at, open), pieces);
    pieces.push(blockOf(body.slice(open + 3, close)));
    // The line on which a block ends is its own.
    at = close + (body.charAt(close + 3) === "\n" ? 4 : 3);
  }
  inline(body.slice(at), pieces);
  return pieces;
}

function blockOf(inside: string): Piece {
  const end = inside.indexOf("\n");
  const first = end === -1 ? "" : inside.slice(0, end).trim();
  const named = LANGUAGE.test(first);
  const code = end !== -1 && (named || first === "") ? inside.slice(end + 1) : inside;
  return { kind: "block", code: code.replace(/\n$/, ""), language: named ? first.toLowerCase() : "" };
}

function inline(text: string, pieces: Piece[]): void {
  let at = 0;
  while (at < text.length) {
    const open = text.indexOf("`", at);
    const close = open === -1 ? -1 : text.indexOf("`", open + 1);
    if (close === -1) break;
    if (close === open + 1 || text.slice(open + 1, close).includes("\n")) {
      mentions(text.slice(at, open + 1), pieces);
      at = open + 1;
      continue;
    }
    mentions(text.slice(at, open), pieces);
    pieces.push({ kind: "code", code: text.slice(open + 1, close) });
    at = close + 1;
  }
  mentions(text.slice(at), pieces);
}

/** Words that follow words are one piece with them. */
function say(text: string, pieces: Piece[]): void {
  const last = pieces.at(-1);
  if (last?.kind === "text") last.text += text;
  else pieces.push({ kind: "text", text });
}

/** The character before a place, whole where it is a pair. */
function before(text: string, at: number): string {
  const low = text.charCodeAt(at - 1);
  return low >= 0xdc00 && low <= 0xdfff && at > 1 ? text.slice(at - 2, at) : text.charAt(at - 1);
}

function mentions(text: string, pieces: Piece[]): void {
  let plain_from = 0;
  for (let at = text.indexOf("@"); at !== -1; at = text.indexOf("@", at + 1)) {
    if (at > 0 && GLUED.test(before(text, at))) continue;
    let end = at + 1;
    while (end - at <= HANDLE_CHARS_MAX + 1 && /[A-Za-z0-9_]/.test(text.charAt(end))) end += 1;
    const handle = text.slice(at + 1, end).toLowerCase();
    if (handle === "" || handle.length > HANDLE_CHARS_MAX || /[\p{L}\p{M}@]/u.test(text.charAt(end))) continue;
    if (at > plain_from) say(text.slice(plain_from, at), pieces);
    const whole = text.slice(at, end);
    if (handle === "channel" || handle === "here") pieces.push({ kind: "mention_all", text: whole, whom: handle });
    else pieces.push({ kind: "mention", text: whole, handle });
    plain_from = end;
  }
  if (plain_from < text.length) say(text.slice(plain_from), pieces);
}

/** Whom a message names outside of code: handles in lower case, each once, in order. */
export function namesIn(body: string, handles_max: number): { handles: string[]; all: "channel" | "here" | null } {
  const handles = new Set<string>();
  let all: "channel" | "here" | null = null;
  for (const piece of piecesOf(body)) {
    if (piece.kind === "mention" && handles.size < handles_max) handles.add(piece.handle);
    if (piece.kind === "mention_all" && all !== "channel") all = piece.whom;
  }
  return { handles: [...handles], all };
}
