/**
 * The words of a post that comes as HTML. It is never shown as HTML here, so nothing has to be trusted: tags fall away, paragraphs
 * and breaks become lines, and a link keeps its whole address where its words are only a short form of it. Linear in the text.
 */
export function textOfHtml(html: string): string {
  const out: string[] = [];
  let at = 0;
  /** Depth of what must not be read at all. */
  let silent: string | null = null;
  let link: { href: string; from: number; is_mark: boolean } | null = null;
  while (at < html.length) {
    const open = html.indexOf("<", at);
    const end = open < 0 ? html.length : open;
    if (end > at && silent === null) out.push(decode(html.slice(at, end)));
    if (open < 0) break;
    const close = html.indexOf(">", open);
    // A sign that opens nothing.
    if (close < 0) {
      if (silent === null) out.push(decode(html.slice(open)));
      break;
    }
    at = close + 1;
    const [, slash, name = ""] = /^<(\/?)([a-z][a-z0-9]*)/i.exec(html.slice(open, Math.min(close, open + 40))) ?? [];
    const tag = name.toLowerCase();
    const closing = slash === "/";
    if (silent !== null) {
      if (closing && tag === silent) silent = null;
      continue;
    }
    if (tag === "script" || tag === "style") {
      if (!closing) silent = tag;
    } else if (tag === "br") out.push("\n");
    else if (tag === "li" && !closing) out.push("\n- ");
    else if (tag === "p" || tag === "div" || tag === "blockquote" || /^h[1-6]$/.test(tag))
      out.push(closing ? "\n\n" : "");
    else if (tag === "a" && !closing) {
      const attributes = html.slice(open, Math.min(close, open + 4_096));
      link = {
        href: decode(attribute(attributes, "href")),
        from: out.length,
        // Names of people and hashtags are words of their own.
        is_mark: /\b(?:mention|hashtag)\b/.test(attribute(attributes, "class")),
      };
    } else if (tag === "a" && closing && link) {
      const words = out.splice(link.from).join("");
      out.push(!link.is_mark && /^https?:\/\//i.test(link.href) && isShortOf(words, link.href) ? link.href : words);
      link = null;
    }
  }
  return out
    .join("")
    .replaceAll("\r", "")
    .replaceAll(/[ \t]+\n/g, "\n")
    .replaceAll(/\n{3,}/g, "\n\n")
    .trim();
}

const isShortOf = (words: string, href: string): boolean => {
  const bare = words.trim().replace(/…$/, "");
  return bare === "" || href.includes(bare) || decodeURI_(href).includes(bare);
};

function decodeURI_(text: string): string {
  try {
    return decodeURI(text);
  } catch {
    return text;
  }
}

function attribute(tag: string, name: string): string {
  const found = new RegExp(`\\s${name}\\s*=\\s*(?:"([^"]*)"|'([^']*)')`, "i").exec(tag);
  return found?.[1] ?? found?.[2] ?? "";
}

const NAMED: Record<string, string> = {
  amp: "&",
  lt: "<",
  gt: ">",
  quot: '"',
  apos: "'",
  nbsp: " ",
  hellip: "…",
  mdash: "—",
  ndash: "–",
};

const decode = (text: string): string =>
  text.replaceAll(/&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|([a-z]{2,8}));/gi, (whole, decimal, hex, name) => {
    if (name !== undefined) return NAMED[String(name).toLowerCase()] ?? String(whole);
    const code = decimal !== undefined ? Number(decimal) : Number.parseInt(String(hex), 16);
    const speakable =
      code === 9 || code === 10 || (code >= 32 && code <= 0x10_ffff && !(code >= 0xd800 && code <= 0xdfff));
    return speakable ? String.fromCodePoint(code) : "";
  });
