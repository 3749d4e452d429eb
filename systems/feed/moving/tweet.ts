import { z } from "zod";

import { POST_IMAGES_MAX, POST_TEXT_CHARS_MAX } from "../bounds.ts";
import type { OldPost, Read } from "./note.ts";
import { clean, cut } from "./words.ts";

/** One item of `tweets.js`, of an archive of Twitter (X), as a post of this house; or why it is none. Pure. */

const zUrl = z.object({ url: z.string().max(200), expanded_url: z.string().max(2_048) });
const zMedia = z.object({ url: z.string().max(200), media_url_https: z.string().max(500), type: z.string().max(40) });
const zTweet = z.object({
  id_str: z.string().regex(/^\d{1,20}$/),
  full_text: z.string().max(100_000),
  created_at: z.string().max(60),
  in_reply_to_status_id_str: z.string().max(20).nullish(),
  possibly_sensitive: z.boolean().nullish().catch(null),
  entities: z
    .object({ urls: z.array(zUrl).max(200).catch([]) })
    .nullish()
    .catch(null),
  extended_entities: z
    .object({ media: z.array(zMedia).max(20).catch([]) })
    .nullish()
    .catch(null),
});
const zItem = z.object({ tweet: zTweet });

export const sourceOfTweet = (id: string): string => `https://twitter.com/i/status/${id}`;

/** Whom an item answers, for the threads of one's own; null where it is no tweet. */
export function placeOfTweet(item: unknown): { id: string; answers: string | null } | null {
  const parsed = zItem.safeParse(item);
  if (!parsed.success) return null;
  const { id_str, in_reply_to_status_id_str } = parsed.data.tweet;
  return { id: id_str, answers: in_reply_to_status_id_str ?? null };
}

/** Those that begin something of one's own or go on with it: the first of a thread, and answers to these. */
export function ownThreads(places: readonly { id: string; answers: string | null }[]): Set<string> {
  const own = new Set<string>();
  // Ids grow with time, so what is answered comes before its answer.
  const in_time = places.toSorted((a, b) => a.id.length - b.id.length || (a.id < b.id ? -1 : 1));
  for (const { id, answers } of in_time) if (answers === null || own.has(answers)) own.add(id);
  return own;
}

/** @param asked.own ids that `ownThreads` gave */
export function readTweet(
  item: unknown,
  asked: { audience: OldPost["audience"]; now_ms: number; own: ReadonlySet<string> },
): Read {
  const parsed = zItem.safeParse(item);
  if (!parsed.success) return { leave: "It is not as a tweet should be.", subject: "" };
  const { tweet } = parsed.data;
  const subject = sourceOfTweet(tweet.id_str);
  if (/^RT @\w{1,20}:/.test(tweet.full_text))
    return { leave: "It was passed on from somebody else; they have not come along.", subject };
  if (!asked.own.has(tweet.id_str)) return { leave: "It is an answer to somebody who is not here.", subject };
  const created_at_ms = Date.parse(tweet.created_at);
  if (Number.isNaN(created_at_ms) || created_at_ms > asked.now_ms || created_at_ms < Date.UTC(2006, 0, 1))
    return { leave: "It has no date that can be.", subject };
  const lost: string[] = [];
  const media = tweet.extended_entities?.media ?? [];
  const text = cut(wordsOf(tweet, media), POST_TEXT_CHARS_MAX, () => lost.push("its words were cut"));
  const pictures = media.filter(({ type }) => type === "photo").slice(0, POST_IMAGES_MAX);
  if (pictures.length < media.length) lost.push("a film of it was left out");
  const files = pictures.map(({ media_url_https }) => {
    const name = media_url_https.split("/").at(-1)!;
    return { name: `tweets_media/${tweet.id_str}-${name}`, media_type: typeOf(name), alt: "" };
  });
  if (text === "" && files.length === 0) return { leave: "There is nothing in it.", subject };
  return {
    take: {
      source: subject,
      text,
      content_warning: null,
      sensitive: tweet.possibly_sensitive === true,
      audience: asked.audience,
      created_at_ms,
      files,
      lost: lost.length === 0 ? null : `Taken, but ${lost.join(" and ")}.`,
    },
  };
}

const typeOf = (name: string) => (/\.png$/i.test(name) ? "image/png" : "image/jpeg");

const ENTITIES: Record<string, string> = { "&amp;": "&", "&lt;": "<", "&gt;": ">" };

/** As Twitter makes them. One pass: what one stands for is never looked through for another. */
const SHORT = /https?:\/\/t\.co\/\w{1,40}/g;

/** Short addresses become what they stood for; those of its own pictures go. */
function wordsOf(tweet: z.output<typeof zTweet>, media: readonly { url: string }[]): string {
  const meant = new Map([
    ...(tweet.entities?.urls ?? []).map(({ url, expanded_url }) => [url, expanded_url] as const),
    ...media.map(({ url }) => [url, ""] as const),
  ]);
  const text = tweet.full_text.replaceAll(SHORT, (short) => meant.get(short) ?? short);
  return clean(text.replaceAll(/&(?:amp|lt|gt);/g, (entity) => ENTITIES[entity]!));
}
