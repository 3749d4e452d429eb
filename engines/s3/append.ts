import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { type FileHandle, mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { AppendOptions } from "#ports/blobs/index.ts";

import type { S3Client } from "./client.ts";
import { readList } from "./lists.ts";
import { textOf, textsOf } from "./xml.ts";

/**
 * S3 takes no part below 5 MiB and gives back nothing of an upload that is open. What a call leaves of an unfinished part
 * is therefore an object of its own, `<name>.tail/<part>/<where it begins>`, durable and seen by every node; the call that
 * fills the part gathers them. Each byte of a tail is written and read once more.
 */
export interface Tails {
  /** Bytes of part `part_number` before `end`, in order. @throws Error when some are missing */
  gather(part_number: number, end: number, into: FileHandle): Promise<string[]>;
  put(part_number: number, at: number, file: SpooledFile): Promise<void>;
  drop(keys: string[]): Promise<void>;
  dropAll(): Promise<void>;
}

/** Bytes of one part on this node's disk; only ever a copy. */
export interface SpooledFile {
  path: string;
  size_bytes: number;
  /** base64 */
  md5: string;
}

/** More pieces than this of one part become one. */
const PIECES_MAX = 64;

interface AppendNeeds {
  client: S3Client;
  tmp_folder: string | undefined;
  tails: Tails;
  putPart: (part_number: number, file: SpooledFile) => Promise<void>;
}

export async function appendToS3(
  needs: AppendNeeds,
  at_bytes: number,
  body: AsyncIterable<Uint8Array>,
  { part_size_bytes, isEnd, durable }: AppendOptions,
): Promise<number> {
  await using scratch = await openSpool(needs.tmp_folder);
  let at = at_bytes;
  let spool = await scratch.begin();
  const numberOf = (offset: number) => Math.floor(offset / part_size_bytes) + 1;

  /** The part that ends here becomes one, with what earlier calls left of it. */
  const seal = async (part_number: number): Promise<string[]> => {
    const start = (part_number - 1) * part_size_bytes;
    const fresh = await spool.end();
    const inPart = at - start - fresh.size_bytes;
    let pieces: string[] = [];
    if (inPart === 0) {
      await needs.putPart(part_number, fresh);
    } else {
      const whole = await scratch.begin();
      pieces = await needs.tails.gather(part_number, inPart, whole.handle);
      await whole.takeOver(inPart, fresh.path);
      await needs.putPart(part_number, await whole.end());
    }
    spool = await scratch.begin();
    return pieces;
  };

  for await (const chunk of body) {
    for (let done = 0; done < chunk.byteLength;) {
      const left = part_size_bytes - (at % part_size_bytes);
      const take = Math.min(left, chunk.byteLength - done);
      const part_number = numberOf(at);
      await spool.write(chunk.subarray(done, done + take));
      at += take;
      done += take;
      if (take < left) continue;
      const pieces = await seal(part_number);
      // Until the caller has written the offset down, it may come back to before this part.
      if (durable) {
        await durable(at);
        await needs.tails.drop(pieces);
      }
    }
  }
  if (at === at_bytes || at % part_size_bytes === 0) return at;
  const part_number = numberOf(at);
  if (isEnd(at)) await seal(part_number);
  else {
    const fresh = await spool.end();
    await needs.tails.put(part_number, at - (part_number - 1) * part_size_bytes - fresh.size_bytes, fresh);
  }
  return at;
}

export function tailsOf(client: S3Client, key_prefix: string, name: string, tmp_folder: string | undefined): Tails {
  const base = `${name}.tail/`;
  const keyOf = (part_number: number, at: number) => `${base}${part_number}/${String(at).padStart(12, "0")}`;
  const list = async (prefix: string): Promise<{ name: string; at: number }[]> => {
    const query = { "list-type": "2", prefix: key_prefix + prefix, "max-keys": "1000" };
    const xml = await readList(client, { method: "GET", query });
    return textsOf(xml, "Contents").map((item) => {
      const key = (textOf(item, "Key") ?? "").slice(key_prefix.length);
      return { name: key, at: Number(key.slice(key.lastIndexOf("/") + 1)) };
    });
  };
  const drop = async (names: string[]) => {
    for (const one of names) await client.call({ method: "DELETE", name: one });
  };

  const gather: Tails["gather"] = async (part_number, end, into) => {
    const names: string[] = [];
    let at = 0;
    const pieces = await list(`${base}${part_number}/`);
    for (const [i, piece] of pieces.entries()) {
      names.push(piece.name);
      // What a call wrote that died before it was acknowledged lies behind the end, or behind where the next one began.
      if (piece.at >= end) continue;
      const until = Math.min(end, pieces[i + 1]?.at ?? end);
      if (piece.at !== at) throw new Error(`the tail of ${name} has a hole at ${at} of part ${part_number}`);
      const { body } = await client.call({ method: "GET", name: piece.name });
      for await (const all of body ?? new Blob([]).stream()) {
        const chunk = all.subarray(0, until - at);
        for (let done = 0; done < chunk.length;) {
          done += (await into.write(chunk, done, chunk.length - done, at + done)).bytesWritten;
        }
        at += chunk.length;
      }
    }
    if (at !== end) throw new Error(`the tail of ${name} ends at ${at} of part ${part_number}, not at ${end}`);
    return names;
  };

  return {
    gather,
    drop,
    async put(part_number, at, file) {
      const pieces = at === 0 ? [] : await list(`${base}${part_number}/`);
      if (pieces.length < PIECES_MAX) return putFile(client, keyOf(part_number, at), file);
      await using scratch = await openSpool(tmp_folder);
      const whole = await scratch.begin();
      const old = await gather(part_number, at, whole.handle);
      await whole.takeOver(at, file.path);
      // Over the first piece, in one step: before it all are there, after it the others say nothing new.
      await putFile(client, keyOf(part_number, 0), await whole.end());
      await drop(old.filter((one) => one !== keyOf(part_number, 0)));
    },
    async dropAll() {
      for (;;) {
        const names = (await list(base)).map((piece) => piece.name);
        await drop(names);
        if (names.length < 1000) return;
      }
    },
  };
}

async function putFile(client: S3Client, name: string, file: SpooledFile): Promise<void> {
  await client.call({ method: "PUT", name, file });
}

interface Spool {
  handle: FileHandle;
  write(chunk: Uint8Array): Promise<void>;
  /** Appends another file after `at` bytes that were written past us. */
  takeOver(at: number, path: string): Promise<void>;
  end(): Promise<SpooledFile>;
}

/** A folder of files that live as long as one call. */
export async function openSpool(
  tmp_folder: string | undefined,
): Promise<AsyncDisposable & { begin(): Promise<Spool> }> {
  const folder = await mkdtemp(join(tmp_folder ?? tmpdir(), "folkhus-part-"));
  const handles = new Set<FileHandle>();
  let files = 0;
  return {
    async begin() {
      const path = join(folder, String(files++));
      const handle = await open(path, "wx+", 0o600);
      handles.add(handle);
      let md5 = createHash("md5");
      let size_bytes = 0;
      const write = async (chunk: Uint8Array) => {
        for (let done = 0; done < chunk.length;)
          done += (await handle.write(chunk, done, chunk.length - done, size_bytes + done)).bytesWritten;
        md5.update(chunk);
        size_bytes += chunk.length;
      };
      return {
        handle,
        write,
        async takeOver(at, from) {
          md5 = createHash("md5");
          size_bytes = 0;
          if (at > 0) {
            for await (const chunk of createReadStream(path, { end: at - 1 })) md5.update(chunk as Uint8Array);
            size_bytes = at;
          }
          for await (const chunk of createReadStream(from)) await write(chunk as Uint8Array);
        },
        async end() {
          handles.delete(handle);
          await handle.close();
          return { path, size_bytes, md5: md5.digest("base64") };
        },
      };
    },
    async [Symbol.asyncDispose]() {
      for (const handle of handles) await handle.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
