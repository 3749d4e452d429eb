import { LRUCache } from "lru-cache";

import type { CacheOptions } from "./index.ts";

export interface Entry<V> {
  /** `null` says: it was looked for and is not there. */
  value: V | null;
  fresh_until: number;
  stale_until: number;
}

/** The bounded room: entries, bytes and the share of each tenant. */
export interface Shelf<V> {
  get(key: string): Entry<V> | undefined;
  peek(key: string): Entry<V> | undefined;
  set(key: string, entry: Entry<V>, tenant?: string): void;
  delete(key: string): void;
  clear(): void;
  /** Leaves so much of what is held now; the longest unused goes. */
  shrink(share: number): void;
  counts(): { entries: number; bytes: number; evictions: number };
}

interface Held<V> extends Entry<V> {
  bytes: number;
  tenant: Tenant | null;
}

interface Tenant {
  name: string;
  bytes: number;
  /** In order of use, the longest unused first. */
  keys: Set<string>;
}

/** Of the longest unused, so many are asked whether their tenant holds more than its part. */
const LOOKED_AT = 8;

export function createShelf<V extends {}>(options: CacheOptions<V>): Shelf<V> {
  const { entries_max, size_of } = options;
  const bytes_max = options.bytes_max ?? Number.POSITIVE_INFINITY;
  const share = options.tenant_share_max ?? 1;
  if (options.bytes_max !== undefined && !size_of)
    throw new RangeError(`cache ${options.name}: bytes_max needs size_of`);
  if (!(entries_max >= 1) || !(bytes_max >= 1) || !(share > 0 && share <= 1)) {
    throw new RangeError(`cache ${options.name}: bounds must be positive, and a share at most 1`);
  }
  const tenant_entries_max = Math.max(1, Math.floor(entries_max * share));
  const tenant_bytes_max = bytes_max * share;
  const tenants = new Map<string, Tenant>();
  let bytes = 0;
  let evictions = 0;

  const lru = new LRUCache<string, Held<V>>({
    max: entries_max,
    // Bytes are counted here rather than by `maxSize`, which needs a size of at least 1 and cannot tell tenants apart.
    dispose(held, key, reason) {
      bytes -= held.bytes;
      if (reason === "evict") evictions += 1;
      const { tenant } = held;
      if (!tenant) return;
      tenant.bytes -= held.bytes;
      // Replaced in place: `set` has put the key in its new holder's list, or will.
      tenant.keys.delete(key);
      if (tenant.keys.size === 0) tenants.delete(tenant.name);
    },
  });

  const evict = (key: string) => {
    evictions += 1;
    lru.delete(key);
  };
  const tenantOf = (name: string | undefined): Tenant | null => {
    if (name === undefined) return null;
    let tenant = tenants.get(name);
    if (!tenant) tenants.set(name, (tenant = { name, bytes: 0, keys: new Set() }));
    return tenant;
  };

  /** More than an equal part of the whole for everybody who is here; what has no tenant counts as one. */
  const holdsTooMuch = ({ keys, bytes: held }: Tenant) =>
    keys.size * (tenants.size + 1) > entries_max || held * (tenants.size + 1) > bytes_max;

  /**
   * Makes room for one more. Whoever holds more than an equal part pays with its own; else somebody does who holds more, if one of the
   * longest unused is theirs; else the longest unused goes.
   */
  const makeRoom = (tenant: Tenant | null) => {
    if (tenant !== null && tenant.keys.size > 0 && holdsTooMuch(tenant)) {
      for (const oldest of tenant.keys) return evict(oldest);
    }
    if (tenants.size > 0) {
      let looked = 0;
      for (const key of lru.rkeys()) {
        const holder = lru.peek(key)?.tenant;
        if (holder && holdsTooMuch(holder)) return evict(key);
        if ((looked += 1) >= LOOKED_AT) break;
      }
    }
    lru.pop();
  };

  return {
    get(key) {
      const held = lru.get(key);
      if (held?.tenant) {
        held.tenant.keys.delete(key);
        held.tenant.keys.add(key);
      }
      return held;
    },
    peek: (key) => lru.peek(key),
    set(key, entry, tenant_name) {
      lru.delete(key);
      const size = entry.value === null || !size_of ? 0 : size_of(entry.value);
      // It would push out everything else and then not fit: better without it.
      if (!(size <= (tenant_name === undefined ? bytes_max : tenant_bytes_max))) return;
      const tenant = tenantOf(tenant_name);
      if (tenant) {
        for (const oldest of tenant.keys) {
          if (tenant.keys.size < tenant_entries_max && tenant.bytes + size <= tenant_bytes_max) break;
          evict(oldest);
        }
      }
      while ((bytes + size > bytes_max || lru.size >= entries_max) && lru.size > 0) makeRoom(tenant);
      if (tenant) {
        // Emptied to make room, it was taken from the map.
        tenants.set(tenant.name, tenant);
        tenant.keys.add(key);
        tenant.bytes += size;
      }
      bytes += size;
      lru.set(key, { ...entry, bytes: size, tenant });
    },
    delete(key) {
      lru.delete(key);
    },
    clear() {
      lru.clear();
    },
    shrink(to) {
      const left = Math.floor(lru.size * to);
      while (lru.size > left) lru.pop();
    },
    counts: () => ({ entries: lru.size, bytes, evictions }),
  };
}
