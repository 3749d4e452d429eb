import { Problem } from "#kernel/errors.ts";

/** What both engines answer about uploads, in the same words. */
export const uploadGone = () =>
  new Problem(410, "upload.gone", "This upload was completed, cancelled or cleared away. Begin a new one.");

export const partsAtOnce = (parts_max: number) =>
  new Problem(429, "upload.parts_at_once", `${parts_max} parts of this upload are on their way, which is the most.`, {
    retry_after_s: 5,
  });

export const partMismatch = (detail: string) => new Problem(422, "upload.part_mismatch", detail);

export const partSealed = (part_number: number) =>
  new Problem(
    409,
    "upload.part_sealed",
    `Part ${part_number} is being used already, with other bytes. Give this upload up and begin a new one.`,
  );

export const rangeRefused = (size_bytes: number) =>
  new Problem(416, "blob.range", `This blob has ${size_bytes} bytes.`, {
    headers: { "content-range": `bytes */${size_bytes}` },
  });

export const partTooLong = (size_bytes: number) =>
  new Problem(413, "upload.part_size", `This part was signed for ${size_bytes} bytes. Send exactly those.`);

export const partTooShort = (arrived_bytes: number, size_bytes: number) =>
  new Problem(422, "upload.part_size", `This part ended after ${arrived_bytes} of ${size_bytes} bytes. Send it again.`);
