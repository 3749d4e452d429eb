import type { Cache } from "#ports/cache/index.ts";
import { onOwnTime } from "#ports/calls/index.ts";

/**
 * Many keys at once: what is here is taken, the rest is read in one go, each key under its own single flight, so that a
 * change meanwhile keeps what was read before it out of the cache.
 * @returns in the order of `keys`; undefined for what is not there
 */
export function cachedMany<K extends string, V extends {}>(
  cache: Cache<V>,
  keys: readonly K[],
  loadMany: (keys: K[]) => Promise<ReadonlyMap<K, V>>,
): (V | undefined)[] | Promise<(V | undefined)[]> {
  const found = cache.peekMany(keys);
  let missing: Set<K> | null = null;
  for (let i = 0; i < found.length; i++) if (found[i] === undefined) (missing ??= new Set()).add(keys[i]!);
  return missing === null ? found : withMissing(cache, keys, found, missing, loadMany);
}

async function withMissing<K extends string, V extends {}>(
  cache: Cache<V>,
  keys: readonly K[],
  found: (V | undefined)[],
  missing: ReadonlySet<K>,
  loadMany: (keys: K[]) => Promise<ReadonlyMap<K, V>>,
): Promise<(V | undefined)[]> {
  let batch: Promise<ReadonlyMap<K, V>> | null = null;
  const asked: K[] = [];
  // The cache asks for each key in this very turn, so one query a moment later knows them all.
  // It is not the first key's alone: others may wait for any of them when nobody waits for that one any more.
  const read = () => (batch ??= onOwnTime(() => Promise.resolve().then(() => loadMany(asked))));
  const loads = [...missing].map(async (key) => {
    const value = await cache.get(key, async () => {
      asked.push(key);
      return (await read()).get(key) ?? null;
    });
    return [key, value] as const;
  });
  const loaded = new Map(await Promise.all(loads));
  return found.map((value, i) => value ?? loaded.get(keys[i]!) ?? undefined);
}
