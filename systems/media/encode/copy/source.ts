import { type FileHandle, open } from "node:fs/promises";

import type { ByteRange } from "#ports/blobs/index.ts";

/** Bytes of a file that may lie anywhere. */
export interface ByteSource {
  size_bytes: number;
  /** Exactly `start ≤ i < end`. @throws when they are not there */
  read(start: number, end: number): Promise<Uint8Array>;
  /** False for bytes that have not arrived yet. Where this is missing, all are there. */
  has?(start: number, end: number): boolean;
}

/** What an index cannot be used for, as the end of a sentence: "it is encrypted". Never leaves this folder as an error. */
export class Unusable extends Error {
  override readonly name = "Unusable";
}

export interface Because {
  because: string;
}

/**
 * A file of this machine. It is read where it is asked for, never as a whole.
 * @param arrived where its bytes mean something, sorted; everywhere, where nothing is said
 */
export async function fileSource(path: string, arrived?: readonly ByteRange[]): Promise<ByteSource & AsyncDisposable> {
  const file = await open(path, "r");
  const { size } = await file.stat();
  return {
    size_bytes: size,
    read: (start, end) => readFrom(file, start, end),
    ...(arrived
      ? {
          has: (start: number, end: number) =>
            arrived.some((range) => range.start <= start && range.end_exclusive >= end),
        }
      : {}),
    [Symbol.asyncDispose]: () => file.close(),
  };
}

async function readFrom(file: FileHandle, start: number, end: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(end - start);
  let filled = 0;
  while (filled < bytes.length) {
    const { bytesRead } = await file.read(bytes, filled, bytes.length - filled, start + filled);
    if (bytesRead === 0) throw new RangeError(`the file ends before byte ${end}`);
    filled += bytesRead;
  }
  return bytes;
}

export function bytesSource(bytes: Uint8Array): ByteSource {
  return {
    size_bytes: bytes.length,
    async read(start, end) {
      if (start < 0 || end > bytes.length || start > end) throw new RangeError(`no bytes ${start}…${end}`);
      return bytes.slice(start, end);
    },
  };
}
