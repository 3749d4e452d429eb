import type { PersonCard, SpaceCard } from "#kernel/cards.ts";
import type { ImageId, PersonId, PostId, SpaceId, VideoId } from "#kernel/ids.ts";
import { rfc3339 } from "#kernel/time.ts";
import type { Audience } from "#kernel/wire.ts";
import type { Cache, Caches } from "#ports/cache/index.ts";
import type { Sql } from "#ports/sql/index.ts";

import { POST_LOADS_MAX } from "../bounds.ts";
import type { PostCounts, PostImage, PostVideo } from "../contract.ts";
import type { FeedMedia, FeedPeople, FeedSpaces } from "../needs.ts";
import { type CountedPostRow, findPosts } from "../posts/store.ts";

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
  counts: PostCounts;
  /** `"text":…` to `"version":…`. */
  words_json: string;
  counts_json: string;
  /** Of the last reader's cards; the cards are kept by whoever owns them and change there. */
  shown: { with: Cards; json: string } | null;
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
}

export interface Hydrator {
  /** By id; what is deleted, or has no author any more, is missing. `people` asks for further cards in the same go. */
  hydrate(ids: readonly PostId[], people?: readonly PersonId[]): Promise<Hydrated>;
  /** The post changed or went. */
  forget(id: PostId): void;
  counted(id: PostId, counts: PostCounts): void;
  forgetAll(): void;
}

export interface Hydrated {
  posts: Map<PostId, HydratedPost>;
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
  people: Pick<FeedPeople, "cards">;
  spaces: Pick<FeedSpaces, "cards">;
  media: Pick<FeedMedia, "videoCards" | "imageCards">;
  bounds: HydratorBounds;
}): Hydrator {
  const { people, spaces, media, bounds } = needs;
  const cache: Cache<StoredPost> = needs.caches.create<StoredPost>({
    name: "feed.posts",
    version: 1,
    entries_max: bounds.posts_cached_max,
    bytes_max: bounds.posts_cached_bytes_max,
    size_of: (post) => OVERHEAD_BYTES + post.words_json.length * 3,
    ttl_ms: bounds.post_cached_ms,
    loads_max: POST_LOADS_MAX,
  });

  /** Those that are not here are read in one query, each under its own single flight. */
  async function load(missing: readonly PostId[], into: Map<PostId, StoredPost>): Promise<void> {
    let batch: Promise<Map<PostId, CountedPostRow>> | null = null;
    const asked: PostId[] = [];
    const read = () =>
      (batch ??= Promise.resolve().then(
        async () => new Map((await findPosts(needs.sql.pool, asked)).map((row) => [row.id, row])),
      ));
    const loaded = missing.map((id) =>
      cache.get(id, async () => {
        asked.push(id);
        const row = (await read()).get(id);
        return row ? storedPost(row) : null;
      }),
    );
    for (const post of await Promise.all(loaded)) if (post) into.set(post.id, post);
  }

  async function stored(ids: readonly PostId[]): Promise<Map<PostId, StoredPost>> {
    const posts = new Map<PostId, StoredPost>();
    let missing: PostId[] | null = null;
    for (const id of ids) {
      const post = cache.peek(id);
      if (post) posts.set(id, post);
      else (missing ??= []).push(id);
    }
    if (missing) await load([...new Set(missing)], posts);
    return posts;
  }

  return {
    async hydrate(ids, others = []) {
      const found = await stored(ids);
      const person_ids = new Set<PersonId>(others);
      const space_ids = new Set<SpaceId>();
      const video_ids: VideoId[] = [];
      const image_ids: ImageId[] = [];
      for (const post of found.values()) {
        person_ids.add(post.author_id);
        if (post.space_id !== null) space_ids.add(post.space_id);
        if (post.video_id !== null) video_ids.push(post.video_id);
        else if (post.image_ids.length > 0) image_ids.push(...post.image_ids);
      }
      const [peopleCards, spaceCards, videoCards, imageCards] = await Promise.all([
        people.cards([...person_ids]),
        space_ids.size > 0 ? spaces.cards([...space_ids]) : null,
        video_ids.length > 0 ? media.videoCards(video_ids) : null,
        image_ids.length > 0 ? media.imageCards(image_ids) : null,
      ]);
      const posts = new Map<PostId, HydratedPost>();
      for (const post of found.values()) {
        const author = peopleCards.get(post.author_id);
        const space = post.space_id === null ? null : (spaceCards?.get(post.space_id) ?? null);
        if (!author || (post.space_id !== null && !space)) continue;
        const video = post.video_id === null ? null : (videoCards?.get(post.video_id) ?? null);
        const images = post.image_ids.length === 0 ? NO_IMAGES : imagesOf(post, imageCards);
        if (post.is_wordless && !video && images.length === 0) continue;
        posts.set(post.id, { post, cards: { author, space, video, images } });
      }
      return { posts, people: peopleCards };
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

const NO_IMAGES: readonly PostImage[] = [];

const imagesOf = (post: StoredPost, cards: ReadonlyMap<ImageId, PostImage> | null): PostImage[] =>
  post.image_ids.flatMap((id) => cards?.get(id) ?? []);

function storedPost(row: CountedPostRow): StoredPost {
  const counts = { likes: row.likes, reposts: row.reposts, comments: row.comments };
  const words = JSON.stringify({
    text: row.text,
    mentions: row.mention_ids.map((id, i) => ({ id, handle: row.mention_handles[i]! })),
    hashtags: row.hashtags,
    audience: row.audience,
    created_at: rfc3339(row.created_at),
    edited_at: row.edited_at === null ? null : rfc3339(row.edited_at),
    version: row.version,
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
    counts,
    words_json: words.slice(1, -1),
    counts_json: JSON.stringify(counts),
    shown: null,
  };
}
