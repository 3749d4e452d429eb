import { streamSafe } from "#kernel/letters.ts";

import { LINK_DESCRIPTION_CHARS_MAX, LINK_TITLE_CHARS_MAX } from "./bounds.ts";

/** What a page says of itself in its head. */
export interface PageHead {
  title: string | null;
  description: string | null;
  /** Absolute, `http` or `https`. */
  image_url: string | null;
}

const VALUE_CHARS_MAX = 4_096;
const TITLE_NAMES = ["og:title", "twitter:title"];
const DESCRIPTION_NAMES = ["og:description", "twitter:description", "description"];
const IMAGE_NAMES = ["og:image:secure_url", "og:image", "og:image:url", "twitter:image", "twitter:image:src"];
const WANTED = new Set([...TITLE_NAMES, ...DESCRIPTION_NAMES, ...IMAGE_NAMES]);

/**
 * Reads the head of a page: Open Graph first, then what pages said before it. The rewriter that Bun ships parses in one pass
 * and in bounded memory; what it cannot read says nothing. Marks in the body are somebody's comment and do not count.
 * @param base_url where the page was found, after redirects
 */
export function readHead(html: string, base_url: string): PageHead {
  const found = new Map<string, string>();
  let title = "";
  let isInBody = false;
  try {
    new HTMLRewriter()
      .on("body", {
        element() {
          isInBody = true;
        },
      })
      .on("meta", {
        element(meta) {
          if (isInBody) return;
          const name = (meta.getAttribute("property") ?? meta.getAttribute("name") ?? "").trim().toLowerCase();
          const content = meta.getAttribute("content");
          if (!WANTED.has(name) || found.has(name) || content === null) return;
          const value = plain(content.slice(0, VALUE_CHARS_MAX));
          if (value !== "") found.set(name, value);
        },
      })
      .on("title", {
        text(chunk) {
          // An SVG in the body has titles too.
          if (!isInBody && title.length < VALUE_CHARS_MAX) title += chunk.text;
        },
      })
      .transform(html);
  } catch {
    // Beyond what the rewriter keeps in memory: whatever was found until then is taken.
  }
  const first = (names: readonly string[]) => names.map((name) => found.get(name)).find((value) => value !== undefined);
  return {
    title: cut(first(TITLE_NAMES) ?? plain(title.slice(0, VALUE_CHARS_MAX)), LINK_TITLE_CHARS_MAX),
    description: cut(first(DESCRIPTION_NAMES) ?? "", LINK_DESCRIPTION_CHARS_MAX),
    image_url: absolute(first(IMAGE_NAMES) ?? null, base_url),
  };
}

/**
 * Bytes as text: by the mark of their order, by what the answer's head said, by what the page says in its first kilobyte,
 * else UTF-8; and where they are none, as browsers take what says nothing.
 */
export function textOf(bytes: Uint8Array, charset: string | null): string {
  const said = charset ?? metaCharset(bytes);
  try {
    return new TextDecoder((said ?? "utf-8") as "utf-8", { fatal: said === null }).decode(bytes);
  } catch {
    // A charset that nobody knows, or none and not UTF-8.
    return new TextDecoder("windows-1252" as "utf-8").decode(bytes);
  }
}

function metaCharset(bytes: Uint8Array): string | null {
  const start = new TextDecoder("latin1" as "utf-8").decode(bytes.subarray(0, 1_024));
  return /<meta[^>]{0,200}?charset\s{0,5}=\s{0,5}["']?\s{0,5}([\w.:-]{1,40})/i.exec(start)?.[1]?.toLowerCase() ?? null;
}

const NAMED: Record<string, string> = {
  amp: "&",
  lt: "<",
  gt: ">",
  quot: '"',
  apos: "'",
  nbsp: " ",
  ndash: "–",
  mdash: "—",
  hellip: "…",
  lsquo: "‘",
  rsquo: "’",
  ldquo: "“",
  rdquo: "”",
  laquo: "«",
  raquo: "»",
  copy: "©",
  reg: "®",
  middot: "·",
  bull: "•",
  euro: "€",
  auml: "ä",
  ouml: "ö",
  uuml: "ü",
  Auml: "Ä",
  Ouml: "Ö",
  Uuml: "Ü",
  szlig: "ß",
  aring: "å",
  Aring: "Å",
  oslash: "ø",
  Oslash: "Ø",
  aelig: "æ",
  AElig: "Æ",
  eacute: "é",
  egrave: "è",
  agrave: "à",
  ccedil: "ç",
  ntilde: "ñ",
};

/** One line of text: entities resolved, no marks that steer, turn or hide other text. */
function plain(raw: string): string {
  const resolved = raw
    .replace(/&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|([a-z]{2,8}));/gi, (whole, decimal, hex, name: string | undefined) => {
      if (name !== undefined) return NAMED[name] ?? whole;
      const code = decimal === undefined ? Number.parseInt(hex, 16) : Number(decimal);
      return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : "";
    })
    .toWellFormed();
  return streamSafe(resolved)
    .replace(/[\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufff9-\ufffd]/g, "")
    .replace(/[\s\p{Cc}\p{Z}]+/gu, " ")
    .normalize("NFC")
    .trim();
}

function cut(text: string, chars_max: number): string | null {
  if (text === "") return null;
  if (text.length <= chars_max) return text;
  return `${text
    .slice(0, chars_max - 1)
    .replace(/[\ud800-\udbff]$/, "")
    .trimEnd()}…`;
}

function absolute(url: string | null, base_url: string): string | null {
  if (url === null || !URL.canParse(url, base_url)) return null;
  const { href, protocol } = new URL(url, base_url);
  return protocol === "http:" || protocol === "https:" ? href : null;
}
