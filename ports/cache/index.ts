/**
 * A bounded local cache with single-flight. A value may be thrown away at any moment; nothing but speed rests on it.
 */
export interface Caches {
  /** Makes a named cache; its hits, misses, evictions and bytes are metrics under that name. */
  create<V>(options: CacheOptions<V>): Cache<V>;
  stats(): CacheStats[];
}

export interface Cache<V> {
  /**
   * The value, or what `load` gives. Concurrent callers of one key share one load. A failed load is not kept. A caller
   * whose `signal` fires leaves; the load goes on for the others. `null` from `load` is a negative entry (short TTL).
   */
  get(key: string, load: (signal: AbortSignal) => Promise<V | null>, options?: { signal?: AbortSignal; tenant?: string }): Promise<V | null>;
  /** What is there now, without loading. */
  peek(key: string): V | undefined;
  set(key: string, value: V, tenant?: string): void;
  /** Also marks loads under way as stale, so that a read begun before a write never fills the cache after it. */
  delete(key: string): void;
  clear(): void;
}

export interface CacheOptions<V> {
  name: string;
  /** Part of every key; raise it when the shape of the values changes. */
  version: number;
  entries_max: number;
  bytes_max?: number;
  size_of?: (value: V) => number;
  ttl_ms: number;
  /** After `ttl_ms` the old value is still served for so long while one caller refreshes it. */
  stale_ms?: number;
  negative_ttl_ms?: number;
  /** Share of the byte or entry budget that one tenant may hold; 1 where nothing is said. */
  tenant_share_max?: number;
  loads_max?: number;
}

export interface CacheStats {
  name: string;
  entries: number;
  bytes: number;
  hits: number;
  misses: number;
  evictions: number;
  loads: number;
}
