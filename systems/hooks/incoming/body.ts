import { Problem } from "#kernel/errors.ts";

import { GUISE_NAME_CHARS_MAX } from "../bounds.ts";

/** What a sender means by what it posted. */
export interface Said {
  text: string;
  name: string | null;
  emoji: string | null;
}

const ATTACHMENTS_MAX = 20;

/**
 * As senders for Slack, Mattermost and Discord write it: `text` (or `content`), `username`, `icon_emoji`, and where there is no text the
 * words of `attachments` and `blocks`. What else they say is not for us. Linear in the text.
 * @throws Problem 400 `hook.broken_body`, 422 `hook.no_text`
 */
export function readSaid(body: string, content_type: string): Said {
  const form = /^application\/x-www-form-urlencoded\b/i.test(content_type);
  const json = form ? (new URLSearchParams(body).get("payload") ?? "") : body;
  let parsed: unknown;
  try {
    parsed = JSON.parse(json);
  } catch {
    throw new Problem(400, "hook.broken_body", 'Post JSON, as in {"text": "Hello"}.');
  }
  const asked = recordOf(parsed);
  if (!asked) throw new Problem(400, "hook.broken_body", 'Post a JSON object, as in {"text": "Hello"}.');
  const text = wordsOf(asked);
  if (text === "") throw new Problem(422, "hook.no_text", "There is nothing to say: `text` is missing or empty.");
  return { text, name: nameOf(asked.username), emoji: emojiOf(asked.icon_emoji) };
}

type Open = { [key: string]: unknown };
const recordOf = (value: unknown): Open | null =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Open) : null;
const textOf = (value: unknown): string => (typeof value === "string" ? value.trim() : "");

function wordsOf(asked: Open): string {
  const own = textOf(asked.text) || textOf(asked.content);
  const parts = own === "" ? [] : [own];
  for (const one of listOf(asked.attachments)) {
    const { pretext, title, title_link, text, fallback } = one;
    const said = [textOf(pretext), [textOf(title), textOf(title_link)].filter(Boolean).join(" "), textOf(text)].filter(
      Boolean,
    );
    parts.push(...(said.length > 0 ? said : [textOf(fallback)]));
  }
  // Blocks repeat the text where there is one.
  if (own === "")
    for (const one of listOf(asked.blocks)) parts.push(textOf(one.text) || textOf(recordOf(one.text)?.text));
  return plain(parts.filter(Boolean).join("\n")).trim();
}

const listOf = (value: unknown): Open[] =>
  Array.isArray(value)
    ? (value as unknown[]).slice(0, ATTACHMENTS_MAX).flatMap((one): Open[] => [recordOf(one) ?? {}])
    : [];

/** `<https://a.example|Name>` and `&lt;` as people read them. */
function plain(text: string): string {
  return text
    .replaceAll(/<(https?:\/\/[^<>|\s]{1,2048})(?:\|([^<>|\n]{1,500}))?>/g, (_, url: string, name?: string) =>
      name === undefined ? url : `${name} (${url})`,
    )
    .replaceAll(/<!(here|channel)(?:\|[^<>\n]{0,100})?>/g, "@$1")
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&amp;", "&");
}

/** Anything that is drawn as nothing, or steers what stands beside it, is no part of a name. */
function nameOf(value: unknown): string | null {
  const name = textOf(value)
    .toWellFormed()
    .replaceAll(/[\p{Cc}\p{Cf}\p{Z}\u115f\u1160\u2800\u3164\uffa0]+/gu, " ")
    .normalize("NFC")
    .trim();
  return name === ""
    ? null
    : Array.from(name)
        .slice(0, GUISE_NAME_CHARS_MAX / 2)
        .join("")
        .trim();
}

/** One emoji, written as it is; names between colons are another house's list. */
function emojiOf(value: unknown): string | null {
  const emoji = textOf(value);
  return emoji.length <= 32 && /^\p{RGI_Emoji}$/v.test(emoji) ? emoji : null;
}
