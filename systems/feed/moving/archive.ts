import { open as openFile } from "node:fs/promises";
import type { Readable } from "node:stream";

import { type Entry, open, type ZipFile } from "yauzl";

import { Permanent } from "#kernel/errors.ts";

import { ARCHIVE_ENTRIES_MAX, ARCHIVE_UNPACKED_BYTES_MAX, OUTBOX_BYTES_MAX } from "./bounds.ts";

/**
 * An archive that somebody sent: nothing in it is believed. Names are only looked up, never written; what it says of sizes is
 * checked before and while bytes come out; and whatever is wrong refuses it whole, with a sentence.
 */
export interface Archive extends Disposable {
  /** An outbox of ActivityStreams, or Twitter's own lists. */
  kind: "outbox" | "tweets";
  /** The lists of posts, as text: one, or several where Twitter cut it into pieces. */
  lists: string[];
  /** A file that a post names, or null where the archive has none of that name. */
  file(name: string): ArchivedFile | null;
}

export interface ArchivedFile {
  name: string;
  size_bytes: number;
  /** @throws when more or less comes than it said */
  read(): Promise<AsyncIterable<Uint8Array>>;
}

/** @throws Permanent with what is wrong with it, for its owner */
export async function openArchive(path: string): Promise<Archive> {
  const kind = await kindOf(path);
  if (kind === "json") return { kind: "outbox", lists: [await textOf(path)], file: () => null, [Symbol.dispose]() {} };
  if (kind === "gzip")
    throw new Permanent(
      "This is a tar.gz archive. Unpack it, pack the folder as zip, and send that; or send its outbox.json alone.",
    );
  if (kind === null) throw new Permanent("This is neither a zip archive nor an outbox.json.");
  const zip = await opened(path);
  try {
    const entries = await entriesOf(zip);
    const outbox = first(entries, /^(?:[^/]+\/)?outbox\.json$/);
    const tweets = outbox === undefined ? tweetsIn(entries) : [];
    const lists = outbox === undefined ? tweets : [outbox];
    const [at] = lists;
    if (at === undefined)
      throw new Permanent("There is no outbox.json in this archive. Is it the archive of an account?");
    const base = at.slice(0, at.lastIndexOf("/") + 1);
    const bytes = lists.reduce((sum, name) => sum + entries.get(name)!.uncompressedSize, 0);
    if (bytes > OUTBOX_BYTES_MAX)
      throw new Permanent(
        `The list of posts in this archive has more than ${OUTBOX_BYTES_MAX / 1024 ** 2} MiB. Split it, and bring it in pieces.`,
      );
    const texts: string[] = [];
    for (const name of lists) {
      const entry = entries.get(name)!;
      texts.push(new TextDecoder().decode(await whole(await streamOf(zip, entry), entry.uncompressedSize)));
    }
    return {
      kind: outbox === undefined ? "tweets" : "outbox",
      lists: outbox === undefined ? texts.map(withoutName) : texts,
      file(name) {
        const found = entries.get(base + name.replace(/^\/+/, ""));
        if (!found) return null;
        return { name: found.fileName, size_bytes: found.uncompressedSize, read: () => streamOf(zip, found) };
      },
      [Symbol.dispose]: () => zip.close(),
    };
  } catch (error) {
    zip.close();
    throw error;
  }
}

const first = (entries: ReadonlyMap<string, Entry>, name: RegExp): string | undefined =>
  [...entries.keys()].filter((one) => name.test(one)).toSorted((a, b) => a.length - b.length)[0];

/** `data/tweets.js`, and `tweets-part1.js` … where there are many. */
function tweetsIn(entries: ReadonlyMap<string, Entry>): string[] {
  const at = first(entries, /^(?:[^/]+\/)?data\/tweets\.js$/);
  if (at === undefined) return [];
  const parts = [...entries.keys()].filter(
    (name) => name.startsWith(at.slice(0, -3)) && /-part\d{1,3}\.js$/.test(name.slice(at.length - 3)),
  );
  return [at, ...parts.toSorted()];
}

/** `window.YTD.tweets.part0 = [ … ]` is a list behind a name. */
const withoutName = (text: string): string => text.slice(Math.max(0, text.indexOf("=") + 1));

async function kindOf(path: string): Promise<"zip" | "json" | "gzip" | null> {
  await using file = await openFile(path, "r");
  const { buffer, bytesRead } = await file.read(Buffer.alloc(64), 0, 64, 0);
  const head = buffer.subarray(0, bytesRead);
  if (head[0] === 0x50 && head[1] === 0x4b) return "zip";
  if (head[0] === 0x1f && head[1] === 0x8b) return "gzip";
  return /^\ufeff?\s*[[{]/.test(new TextDecoder().decode(head)) ? "json" : null;
}

async function textOf(path: string): Promise<string> {
  await using file = await openFile(path, "r");
  const { size } = await file.stat();
  if (size > OUTBOX_BYTES_MAX)
    throw new Permanent(
      `This file has more than ${OUTBOX_BYTES_MAX / 1024 ** 2} MiB. Split it, and bring it in pieces.`,
    );
  return await file.readFile("utf8");
}

const refused = (because: string) => new Permanent(`This archive was refused: ${because}.`);

/** yauzl refuses names that lead out of a folder, absolute ones and backslashes; sizes are checked while bytes come. */
const opened = (path: string): Promise<ZipFile> =>
  new Promise((resolve, reject) => {
    open(
      path,
      { lazyEntries: true, autoClose: false, strictFileNames: true, validateEntrySizes: true },
      (error, zip) => {
        if (error) reject(refused(error.message));
        else resolve(zip);
      },
    );
  });

function entriesOf(zip: ZipFile): Promise<Map<string, Entry>> {
  return new Promise((resolve, reject) => {
    const entries = new Map<string, Entry>();
    let unpacked_bytes = 0;
    const refuse = (because: string) => reject(refused(because));
    if (zip.entryCount > ARCHIVE_ENTRIES_MAX)
      return refuse(`it has ${zip.entryCount} files; ${ARCHIVE_ENTRIES_MAX} is the most`);
    zip.on("error", (error: Error) => refuse(error.message));
    zip.on("end", () => resolve(entries));
    zip.on("entry", (entry: Entry) => {
      unpacked_bytes += entry.uncompressedSize;
      if (entries.size >= ARCHIVE_ENTRIES_MAX) return refuse(`it has more than ${ARCHIVE_ENTRIES_MAX} files`);
      if (unpacked_bytes > ARCHIVE_UNPACKED_BYTES_MAX)
        return refuse("unpacked it would be far larger than any account");
      if (entries.has(entry.fileName)) return refuse(`it has two files named ${entry.fileName.slice(0, 100)}`);
      if (!entry.fileName.endsWith("/")) entries.set(entry.fileName, entry);
      zip.readEntry();
    });
    zip.readEntry();
  });
}

const streamOf = (zip: ZipFile, entry: Entry): Promise<Readable> =>
  new Promise((resolve, reject) => {
    if (entry.isEncrypted()) return reject(refused("it is encrypted; send it without a password"));
    zip.openReadStream(entry, (error, stream) => {
      if (error) reject(refused(error.message));
      else resolve(stream);
    });
  });

async function whole(stream: Readable, bytes_max: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const chunk of stream as AsyncIterable<Uint8Array>) {
      size += chunk.byteLength;
      if (size > bytes_max) throw new Error("more comes out of it than it says");
      chunks.push(chunk);
    }
  } catch (error) {
    throw refused(error instanceof Error ? error.message : "it cannot be unpacked");
  } finally {
    stream.destroy();
  }
  return Buffer.concat(chunks);
}
