/**
 * The heaviest of endlessly many subjects in a fixed number of counters (Metwally, Agrawal, El Abbadi: "Efficient computation
 * of frequent and top-k elements in data streams", 2005), with weights. A newcomer takes the place of the lightest and
 * inherits its weight as possible error. With k counters and W of weight in all, for every subject:
 *   count - error ≤ true weight ≤ count, the lightest count ≤ W / k, and whatever weighs more than W / k has a counter.
 * Scaling all of it by one factor keeps all of that, which is how it decays.
 */
export interface SpaceSaving {
  /** -1 where it has no counter. */
  find(key: string): number;
  /** Gives a key a counter: a free one, or the lightest's, whose weight it inherits. Only for a key that has none. */
  take(key: string): number;
  grow(slot: number, weight: number): void;
  /** Takes weight off that was put on; never below the possible error. */
  shrink(slot: number, weight: number): void;
  scale(factor: number): void;
  keyOf(slot: number): string;
  /** Never less than the truth. */
  count(slot: number): number;
  /** By how much at most the count is too high. */
  error(slot: number): number;
  /** Used counters are 0 … size - 1. */
  readonly size: number;
  load(key: string, count: number, error: number): number;
  readonly bytes: number;
}

export function createSpaceSaving(slots_max: number): SpaceSaving {
  const keys: string[] = [];
  const slots = new Map<string, number>();
  const counts = new Float64Array(slots_max);
  const errors = new Float64Array(slots_max);
  /** Slots, the lightest first, as a binary heap; and where each slot stands in it. */
  const heap = new Int32Array(slots_max);
  const places = new Int32Array(slots_max);

  const put = (at: number, slot: number) => {
    heap[at] = slot;
    places[slot] = at;
  };
  function sink(from: number): void {
    const slot = heap[from]!;
    const weight = counts[slot]!;
    const size = keys.length;
    let at = from;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= size) break;
      if (child + 1 < size && counts[heap[child + 1]!]! < counts[heap[child]!]!) child += 1;
      if (counts[heap[child]!]! >= weight) break;
      put(at, heap[child]!);
      at = child;
    }
    put(at, slot);
  }
  function rise(from: number): void {
    const slot = heap[from]!;
    const weight = counts[slot]!;
    let at = from;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (counts[heap[parent]!]! <= weight) break;
      put(at, heap[parent]!);
      at = parent;
    }
    put(at, slot);
  }
  function add(key: string, count: number, error: number): number {
    const slot = keys.length;
    keys.push(key);
    slots.set(key, slot);
    counts[slot] = count;
    errors[slot] = error;
    put(slot, slot);
    rise(slot);
    return slot;
  }

  return {
    get size() {
      return keys.length;
    },
    bytes: counts.byteLength + errors.byteLength + heap.byteLength + places.byteLength,
    find: (key) => slots.get(key) ?? -1,
    take(key) {
      if (keys.length < slots_max) return add(key, 0, 0);
      const slot = heap[0]!;
      slots.delete(keys[slot]!);
      keys[slot] = key;
      slots.set(key, slot);
      errors[slot] = counts[slot]!;
      return slot;
    },
    grow(slot, weight) {
      counts[slot] = counts[slot]! + weight;
      sink(places[slot]!);
    },
    shrink(slot, weight) {
      counts[slot] = Math.max(errors[slot]!, counts[slot]! - weight);
      rise(places[slot]!);
    },
    scale(factor) {
      for (let slot = 0; slot < keys.length; slot++) {
        counts[slot] = counts[slot]! * factor;
        errors[slot] = errors[slot]! * factor;
      }
    },
    keyOf: (slot) => keys[slot]!,
    count: (slot) => counts[slot]!,
    error: (slot) => errors[slot]!,
    load(key, count, error) {
      if (keys.length >= slots_max || slots.has(key)) throw new RangeError("there is no counter for this");
      return add(key, count, error);
    },
  };
}
