import { createHash, timingSafeEqual } from "node:crypto";

import { Problem } from "#kernel/errors.ts";
import type { Clock } from "#ports/clock/index.ts";

import { BODY_STALL_MS_MAX } from "../bounds.ts";
import type { Writer } from "./writers.ts";

/** How a body ended. */
export interface Came {
  /** Why it broke off before its end; null where it came to it. */
  broken: string | null;
  too_long: boolean;
}

export interface PourHow {
  clock: Clock;
  /** Bytes that may come. */
  room: number;
  check: { algorithm: string; digest: Uint8Array } | null;
  writer: Pick<Writer, "cut" | "alive">;
  signal: AbortSignal | null;
}

/**
 * A body as it comes from a line: one that breaks, stalls or is cut ends quietly, so that what came is kept; unless a
 * checksum was promised for the whole, for then half of it is worth nothing.
 */
export function pour(
  body: AsyncIterable<Uint8Array> | null,
  how: PourHow,
): { chunks(): AsyncGenerator<Uint8Array>; seen(): Came } {
  const seen: Came = { broken: null, too_long: false };
  return { chunks, seen: () => seen };

  async function* chunks(): AsyncGenerator<Uint8Array> {
    const { check } = how;
    const hash = check ? createHash(check.algorithm) : null;
    let left = how.room;
    for await (const chunk of body ? lined(body) : []) {
      how.writer.alive();
      if (chunk.byteLength > left) {
        seen.too_long = true;
        break;
      }
      left -= chunk.byteLength;
      hash?.update(chunk);
      yield chunk;
    }
    if (!hash || !check) return;
    const digest = hash.digest();
    if (
      seen.broken !== null ||
      seen.too_long ||
      digest.length !== check.digest.length ||
      !timingSafeEqual(digest, check.digest)
    ) {
      throw new Problem(
        460,
        "upload.checksum_mismatch",
        "These are not the bytes whose checksum you sent. Send them again.",
      );
    }
  }

  async function* lined(from: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    const iterator = from[Symbol.asyncIterator]();
    const { promise: cut, reject } = Promise.withResolvers<never>();
    cut.catch(() => {});
    const onCut = () => reject(how.writer.cut.reason as Error);
    const onSignal = () => reject(how.signal?.reason as Error);
    how.writer.cut.addEventListener("abort", onCut, { once: true });
    how.signal?.addEventListener("abort", onSignal, { once: true });
    if (how.writer.cut.aborted) onCut();
    if (how.signal?.aborted) onSignal();
    let heard_ms = how.clock.monotonic();
    const watch = how.clock.every(BODY_STALL_MS_MAX / 4, () => {
      if (how.clock.monotonic() - heard_ms >= BODY_STALL_MS_MAX) reject(new Error("nothing came for a while"));
    });
    try {
      for (;;) {
        const next = await Promise.race([iterator.next(), cut]);
        heard_ms = how.clock.monotonic();
        if (next.done) return;
        yield next.value;
      }
    } catch (error) {
      // What refuses its own bytes refuses them all; a line that broke or was cut only ends.
      if (error instanceof Problem && error !== how.writer.cut.reason) throw error;
      seen.broken = (error as Error).message;
    } finally {
      watch[Symbol.dispose]();
      how.writer.cut.removeEventListener("abort", onCut);
      how.signal?.removeEventListener("abort", onSignal);
      // Not awaited: a body that waits for its client would hold us; whoever owns the request ends it.
      void iterator.return?.().catch(() => {});
    }
  }
}
