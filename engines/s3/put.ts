import { open, rm } from "node:fs/promises";

import { Transient } from "#kernel/errors.ts";
import type { BlobBody, CacheRule } from "#ports/blobs/index.ts";
import { onOwnTime } from "#ports/calls/index.ts";

import type { S3Client } from "./client.ts";
import { storedHeaders } from "./headers.ts";
import { escapeXml, textOf } from "./xml.ts";

/** What is held in memory of a body, and the size of a part where it is longer: 10,000 of them are 156 GiB. */
export const BLOCK_BYTES = 16 * 1024 * 1024;

/** One PUT where the body fits a block, parts where it does not. Nothing appears under the name before all of it is there. */
export async function putBody(
  client: S3Client,
  name: string,
  body: BlobBody,
  media_type: string,
  rule: CacheRule,
): Promise<void> {
  const headers = storedHeaders(name, media_type, rule);
  const blocks = blocksOf(body instanceof Uint8Array ? [body] : "path" in body ? fileChunks(body.path) : body);
  const first = (await blocks.next()).value ?? new Uint8Array(0);
  const second = await blocks.next();
  if (second.done) {
    await client.call({ method: "PUT", name, headers, body: first });
  } else {
    await putParts(client, name, headers, first, second.value, blocks);
  }
  if (!(body instanceof Uint8Array) && "path" in body && body.move) await rm(body.path, { force: true });
}

async function putParts(
  client: S3Client,
  name: string,
  headers: Record<string, string>,
  first: Uint8Array<ArrayBuffer>,
  second: Uint8Array<ArrayBuffer>,
  rest: AsyncGenerator<Uint8Array<ArrayBuffer>>,
): Promise<void> {
  const begun = await (await client.call({ method: "POST", name, query: { uploads: "" }, headers })).text();
  const uploadId = textOf(begun, "UploadId");
  if (uploadId === null) throw new Transient("S3 began an upload without giving its id");
  const etags: string[] = [];
  const send = async (body: Uint8Array<ArrayBuffer>) => {
    const query = { partNumber: String(etags.length + 1), uploadId };
    etags.push((await client.call({ method: "PUT", name, query, body })).headers.get("etag") ?? "");
  };
  try {
    await send(first);
    await send(second);
    for await (const block of rest) await send(block);
    const list = etags.map(
      (etag, i) => `<Part><PartNumber>${i + 1}</PartNumber><ETag>${escapeXml(etag)}</ETag></Part>`,
    );
    const body = `<CompleteMultipartUpload>${list.join("")}</CompleteMultipartUpload>`;
    await client.call({ method: "POST", name, query: { uploadId }, body });
  } catch (error) {
    // Best effort, also for who has gone: what stays open is found by `listOpen`. The first failure is the one to tell.
    await onOwnTime(() => client.call({ method: "DELETE", name, query: { uploadId } })).catch(() => {});
    throw error;
  }
}

/** Chunks of any size as blocks of `BLOCK_BYTES`, the last one shorter. Each block is its own memory. */
export async function* blocksOf(
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): AsyncGenerator<Uint8Array<ArrayBuffer>, undefined> {
  let waiting: Uint8Array[] = [];
  let size = 0;
  const join = () => {
    const block = new Uint8Array(size);
    let at = 0;
    for (const part of waiting) {
      block.set(part, at);
      at += part.length;
    }
    waiting = [];
    size = 0;
    return block;
  };
  for await (const chunk of chunks) {
    for (let at = 0; at < chunk.length;) {
      const part = chunk.slice(at, at + BLOCK_BYTES - size);
      waiting.push(part);
      size += part.length;
      at += part.length;
      if (size === BLOCK_BYTES) yield join();
    }
  }
  if (size > 0) yield join();
}

async function* fileChunks(path: string): AsyncGenerator<Uint8Array> {
  const file = await open(path, "r");
  try {
    const buffer = new Uint8Array(1024 * 1024);
    for (;;) {
      const { bytesRead } = await file.read(buffer, 0, buffer.length);
      if (bytesRead === 0) return;
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    await file.close();
  }
}
