/**
 * An entry's id as one `number` of 8 bytes, without losing a bit: its 63 bits are read as those of a double. Doubles that
 * are not negative sort as their bits do, so rings are compared and searched at the machine's own speed and a `bigint` is
 * made only for what is shown. (An id would become a NaN in 2094, when its 41 bits of time are nearly used up.)
 *
 * The sign says that the entry is a repost. Sort by `Math.abs`.
 */
const double = new Float64Array(1);
const bits = new BigInt64Array(double.buffer);

export function keyOf(id: string): number {
  bits[0] = BigInt(id);
  return double[0]!;
}

export function idOf(key: number): string {
  double[0] = Math.abs(key);
  return bits[0]!.toString();
}

export const BEFORE_ALL_KEYS = 0;
export const AFTER_ALL_KEYS = Number.POSITIVE_INFINITY;
