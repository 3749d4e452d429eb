import { z } from "zod";

import { CONTENT_WARNING_CHARS_MAX, POST_IMAGES_MAX, POST_TEXT_CHARS_MAX } from "../bounds.ts";
import { SUBJECT_CHARS_MAX } from "./bounds.ts";
import { textOfHtml } from "./html-text.ts";
import { clean, cut } from "./words.ts";

/** One item of an outbox, as a post of this house; or why it is none. Pure. */
export type Read = { take: OldPost } | { leave: string; subject: string };

export interface OldPost {
  /** Its name where it was first written. */
  source: string;
  text: string;
  content_warning: string | null;
  sensitive: boolean;
  audience: "public" | "followers" | "private";
  created_at_ms: number;
  files: { name: string; media_type: string; alt: string }[];
  /** What of it was not kept. */
  lost: string | null;
}

const PUBLIC = new Set(["https://www.w3.org/ns/activitystreams#Public", "as:Public", "Public"]);
const zText = z.string().max(1_000_000);
const zLoose = z.string().nullish().catch(null);
const zMany = z
  .union([z.string(), z.array(z.unknown()).max(10_000)])
  .nullish()
  .transform((value) => (typeof value === "string" ? [value] : (value ?? [])).filter((one) => typeof one === "string"));

const zNote = z.object({
  id: z.string().min(1),
  type: z.string(),
  published: z.string(),
  content: zText.nullish(),
  source: z.object({ content: zText, mediaType: z.string() }).nullish().catch(null),
  summary: zText.nullish(),
  sensitive: z.boolean().nullish().catch(null),
  inReplyTo: z.string().nullish(),
  attributedTo: zLoose,
  to: zMany,
  cc: zMany,
  attachment: z
    .array(z.object({ url: z.string(), mediaType: z.string().max(100), name: z.string().nullish() }))
    .max(100)
    .nullish()
    .catch(null),
  oneOf: z
    .array(z.object({ name: zText }))
    .max(100)
    .nullish()
    .catch(null),
  anyOf: z
    .array(z.object({ name: zText }))
    .max(100)
    .nullish()
    .catch(null),
});

const zActivity = z.object({ type: z.string(), actor: zLoose, object: z.unknown() });

/** The web of before has no posts. */
const OLDEST_MS = Date.UTC(1991, 7, 6);

/**
 * @param asked.audience the most that may see it here
 * @param asked.own_sources names of posts that came before in this archive, for threads of one's own
 */
export function readItem(
  item: unknown,
  asked: { audience: OldPost["audience"]; now_ms: number; own_sources: ReadonlySet<string> },
): Read {
  const activity = zActivity.safeParse(item);
  if (!activity.success) return { leave: "This is no post.", subject: "" };
  const { type, object, actor } = activity.data;
  const name = typeof object === "string" ? object : ((object as { id?: unknown } | null)?.id ?? "");
  const subject = String(name).slice(0, SUBJECT_CHARS_MAX);
  if (type === "Announce") return { leave: "It was passed on from somebody else; they have not come along.", subject };
  if (type !== "Create") return { leave: `A "${type.slice(0, 40)}" is no post.`, subject };
  const parsed = zNote.safeParse(object);
  if (!parsed.success) return { leave: "It is not as a post should be.", subject };
  const note = parsed.data;
  if (note.type !== "Note" && note.type !== "Question" && note.type !== "Article")
    return { leave: `A "${note.type.slice(0, 40)}" is no post.`, subject };
  if (note.id.length > SUBJECT_CHARS_MAX) return { leave: "Its name is too long.", subject };
  if (actor !== null && actor !== undefined && note.attributedTo && note.attributedTo !== actor)
    return { leave: "It was written by somebody else.", subject };
  const replies_to = note.inReplyTo ?? null;
  if (replies_to !== null && !asked.own_sources.has(replies_to))
    return { leave: "It is an answer to somebody who is not here.", subject };
  const audience = audienceOf(note, asked.audience);
  if (audience === null) return { leave: "It was a letter to few, and stays between them.", subject };
  const created_at_ms = Date.parse(note.published);
  if (Number.isNaN(created_at_ms) || created_at_ms < OLDEST_MS || created_at_ms > asked.now_ms)
    return { leave: "It has no date that can be.", subject };

  const lost: string[] = [];
  const text = cut(wordsOf(note), POST_TEXT_CHARS_MAX, () => lost.push("its words were cut"));
  const warning = clean(note.summary ?? "");
  const content_warning =
    warning === "" ? null : cut(warning, CONTENT_WARNING_CHARS_MAX, () => lost.push("its warning was cut"));
  const files = filesOf(note, (what) => lost.push(what));
  if (text === "" && files.length === 0) return { leave: "There is nothing in it.", subject };
  return {
    take: {
      source: note.id,
      text,
      content_warning,
      sensitive: note.sensitive === true,
      audience,
      created_at_ms,
      files,
      lost: lost.length === 0 ? null : `Taken, but ${lost.join(" and ")}.`,
    },
  };
}

type Note = z.output<typeof zNote>;

/** Never more eyes than there: public stays public, "unlisted" too; what was for few who were named is not taken at all. */
function audienceOf(note: Note, most: OldPost["audience"]): OldPost["audience"] | null {
  const everybody = [...note.to, ...note.cc].some((one) => PUBLIC.has(one));
  const followers = [...note.to, ...note.cc].some((one) => one.endsWith("/followers"));
  const nobody = note.to.length === 0 && note.cc.length === 0;
  const there = everybody ? "public" : followers ? "followers" : nobody ? "private" : null;
  if (there === null) return null;
  const order = ["public", "followers", "private"] as const;
  return order[Math.max(order.indexOf(there), order.indexOf(most))]!;
}

function wordsOf(note: Note): string {
  const plain = note.source?.mediaType === "text/plain" ? note.source.content : textOfHtml(note.content ?? "");
  const options = (note.oneOf ?? note.anyOf ?? []).map(({ name }) => `○ ${name}`);
  return clean([plain, ...(options.length > 0 ? ["", ...options] : [])].join("\n"));
}

/** Pictures, or one film: as posts here are. */
function filesOf(note: Note, lose: (what: string) => void): OldPost["files"] {
  const all = (note.attachment ?? []).map(({ url, mediaType, name }) => ({
    name: url,
    media_type: mediaType.toLowerCase(),
    alt: clean(name ?? "").slice(0, 1_000),
  }));
  const pictures = all.filter(({ media_type }) => media_type.startsWith("image/"));
  const films = all.filter(({ media_type }) => media_type.startsWith("video/"));
  const kept = pictures.length > 0 ? pictures.slice(0, POST_IMAGES_MAX) : films.slice(0, 1);
  if (kept.length < all.length)
    lose(`${all.length - kept.length} of its files ${all.length - kept.length === 1 ? "was" : "were"} left out`);
  return kept;
}
