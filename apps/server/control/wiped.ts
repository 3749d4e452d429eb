import type { Cache, CacheOptions, Caches } from "#ports/cache/index.ts";

/** The caches of this process, which all can be emptied at once. */
export interface WipedCaches extends Caches {
  /** @returns how many there are */
  wipe(): number;
}

export function wipeable(caches: Caches): WipedCaches {
  const made: { clear(): void }[] = [];
  return {
    ...caches,
    create<V extends {}>(options: CacheOptions<V>): Cache<V> {
      const cache = caches.create(options);
      made.push(cache);
      return cache;
    },
    stats: () => caches.stats(),
    wipe() {
      for (const cache of made) cache.clear();
      return made.length;
    },
  };
}
