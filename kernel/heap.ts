/**
 * The merge of k lists that are sorted from the newest: a binary heap of their heads, in typed arrays, without an object
 * per item. Building costs k, each taken item log k.
 */
export interface Heads {
  /** Number of sources that still have a head. */
  readonly size: number;
  /** The largest key; `NaN` when empty. */
  key(): number;
  /** The source whose head that is; -1 when empty. */
  source(): number;
  /** The top source's next key, which must not be larger than its last. */
  replace(key: number): void;
  /** The top source has no more. */
  pop(): void;
}

/**
 * @param keys the first key of each source, by the source's index; sources with `NaN` have none. Taken over while in use.
 * @param count how many sources there are, where `keys` has room for more
 * @param sources room for as many, where a caller keeps it for the next time
 */
export function createHeads(
  keys: Float64Array,
  count = keys.length,
  sources: Int32Array = new Int32Array(count),
): Heads {
  let size = 0;
  for (let i = 0; i < count; i++) {
    const key = keys[i]!;
    if (Number.isNaN(key)) continue;
    keys[size] = key;
    sources[size] = i;
    size += 1;
  }

  const sink = (from: number) => {
    const key = keys[from]!;
    const source = sources[from]!;
    let at = from;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= size) break;
      if (child + 1 < size && keys[child + 1]! > keys[child]!) child += 1;
      if (keys[child]! <= key) break;
      keys[at] = keys[child]!;
      sources[at] = sources[child]!;
      at = child;
    }
    keys[at] = key;
    sources[at] = source;
  };
  for (let i = (size >> 1) - 1; i >= 0; i--) sink(i);

  return {
    get size() {
      return size;
    },
    key: () => (size > 0 ? keys[0]! : Number.NaN),
    source: () => (size > 0 ? sources[0]! : -1),
    replace(key) {
      keys[0] = key;
      sink(0);
    },
    pop() {
      size -= 1;
      keys[0] = keys[size]!;
      sources[0] = sources[size]!;
      if (size > 0) sink(0);
    },
  };
}
