/**
 * Who was counted already, for many subjects in one piece of memory, so that a person counts once however often they act.
 * The first few are kept exactly (32 bits each); then the same bytes become a HyperLogLog, and each newcomer who changes it
 * counts 1 / (the chance that one changes it), which keeps the sum unbiased (the "historic inverse probability" estimate of
 * Cohen 2015 and Ting 2014). Whoever came before never changes it, so repeats add exactly nothing.
 */
export interface PeopleSets {
  /** @returns how many people this one stands for: 0 where they were counted, 1 while all are known, more later */
  add(slot: number, hash: number): number;
  reset(slot: number): void;
  /** All of the first `size` slots, as text. */
  save(size: number): SavedPeople;
  load(saved: SavedPeople): void;
  readonly bytes: number;
}

export interface SavedPeople {
  kept: string;
  memory: string;
}

const IS_SKETCH = 0xffff;

/** @param registers per slot: a power of two, and a fourth of it is how many are exact */
export function createPeopleSets(slots: number, registers: number): PeopleSets {
  const exact_max = registers / 4;
  const memory = new Uint8Array(slots * registers);
  const hashes = new Uint32Array(memory.buffer);
  const kept = new Uint16Array(slots);
  /** Of each sketch: the sum of 2^-register. Divided by the number of registers it is the chance that a newcomer changes it. */
  const room = new Float64Array(slots);

  function intoSketch(slot: number, hash: number): number {
    const at = slot * registers + (hash & (registers - 1));
    const rank = Math.clz32(mix(hash)) + 1;
    const was = memory[at]!;
    if (rank <= was) return 0;
    const stands_for = registers / room[slot]!;
    memory[at] = rank;
    room[slot] = room[slot]! - 2 ** -was + 2 ** -rank;
    return stands_for;
  }

  function becomeSketch(slot: number): void {
    const from = slot * exact_max;
    const known = hashes.slice(from, from + exact_max);
    memory.fill(0, slot * registers, (slot + 1) * registers);
    room[slot] = registers;
    kept[slot] = IS_SKETCH;
    for (const hash of known) intoSketch(slot, hash);
  }

  return {
    bytes: memory.byteLength + kept.byteLength + room.byteLength,
    add(slot, hash) {
      const n = kept[slot]!;
      if (n === IS_SKETCH) return intoSketch(slot, hash);
      const from = slot * exact_max;
      for (let i = from; i < from + n; i++) if (hashes[i] === hash) return 0;
      if (n < exact_max) {
        hashes[from + n] = hash;
        kept[slot] = n + 1;
        return 1;
      }
      becomeSketch(slot);
      return intoSketch(slot, hash);
    },
    reset(slot) {
      kept[slot] = 0;
    },
    save: (size) => ({
      kept: textOf(kept.subarray(0, size)),
      memory: memory.subarray(0, size * registers).toBase64(),
    }),
    load(saved) {
      const known = numbersOf(saved.kept, Uint16Array);
      const bytes = Uint8Array.fromBase64(saved.memory);
      if (known.length > slots || bytes.length !== known.length * registers)
        throw new RangeError("these people do not fit");
      kept.set(known);
      memory.set(bytes);
      for (let slot = 0; slot < known.length; slot++) {
        let sum = 0;
        for (let i = slot * registers; i < (slot + 1) * registers; i++) sum += 2 ** -memory[i]!;
        room[slot] = sum;
      }
    },
  };
}

/** MurmurHash3's last step: every bit of the answer hangs on every bit of the hash, so place and rank are as if independent. */
function mix(hash: number): number {
  let h = hash;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** Numbers as text and back, as they lie in memory. */
export const textOf = (numbers: Float64Array | Float32Array | Uint16Array): string =>
  new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength).toBase64();

export function numbersOf<T>(text: string, kind: new (buffer: ArrayBuffer) => T): T {
  return new kind(Uint8Array.fromBase64(text).slice().buffer);
}
