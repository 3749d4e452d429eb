/**
 * A bounded local cache with single-flight. A value may be thrown away at any moment; nothing but speed rests on it.
 * Values are handed out as they are, never copied: treat them as frozen.
 */
export interface Caches {
  /** Makes a named cache; its hits, misses, evictions and bytes are metrics under that name. A name is given once. */
  create<V extends {}>(options: CacheOptions<V>): Cache<V>;
  stats(): CacheStats[];
  /** Leaves each cache so much of what it holds at most, what was unused longest goes first. For when memory is short. */
  shrink(share: number): void;
}

export interface Cache<V extends {}> {
  /**
   * The value, or what `load` gives. Concurrent callers of one key share one load. A failed load is not kept. A caller
   * whose `signal` fires leaves; the load goes on for the others, and is aborted when the last one has left. `null` from
   * `load` is a negative entry (short TTL).
   * @throws Problem 503 `cache.busy` when `loads_max` other keys are being loaded
   */
  get(key: string, load: Load<V>, options?: { signal?: AbortSignal; tenant?: string }): Promise<V | null>;
  /** What is there now and not yet too old, without loading. */
  peek(key: string): V | undefined;
  /** The same for many, in their order, by one look at the clock. */
  peekMany(keys: readonly string[]): (V | undefined)[];
  set(key: string, value: V, tenant?: string): void;
  /** Also marks loads under way as stale, so that a read begun before a write never fills the cache after it. */
  delete(key: string): void;
  clear(): void;
}

export type Load<V> = (signal: AbortSignal) => Promise<V | null>;

export interface CacheOptions<V> {
  name: string;
  /** Part of every key where caches are shared between processes; raise it when the shape of the values changes. */
  version: number;
  entries_max: number;
  /** A value larger than this (or than its tenant's share) is given but not kept. Needs `size_of`. */
  bytes_max?: number;
  size_of?: (value: V) => number;
  ttl_ms: number;
  /** After `ttl_ms` the old value is still served for so long while one caller refreshes it. */
  stale_ms?: number;
  /** 1 s where nothing is said, and never longer than `ttl_ms`; 0 keeps no negative entries. */
  negative_ttl_ms?: number;
  /** Whose a value is, where `get` and `set` do not say. */
  tenant_of?: (value: V) => string | undefined;
  /** Share of the byte and of the entry budget that one tenant may hold; 1 where nothing is said. */
  tenant_share_max?: number;
  /** Keys being loaded at once; `LOADS_MAX` where nothing is said. */
  loads_max?: number;
}

export interface CacheStats {
  name: string;
  entries: number;
  bytes: number;
  hits: number;
  /** Hits on a value that was past its time and is being refreshed; counted in `hits` too. */
  stale_hits: number;
  misses: number;
  evictions: number;
  /** Loads begun, and those that failed; a failed refresh of a stale value is seen here only. */
  loads: number;
  load_failures: number;
  /** Loads refused at `loads_max`. */
  refusals: number;
}

export { KEY_CHARS_MAX, keyOf } from "./keys.ts";
export { createLocalCaches, LOADS_MAX, NEGATIVE_TTL_MS } from "./local.ts";
