/** Sets of small numbers, one bit each, as they are stored. */
export const hasBit = (bits: Uint8Array, n: number): boolean => ((bits[n >> 3] ?? 0) & (1 << (n & 7))) !== 0;

/** @returns the same set with `n` in it; a longer one where it was too short */
export function withBit(bits: Uint8Array, n: number): Uint8Array {
  const wide = n >> 3 < bits.length ? bits : new Uint8Array((n >> 3) + 1);
  if (wide !== bits) wide.set(bits);
  wide[n >> 3] = wide[n >> 3]! | (1 << (n & 7));
  return wide;
}

export function countBits(bits: Uint8Array): number {
  let count = 0;
  for (let byte of bits) for (; byte !== 0; byte &= byte - 1) count += 1;
  return count;
}
