import type { PersonCard } from "#kernel/cards.ts";

import type { Post, PostViewer } from "../contract.ts";
import type { HydratedPost } from "./hydrate.ts";
import { narrow } from "./narrow.ts";

/** The bits of `overlay`: what holds between one person and one post. */
export const LIKED = 1;
export const REPOSTED = 2;
export const BOOKMARKED = 4;
export const OWN = 8;

const viewerOf = (bits: number): PostViewer => ({
  liked: (bits & LIKED) !== 0,
  reposted: (bits & REPOSTED) !== 0,
  bookmarked: (bits & BOOKMARKED) !== 0,
  own: (bits & OWN) !== 0,
});
export const presentViewer = viewerOf;

/** All sixteen there can be, made once. */
const VIEWER_JSON = Array.from({ length: 16 }, (_, bits) => JSON.stringify(viewerOf(bits)));

/** What a post has of the list in which it stands. */
export interface Place {
  reposted_by: PersonCard | null;
  /** Of home, a list or a profile; null elsewhere. */
  entry_id: string | null;
  /** Muted words of the kind that warns, where some stand in it. */
  filtered: readonly string[] | null;
}
export const ALONE: Place = { reposted_by: null, entry_id: null, filtered: null };

/**
 * A post's JSON for one reader. Words, cards and sums were made into text before and by others; here the pieces are joined.
 * @param bits of the viewer, -1 for nobody
 */
export function presentPost(
  hydrated: HydratedPost,
  bits: number,
  place: Place = ALONE,
  extras: Extras | null = null,
): string {
  const { post, whole } = hydrated;
  // Most posts of most pages are nobody's repost, hold no muted word and were not touched by the reader: made once for all of them.
  const isPlain =
    extras === null && place.entry_id === post.id && place.reposted_by === null && place.filtered === null;
  if (isPlain && whole !== null && whole.bits === bits && whole.counts_json === post.counts_json) return whole.json;
  const head = (hydrated.head_json ??= presentHead(hydrated));
  const viewer = bits < 0 ? "null" : VIEWER_JSON[bits]!;
  const by = place.reposted_by === null ? "null" : cardJson(place.reposted_by);
  const entry = place.entry_id === null ? "null" : `"${place.entry_id}"`;
  const words = bothOf(place.filtered, extras?.filtered ?? null);
  const filtered = words === null ? "null" : JSON.stringify({ words });
  const more =
    extras === null
      ? `,"quote":null,"poll":null,"link":${post.link_json}`
      : `,"quote":${extras.quote},"poll":${extras.poll},"link":${extras.link}`;
  const json = `${head}${post.counts_json}${more},"viewer":${viewer},"reposted_by":${by},"entry_id":${entry},"filtered":${filtered}}`;
  // What its few likers see is not what the next reader will.
  if (isPlain && (bits <= 0 || whole === null)) hydrated.whole = { json, counts_json: post.counts_json, bits };
  return json;
}

/** JSON of what depends on the reader beside the overlay. */
export interface Extras {
  quote: string;
  poll: string;
  link: string;
  /** Muted words of the kind that warns, in what is quoted. */
  filtered: readonly string[] | null;
}

const bothOf = (one: readonly string[] | null, other: readonly string[] | null) =>
  one === null || other === null ? (one ?? other) : [...new Set([...one, ...other])];

export const GONE_QUOTE = `{"state":"gone","post":null}`;

/** A post within another, with the poll as this reader may see it. A card of another page of ours is not drawn so deep. */
export function presentQuote(hydrated: HydratedPost, poll: string): string {
  const head = (hydrated.head_json ??= presentHead(hydrated));
  const { counts_json, link_json } = hydrated.post;
  return `{"state":"shown","post":${head}${counts_json},"poll":${poll},"link":${link_json}}}`;
}

/** The same as a value, for who looks at it in the house. */
export const postOf = (json: string): Post => JSON.parse(json) as Post;

/** Joined in one go: a page of 16 KB that is put around with a few characters more would be copied once more. */
export function presentPage(items: readonly string[], next_cursor: string | null): string {
  const end = `],"next_cursor":${next_cursor === null ? "null" : `"${next_cursor}"`}}`;
  const last = items.length - 1;
  if (last < 0) return `{"items":[${end}`;
  const parts = new Array<string>(items.length);
  for (let i = 0; i <= last; i++) parts[i] = items[i]!;
  parts[0] = `{"items":[${parts[0]!}`;
  parts[last] = `${parts[last]!}${end}`;
  return parts.join(",");
}

function presentHead({ post, cards }: HydratedPost): string {
  const space = cards.space === null ? "null" : JSON.stringify(cards.space);
  const video = cards.video === null ? "null" : JSON.stringify(cards.video);
  const images = cards.images.length === 0 ? "[]" : JSON.stringify(cards.images);
  return [
    `{"id":"${post.id}","author":${cardJson(cards.author)},"space":${space},"video":${video},"images":${images},`,
    post.words_json,
    `,"counts":`,
  ].join("");
}

/** A card is a shared object that is replaced, never changed, by people. */
const cardsJson = new WeakMap<PersonCard, string>();
function cardJson(card: PersonCard): string {
  let json = cardsJson.get(card);
  if (json === undefined) {
    json = narrow(JSON.stringify(card));
    cardsJson.set(card, json);
  }
  return json;
}
