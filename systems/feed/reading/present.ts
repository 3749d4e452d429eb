import type { PersonCard } from "#kernel/cards.ts";

import type { Post, PostViewer } from "../contract.ts";
import type { Cards, HydratedPost, StoredPost } from "./hydrate.ts";

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

/**
 * A post's JSON for one reader. Words, cards and sums were made into text before and by others; here the pieces are joined.
 * @param bits of the viewer, -1 for nobody
 */
export function presentPost(hydrated: HydratedPost, bits: number, reposted_by: PersonCard | null): string {
  const { post, cards } = hydrated;
  const head = post.shown !== null && isSame(post.shown.with, cards) ? post.shown.json : presentHead(post, cards);
  const viewer = bits < 0 ? "null" : VIEWER_JSON[bits]!;
  const by = reposted_by === null ? "null" : cardJson(reposted_by);
  return `${head}${post.counts_json},"viewer":${viewer},"reposted_by":${by}}`;
}

/** The same as a value, for who looks at it in the house. */
export const postOf = (json: string): Post => JSON.parse(json) as Post;

export const presentPage = (items: readonly string[], next_cursor: string | null): string =>
  `{"items":[${items.join(",")}],"next_cursor":${next_cursor === null ? "null" : `"${next_cursor}"`}}`;

function presentHead(post: StoredPost, cards: Cards): string {
  const space = cards.space === null ? "null" : JSON.stringify(cards.space);
  const video = cards.video === null ? "null" : JSON.stringify(cards.video);
  const images = cards.images.length === 0 ? "[]" : JSON.stringify(cards.images);
  const json = [
    `{"id":"`,
    post.id,
    `","author":`,
    cardJson(cards.author),
    `,"space":`,
    space,
    `,"video":`,
    video,
    `,"images":`,
    images,
    `,`,
    post.words_json,
    `,"counts":`,
  ].join("");
  post.shown = { with: cards, json };
  return json;
}

/** Cards are shared objects that are replaced, never changed, by the system that owns them. */
const cardsJson = new WeakMap<PersonCard, string>();
function cardJson(card: PersonCard): string {
  let json = cardsJson.get(card);
  if (json === undefined) {
    json = JSON.stringify(card);
    cardsJson.set(card, json);
  }
  return json;
}

function isSame(a: Cards, b: Cards): boolean {
  return (
    (a.author === b.author || isSamePerson(a.author, b.author)) &&
    a.space === b.space &&
    a.video === b.video &&
    a.images.length === b.images.length &&
    a.images.every((image, i) => image === b.images[i])
  );
}

const isSamePerson = (a: PersonCard, b: PersonCard): boolean =>
  a.handle === b.handle &&
  a.display_name === b.display_name &&
  a.suspended === b.suspended &&
  a.avatar?.url_small === b.avatar?.url_small &&
  a.avatar?.url_large === b.avatar?.url_large;
