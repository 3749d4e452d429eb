import type { ImageId, VideoId } from "#kernel/ids.ts";
import type { Cache, Caches } from "#ports/cache/index.ts";
import type { StoredEvent } from "#ports/log/index.ts";

import { MEDIA_CARD_CACHED_MS, MEDIA_CARDS_CACHED_MAX, MEDIA_CARDS_PER_CALL_MAX, POST_LOADS_MAX } from "../bounds.ts";
import type { PostImage, PostVideo } from "../contract.ts";
import type { FeedMedia } from "../needs.ts";
import { cachedMany } from "./batch.ts";

/**
 * Media's cards, remembered for moments: a page of films would else ask for the same rows at each read. What media tells of
 * a film or picture forgets it; the short time bounds what is not told (views) and stays far below that of signed addresses.
 */
export interface MediaCards extends Pick<FeedMedia, "videoCards" | "imageCards"> {
  /** Of the topic `media`. */
  onEvents(batch: readonly StoredEvent[]): void;
  /** A post that shows these changed hands or eyes. */
  forget(things: { video_id: string | null; image_ids: readonly string[] }): void;
  forgetAll(): void;
}

export function createMediaCards({ media, caches }: { media: FeedMedia; caches: Caches }): MediaCards {
  const options = {
    version: 1,
    entries_max: MEDIA_CARDS_CACHED_MAX,
    ttl_ms: MEDIA_CARD_CACHED_MS,
    loads_max: POST_LOADS_MAX,
  };
  const videos = caches.create<PostVideo>({ ...options, name: "feed.videos" });
  const images = caches.create<PostImage>({ ...options, name: "feed.images" });

  async function cards<K extends string, V extends { id: K }>(
    cache: Cache<V>,
    ids: readonly K[],
    loadMany: (ids: readonly K[]) => Promise<ReadonlyMap<K, V>>,
  ): Promise<Map<K, V>> {
    const known = new Map<K, V>();
    for (const card of await cachedMany(cache, ids, (missing) => inParts(missing, loadMany)))
      if (card) known.set(card.id, card);
    return known;
  }

  return {
    videoCards: (ids: readonly VideoId[]) => cards(videos, ids, (missing) => media.videoCards(missing)),
    imageCards: (ids: readonly ImageId[]) => cards(images, ids, (missing) => media.imageCards(missing)),
    onEvents(batch) {
      for (const { data } of batch) {
        if (typeof data.video_id === "string") videos.delete(data.video_id);
        if (typeof data.image_id === "string") images.delete(data.image_id);
      }
    },
    forget({ video_id, image_ids }) {
      if (video_id !== null) videos.delete(video_id);
      for (const id of image_ids) images.delete(id);
    },
    forgetAll() {
      videos.clear();
      images.clear();
    },
  };
}

/** A page of a hundred posts with ten pictures each asks for more than media gives at once. */
async function inParts<K, V>(
  ids: readonly K[],
  loadMany: (ids: readonly K[]) => Promise<ReadonlyMap<K, V>>,
): Promise<ReadonlyMap<K, V>> {
  if (ids.length <= MEDIA_CARDS_PER_CALL_MAX) return loadMany(ids);
  const all = new Map<K, V>();
  for (let from = 0; from < ids.length; from += MEDIA_CARDS_PER_CALL_MAX) {
    for (const [id, card] of await loadMany(ids.slice(from, from + MEDIA_CARDS_PER_CALL_MAX))) all.set(id, card);
  }
  return all;
}
