import { Problem } from "#kernel/errors.ts";

import { PART_BYTES_MAX, PART_BYTES_MIN, PARTS_AIM } from "../bounds.ts";

const STEP_BYTES = 1024 * 1024;

export interface Cut {
  part_size_bytes: number;
  part_count: number;
}

/** How a file is cut: 8 MiB parts for what most people send, larger ones so that a long film stays near 1,000. */
export function cutOf(size_bytes: number): Cut {
  const aimed = Math.ceil(size_bytes / PARTS_AIM / STEP_BYTES) * STEP_BYTES;
  const part_size_bytes = Math.min(Math.max(aimed, PART_BYTES_MIN), PART_BYTES_MAX);
  return { part_size_bytes, part_count: Math.ceil(size_bytes / part_size_bytes) };
}

/** Bytes of one part: all are equal but the last. */
export function partBytes(upload: Cut & { size_bytes: number }, part_number: number): number {
  const before = (part_number - 1) * upload.part_size_bytes;
  return Math.min(upload.part_size_bytes, upload.size_bytes - before);
}

/** @throws Problem 422 `upload.part_unknown` for a number that this upload does not have, or has twice */
export function checkNumbers(part_count: number, numbers: number[]): void {
  const seen = new Set<number>();
  for (const number of numbers) {
    if (number > part_count) {
      throw new Problem(
        422,
        "upload.part_unknown",
        `This upload has the parts 1 to ${part_count}; there is no part ${number}.`,
      );
    }
    if (seen.has(number))
      throw new Problem(422, "upload.part_unknown", `Part ${number} is named twice. Name each part once.`);
    seen.add(number);
  }
}

/** @throws Problem 422 `upload.part_unknown` or `upload.part_missing` unless these are all parts, each once */
export function checkAllThere(part_count: number, numbers: number[]): void {
  checkNumbers(part_count, numbers);
  if (numbers.length === part_count) return;
  const there = new Set(numbers);
  const missing = Array.from({ length: part_count }, (_, i) => i + 1).filter((n) => !there.has(n));
  const shown = missing.slice(0, 10).join(", ") + (missing.length > 10 ? ", …" : "");
  throw new Problem(
    422,
    "upload.part_missing",
    `${missing.length} of ${part_count} parts are missing: ${shown}. Send them and complete again.`,
  );
}

/** `"abc"`, `W/"abc"` and `abc` are the same tag: some clients strip the quotes and some proxies weaken it. */
export const plainEtag = (etag: string): string => etag.replace(/^W\//, "").replaceAll('"', "");
