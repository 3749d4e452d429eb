import { CUE_TAG_CHARS_MAX, CUE_TAGS_DEEP_MAX } from "./bounds.ts";

/** The classes that every player draws without a style sheet; others could only mean something to a sheet of the sender's. */
const COLOURS = ["white", "lime", "cyan", "red", "yellow", "magenta", "blue", "black"];
const CLASSES = new Set([...COLOURS, ...COLOURS.map((colour) => `bg_${colour}`)]);

const START = /^(c|i|b|u|ruby|rt|v|lang)((?:\.[\w-]+)*)(?:[ \t]+([^\n]+))?$/;
const END = /^\/(c|i|b|u|ruby|rt|v|lang)$/;
const MOMENT = /^(?:\d{2,4}:)?[0-5]\d:[0-5]\d\.\d{3}$/;
/** What SubRip files have besides: drawn by nobody since, and not text either. */
const SUBRIP_ONLY = /^\/?(?:font|s|strike)\b/i;
const ENTITY = /&(?:amp|lt|gt|nbsp|lrm|rlm);/y;
const PLAIN = /[^<>&\u0000-\u0009\u000b-\u001f\u007f]+/y;

/**
 * The text of a cue with nothing in it but what WebVTT allows: its own tags, properly nested, and everything else as text.
 * The same text again when given its own answer. Linear.
 * @param raw lines parted by `\n`
 */
export function cueText(raw: string): string {
  const out: string[] = [];
  const open: string[] = [];
  let at = 0;
  while (at < raw.length) {
    PLAIN.lastIndex = at;
    const plain = PLAIN.exec(raw)?.[0];
    if (plain !== undefined) {
      out.push(plain);
      at += plain.length;
      continue;
    }
    const char = raw[at];
    if (char === "<") {
      const close = raw.slice(at, at + CUE_TAG_CHARS_MAX).indexOf(">");
      const tag = close < 0 ? null : tagOf(raw.slice(at + 1, at + close), open);
      out.push(tag ?? "&lt;");
      at += tag === null ? 1 : close + 1;
    } else if (char === "&") {
      ENTITY.lastIndex = at;
      const entity = ENTITY.exec(raw)?.[0];
      out.push(entity ?? "&amp;");
      at += entity?.length ?? 1;
    } else {
      // Control characters show nothing and only steer others.
      out.push(char === ">" ? "&gt;" : char === "\t" ? " " : "");
      at += 1;
    }
  }
  while (open.length > 0) out.push(`</${open.pop()}>`);
  return out
    .join("")
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "")
    .join("\n");
}

/** What stands for a tag, "" for one that is left out, or null for what is no tag. Keeps the list of open ones. */
function tagOf(tag: string, open: string[]): string | null {
  const start = START.exec(tag);
  if (start) {
    const [, name = "", classes = "", annotation] = start;
    if (open.length >= CUE_TAGS_DEEP_MAX) return "";
    const said = name === "v" || name === "lang" ? annotationOf(name, annotation) : "";
    if (said === null) return "";
    open.push(name);
    const kept = classes.split(".").filter((one) => CLASSES.has(one));
    return `<${[name, ...kept].join(".")}${said}>`;
  }
  const end = END.exec(tag)?.[1];
  if (end !== undefined) {
    const from = open.lastIndexOf(end);
    return from < 0
      ? ""
      : open
          .splice(from)
          .toReversed()
          .map((name) => `</${name}>`)
          .join("");
  }
  if (MOMENT.test(tag)) return `<${tag}>`;
  return SUBRIP_ONLY.test(tag) ? "" : null;
}

/** Who speaks, or in which language; null where it must be said and is not. */
function annotationOf(name: string, said: string | undefined): string | null {
  const text = (said ?? "").replaceAll(/[\u0000-\u001f\u007f<>]/g, " ").trim();
  if (text === "") return null;
  if (name === "lang") return /^[A-Za-z0-9-]{1,35}$/.test(text) ? ` ${text}` : null;
  return ` ${text.replaceAll(/&(?!(?:amp|lt|gt|nbsp|lrm|rlm);)/g, "&amp;")}`;
}

const SETTINGS: readonly RegExp[] = [
  /^vertical:(?:rl|lr)$/,
  /^line:-?\d{1,3}(?:\.\d{1,3})?%?(?:,(?:start|center|end))?$/,
  /^position:\d{1,3}(?:\.\d{1,3})?%(?:,(?:line-left|center|line-right))?$/,
  /^size:\d{1,3}(?:\.\d{1,3})?%$/,
  /^align:(?:start|center|end|left|right)$/,
];

/** Where a cue stands: the settings that WebVTT has, each once; regions and all else are left out. */
export function cueSettings(raw: string): string {
  const kept = new Map<string, string>();
  for (const setting of raw.split(/\s+/)) {
    const name = setting.split(":", 1)[0]!;
    if (!kept.has(name) && SETTINGS.some((allowed) => allowed.test(setting))) kept.set(name, setting);
  }
  return [...kept.values()].join(" ");
}
