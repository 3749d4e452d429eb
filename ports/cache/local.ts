import { Problem } from "#kernel/errors.ts";
import { createFlights } from "#ports/calls/index.ts";
import type { Clock } from "#ports/clock/index.ts";

import type { Cache, CacheOptions, Caches, CacheStats, Load } from "./index.ts";
import { createShelf, type Entry, type Shelf } from "./shelf.ts";

export const LOADS_MAX = 256;
export const NEGATIVE_TTL_MS = 1_000;

export function createLocalCaches(needs: { clock: Clock }): Caches {
  const stats = new Map<string, () => CacheStats>();
  const shelves: { shrink(share: number): void }[] = [];
  return {
    create<V extends {}>(options: CacheOptions<V>) {
      if (stats.has(options.name)) throw new RangeError(`there is a cache ${options.name} already`);
      const shelf = createShelf(options);
      shelves.push(shelf);
      const counts = { hits: 0, stale_hits: 0, misses: 0, loads: 0, load_failures: 0, refusals: 0 };
      stats.set(options.name, () => ({ name: options.name, ...shelf.counts(), ...counts }));
      return createCache(options, shelf, counts, needs.clock);
    },
    stats: () => [...stats.values()].map((of) => of()),
    shrink(share) {
      for (const shelf of shelves) shelf.shrink(share);
    },
  };
}

const busy = () =>
  new Problem(503, "cache.busy", "Too much is being read at once. Try again in a second.", { retry_after_s: 1 });

type Counts = Pick<CacheStats, "hits" | "stale_hits" | "misses" | "loads" | "load_failures" | "refusals">;

function createCache<V extends {}>(options: CacheOptions<V>, shelf: Shelf<V>, counts: Counts, clock: Clock): Cache<V> {
  const { ttl_ms, stale_ms = 0 } = options;
  const negative_ttl_ms = Math.min(options.negative_ttl_ms ?? NEGATIVE_TTL_MS, ttl_ms);

  const keep = (key: string, value: V | null, told: string | undefined) => {
    const now = clock.monotonic();
    const tenant = told ?? (value === null ? undefined : options.tenant_of?.(value));
    if (value !== null)
      shelf.set(key, { value, fresh_until: now + ttl_ms, stale_until: now + ttl_ms + stale_ms }, tenant);
    else if (negative_ttl_ms > 0) {
      shelf.set(key, { value, fresh_until: now + negative_ttl_ms, stale_until: now + negative_ttl_ms }, tenant);
    } else shelf.delete(key);
  };
  const flights = createFlights<V | null>({ clock, at_once_max: options.loads_max ?? LOADS_MAX, counts, busy });

  /** The slow half of `get`, kept out of it so that a hit stays small enough to be inlined. */
  const miss = (
    entry: Entry<V> | undefined,
    now: number,
    key: string,
    load: Load<V>,
    given: { signal?: AbortSignal; tenant?: string } | undefined,
  ): Promise<V | null> => {
    if (entry && now < entry.stale_until) {
      counts.hits += 1;
      counts.stale_hits += 1;
      flights.refresh(key, load, (value) => keep(key, value, given?.tenant));
      return Promise.resolve(entry.value);
    }
    counts.misses += 1;
    const land = (value: V | null) => keep(key, value, given?.tenant);
    return flights.join(key, load, { signal: given?.signal, land });
  };

  return {
    get(key, load, given) {
      const entry = shelf.get(key);
      const now = clock.monotonic();
      if (entry !== undefined && now < entry.fresh_until) {
        counts.hits += 1;
        return Promise.resolve(entry.value);
      }
      return miss(entry, now, key, load, given);
    },
    peek(key) {
      const entry = shelf.peek(key);
      return entry && clock.monotonic() < entry.stale_until ? (entry.value ?? undefined) : undefined;
    },
    peekMany(keys) {
      const now = clock.monotonic();
      const found = new Array<V | undefined>(keys.length);
      for (let i = 0; i < keys.length; i++) {
        const entry = shelf.peek(keys[i]!);
        found[i] = entry !== undefined && now < entry.stale_until ? (entry.value ?? undefined) : undefined;
      }
      return found;
    },
    set(key, value, tenant) {
      flights.forget(key);
      keep(key, value, tenant);
    },
    delete(key) {
      flights.forget(key);
      shelf.delete(key);
    },
    clear() {
      flights.forgetAll();
      shelf.clear();
    },
  };
}
