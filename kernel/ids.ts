/**
 * Snowflake ids: 41 bits of milliseconds since the epoch below, 10 bits of node, 12 bits of sequence.
 * `bigint` in SQL, decimal strings everywhere else. An id is a name and a rough time, never a cursor over a log.
 */
export type Id<Of extends string> = string & { readonly __of?: Of };
export type PersonId = Id<"person">;
export type SpaceId = Id<"space">;
export type UploadId = Id<"upload">;
export type VideoId = Id<"video">;
export type ImageId = Id<"image">;
export type PostId = Id<"post">;
export type CommentId = Id<"comment">;

/** 2025-01-01T00:00:00Z: 41 bits last until 2094. */
export const EPOCH_MS = 1_735_689_600_000;
export const NODE_MAX = 1023;
const SEQUENCE_MAX = 4095;

export interface Ids {
  /** The next id, strictly greater than every id that this generator gave before. */
  next<Of extends string>(): Id<Of>;
}

/**
 * @param node leased number 0…1023; two live generators must never share one (`ports/sql/node-lease.ts`)
 * @param now milliseconds since 1970. A clock that steps back is ignored until it has caught up, so no id repeats.
 */
export function createIds(node: number, now: () => number): Ids {
  if (!Number.isInteger(node) || node < 0 || node > NODE_MAX) throw new RangeError(`node ${node} is not 0…${NODE_MAX}`);
  const nodeBits = BigInt(node) << 12n;
  let lastMs = 0;
  let sequence = 0;
  return {
    next() {
      const ms = now() - EPOCH_MS;
      if (ms > lastMs) {
        lastMs = ms;
        sequence = 0;
      } else if (sequence < SEQUENCE_MAX) {
        sequence += 1;
      } else {
        // 4,096 ids in one ms: borrow from the next one instead of waiting.
        lastMs += 1;
        sequence = 0;
      }
      return ((BigInt(lastMs) << 22n) | nodeBits | BigInt(sequence)).toString();
    },
  };
}

/** Milliseconds since 1970 at which the id was made. */
export const idTimeMs = (id: string): number => Number(BigInt(id) >> 22n) + EPOCH_MS;

/** The smallest id that a moment could have; for range scans by time. */
export const idAtMs = (ms: number): string => (BigInt(Math.max(0, ms - EPOCH_MS)) << 22n).toString();

/** The largest `bigint` of SQL. */
export const BIGINT_MAX = 9_223_372_036_854_775_807n;

/** A decimal string that fits a positive `bigint`. */
export const isId = (text: string): boolean => /^[1-9][0-9]{0,18}$/.test(text) && BigInt(text) <= BIGINT_MAX;
