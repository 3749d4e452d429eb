import type { PersonCard, SpaceCard } from "#kernel/cards.ts";
import type { ImageId, PersonId, PostId, SpaceId, VideoId } from "#kernel/ids.ts";
import { rfc3339 } from "#kernel/time.ts";
import type { Audience } from "#kernel/wire.ts";
import type { Cache, Caches } from "#ports/cache/index.ts";
import type { Clock } from "#ports/clock/index.ts";
import type { Sql } from "#ports/sql/index.ts";
import type { Resource } from "#systems/people/index.ts";

import { POST_LOADS_MAX } from "../bounds.ts";
import type { PostCounts, PostImage, PostVideo } from "../contract.ts";
import { type OwnLink, ownLinkOf } from "../links/own.ts";
import { type AddressOf, presentLink } from "../links/present.ts";
import type { FeedMedia, FeedPeople, FeedSpaces } from "../needs.ts";
import { type CountedPostRow, findPosts, type PollJson } from "../posts/store.ts";
import { excerptOf } from "./around.ts";
import { cachedMany } from "./batch.ts";
import { narrow } from "./narrow.ts";
import { resourceOf } from "./rules.ts";

/** A post as it stands in memory: what the rules ask for, and its JSON in the pieces that change separately. */
export interface StoredPost {
  id: PostId;
  author_id: PersonId;
  audience: Audience;
  space_id: SpaceId | null;
  video_id: VideoId | null;
  image_ids: ImageId[];
  /** Nothing but media: not worth showing when these have gone. */
  is_wordless: boolean;
  version: number;
  /** Moderators took it out of sight. */
  is_hidden: boolean;
  /** Its author marked its pictures or film. */
  is_sensitive: boolean;
  /** Words of warning stand before it. */
  is_warned: boolean;
  counts: PostCounts;
  /** The post that it quotes; null also where that one's author took it out. `has_quote` tells the two apart. */
  quote_id: PostId | null;
  has_quote: boolean;
  poll: PollJson | null;
  /** Of a page of this house, which is shown as this reader may see it. */
  own_link: OwnLink | null;
  /** `"text":…` to `"version":…`. */
  words_json: string;
  /** The card of its first link. */
  link_json: string;
  /** For a card of this post elsewhere. */
  excerpt: string | null;
  counts_json: string;
  /** As the last reader saw it; as good for the next one while the cards are the same. */
  last: HydratedPost | null;
  /** Of people's cards, when `last` was made or found to be true, and until when that may be believed. */
  last_version: number;
  last_until_ms: number;
}

export interface Cards {
  author: PersonCard;
  space: SpaceCard | null;
  video: PostVideo | null;
  images: readonly PostImage[];
}

/** A post with the cards of everything around it, fresh from their owners. */
export interface HydratedPost {
  post: StoredPost;
  cards: Cards;
  /** Its JSON up to what is particular to a moment and a viewer; made by `present` when first shown. */
  head_json: string | null;
  /** All of its JSON as it was shown last where nothing about it was particular, for these sums and this reader's bits. */
  whole: { json: string; counts_json: string; bits: number } | null;
  /** What the rules ask of it. */
  resource: Resource;
}

export interface Hydrator {
  /** In the order of `ids`; null where it is deleted or has no author any more. `others` asks for further cards in the same go. */
  hydrate(ids: readonly PostId[], others?: readonly PersonId[]): Hydrated | Promise<Hydrated>;
  /** The post changed or went. */
  forget(id: PostId): void;
  counted(id: PostId, counts: PostCounts): void;
  forgetAll(): void;
}

export interface Hydrated {
  posts: (HydratedPost | null)[];
  people: ReadonlyMap<PersonId, PersonCard>;
}

export interface HydratorBounds {
  posts_cached_max: number;
  posts_cached_bytes_max: number;
  post_cached_ms: number;
}

/** Bytes of a cached post beside its text: two objects, two small strings and the place in the cache. */
const OVERHEAD_BYTES = 600;

export function createHydrator(needs: {
  sql: Sql;
  caches: Caches;
  clock: Clock;
  people: Pick<FeedPeople, "cards" | "cardsVersion">;
  spaces: Pick<FeedSpaces, "cards">;
  media: Pick<FeedMedia, "videoCards" | "imageCards">;
  bounds: HydratorBounds;
  /** Where this house is on the network, as far as it knows. */
  public_url?: string | null;
  /** Where the copies of links' pictures are. */
  addressOf?: AddressOf | null;
}): Hydrator {
  const { people, spaces, media, bounds, clock } = needs;
  const cache: Cache<StoredPost> = needs.caches.create<StoredPost>({
    name: "feed.posts",
    version: 1,
    entries_max: bounds.posts_cached_max,
    bytes_max: bounds.posts_cached_bytes_max,
    size_of: (post) => OVERHEAD_BYTES + post.words_json.length * 4,
    // A space whose posts are read much does not push out those of the others.
    tenant_of: (post) => post.space_id ?? undefined,
    ttl_ms: bounds.post_cached_ms,
    loads_max: POST_LOADS_MAX,
  });

  const load = async (ids: PostId[]) =>
    new Map((await findPosts(needs.sql.pool, ids)).map((row) => [row.id, storedPost(row, needs)]));

  /** All of them as their last readers saw them, where not one card of anybody changed since; else null. */
  function asTheyWere(found: readonly (StoredPost | undefined)[], version: number | undefined) {
    if (version === undefined) return null;
    const now_ms = clock.monotonic();
    const posts = new Array<HydratedPost>(found.length);
    for (let i = 0; i < found.length; i++) {
      const post = found[i];
      if (post === undefined || post.last === null) return null;
      if (post.last_version !== version || post.last_until_ms <= now_ms) return null;
      posts[i] = post.last;
    }
    return posts;
  }

  async function withAll(
    stored: (StoredPost | undefined)[] | Promise<(StoredPost | undefined)[]>,
    others: readonly PersonId[],
  ): Promise<Hydrated> {
    const found = stored instanceof Promise ? await stored : stored;
    // Taken before the cards are read: what is forgotten meanwhile makes it another one.
    const version = people.cardsVersion?.() ?? NO_VERSION;
    const until_ms = clock.monotonic() + CARDS_BELIEVED_MS;
    const person_ids = [...others];
    const space_ids: SpaceId[] = [];
    const video_ids: VideoId[] = [];
    const image_ids: ImageId[] = [];
    for (const post of found) {
      if (!post) continue;
      person_ids.push(post.author_id);
      if (post.space_id !== null) space_ids.push(post.space_id);
      if (post.video_id !== null) video_ids.push(post.video_id);
      else if (post.image_ids.length > 0) image_ids.push(...post.image_ids);
    }
    const peopleCards = await people.cards(person_ids);
    const isPlain = space_ids.length === 0 && video_ids.length === 0 && image_ids.length === 0;
    const [spaceCards, videoCards, imageCards] = isPlain
      ? NO_CARDS
      : await Promise.all([
          space_ids.length > 0 ? spaces.cards(space_ids) : null,
          video_ids.length > 0 ? media.videoCards(video_ids) : null,
          image_ids.length > 0 ? media.imageCards(image_ids) : null,
        ]);
    const around = { people: peopleCards, spaces: spaceCards, videos: videoCards, images: imageCards };
    const posts = found.map((post) => {
      if (!post) return null;
      const hydrated = withCards(post, around);
      // Of spaces and media nothing tells here that they stay the same.
      post.last_version = hydrated !== null && isBare(post) ? version : NO_VERSION;
      post.last_until_ms = until_ms;
      return hydrated;
    });
    return { posts, people: peopleCards };
  }

  return {
    hydrate(ids, others = NOBODY_ELSE) {
      const stored = cachedMany(cache, ids, load);
      if (!(stored instanceof Promise) && others.length === 0) {
        const posts = asTheyWere(stored, people.cardsVersion?.());
        if (posts) return { posts, people: NO_PEOPLE };
      }
      return withAll(stored, others);
    },
    forget: (id) => cache.delete(id),
    forgetAll: () => cache.clear(),
    counted(id, counts) {
      const post = cache.peek(id);
      // A read under way may have seen the sums before; it must not fill the cache with them.
      if (!post) return cache.delete(id);
      post.counts = counts;
      post.counts_json = JSON.stringify(counts);
    },
  };
}

const NOBODY_ELSE: readonly PersonId[] = [];
const NO_PEOPLE: ReadonlyMap<PersonId, PersonCard> = new Map();
const NO_VERSION = -1;
/** A card whose change was told to nobody is believed so much longer than people themselves believe it. */
const CARDS_BELIEVED_MS = 2_000;
const NO_CARDS = [null, null, null] as const;
const NO_IMAGES: readonly PostImage[] = [];

interface Around {
  people: ReadonlyMap<PersonId, PersonCard>;
  spaces: ReadonlyMap<SpaceId, SpaceCard> | null;
  videos: ReadonlyMap<VideoId, PostVideo> | null;
  images: ReadonlyMap<ImageId, PostImage> | null;
}

/** Nothing around it but its author. */
const isBare = (post: StoredPost): boolean =>
  post.space_id === null && post.video_id === null && post.image_ids.length === 0;

/** Null where the author or the space has gone, or all that there was to see. */
function withCards(post: StoredPost, around: Around): HydratedPost | null {
  const author = around.people.get(post.author_id);
  if (!author) return null;
  const { last } = post;
  if (isBare(post) && last?.cards.author === author) return last;
  const space = post.space_id === null ? null : (around.spaces?.get(post.space_id) ?? null);
  if (post.space_id !== null && !space) return null;
  const video = post.video_id === null ? null : (around.videos?.get(post.video_id) ?? null);
  const images = post.image_ids.length === 0 ? NO_IMAGES : post.image_ids.flatMap((id) => around.images?.get(id) ?? []);
  if (post.is_wordless && !video && images.length === 0) return null;
  const cards = { author, space, video, images };
  if (last && isSame(last.cards, cards)) return last;
  post.last = { post, cards, head_json: null, whole: null, resource: resourceOf(post, author, space) };
  return post.last;
}

/** Cards are shared objects that are replaced, never changed, by the system that owns them. */
const isSame = (a: Cards, b: Cards): boolean =>
  a.author === b.author &&
  a.space === b.space &&
  a.video === b.video &&
  a.images.length === b.images.length &&
  a.images.every((image, i) => image === b.images[i]);

function storedPost(
  row: CountedPostRow,
  { public_url = null, addressOf = null }: { public_url?: string | null; addressOf?: AddressOf | null },
): StoredPost {
  const counts = {
    likes: row.likes,
    reposts: row.reposts,
    comments: row.comments,
    views: row.views,
    quotes: row.quotes,
  };
  const words = JSON.stringify({
    text: row.text,
    mentions: row.mention_ids.map((id, i) => ({ id, handle: row.mention_handles[i]! })),
    hashtags: row.hashtags,
    audience: row.audience,
    created_at: rfc3339(row.created_at),
    edited_at: row.edited_at === null ? null : rfc3339(row.edited_at),
    imported_at: row.imported_at === null ? null : rfc3339(row.imported_at),
    content_warning: row.content_warning,
    sensitive: row.sensitive,
    version: row.version,
    hidden: row.hidden_at !== null,
  });
  return {
    id: row.id,
    author_id: row.author_id,
    audience: row.audience,
    space_id: row.space_id,
    video_id: row.video_id,
    image_ids: row.image_ids,
    is_wordless: row.text === "",
    version: row.version,
    is_hidden: row.hidden_at !== null,
    is_sensitive: row.sensitive,
    is_warned: row.content_warning !== null,
    counts,
    quote_id: row.quote_detached_at === null ? row.quote_id : null,
    has_quote: row.quote_id !== null,
    poll: row.poll,
    own_link: row.link_hidden_at === null ? ownLinkOf(row.text, public_url) : null,
    words_json: narrow(words.slice(1, -1)),
    link_json: presentLink(row.link, addressOf),
    excerpt: excerptOf(row.text, row.content_warning),
    counts_json: JSON.stringify(counts),
    last: null,
    last_version: NO_VERSION,
    last_until_ms: 0,
  };
}
