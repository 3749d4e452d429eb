import { createHash } from "node:crypto";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { createSystemClock } from "#ports/clock/index.ts";

import { type Blobs, createFileBlobs, type FileBlobsNeeds } from "../index.ts";

export const SECRET = "a secret of more than thirty-two characters";
export const md5 = (bytes: Uint8Array) => createHash("md5").update(bytes).digest("hex");

export interface ServedBlobs extends AsyncDisposable {
  blobs: Blobs;
  folder: string;
  /** What the handler told as ours. */
  errors: unknown[];
  ask(url: string, init?: RequestInit): Promise<Response>;
  /** PUTs a part and gives what `complete` wants. */
  send(name: string, multipart_id: string, part_number: number, bytes: Uint8Array<ArrayBuffer>): Promise<Sent>;
  /** Every file and link below the folder. */
  files(): Promise<string[]>;
}

export interface Sent {
  part_number: number;
  etag: string;
}

/** The file engine in a folder of its own behind a real server. */
export async function servedBlobs(given: Partial<FileBlobsNeeds> = {}): Promise<ServedBlobs> {
  const folder = given.folder ?? (await mkdtemp(join(tmpdir(), "blobs-")));
  const errors: unknown[] = [];
  const blobs = await createFileBlobs({
    clock: createSystemClock(),
    secret: SECRET,
    base_path: "/blobs",
    onError: (error) => errors.push(error),
    ...given,
    folder,
  });
  const server = Bun.serve({ port: 0, fetch: (request) => blobs.handler(request) });
  const ask = (url: string, init?: RequestInit) => fetch(new URL(url, server.url), init);
  return {
    blobs,
    folder,
    errors,
    ask,
    async send(name, multipart_id, part_number, bytes) {
      const url = await blobs.multipart.signPart(name, multipart_id, part_number, bytes.length, Date.now() + 3_600_000);
      const answer = await ask(url, { method: "PUT", body: bytes });
      if (answer.status !== 200) throw new Error(`${answer.status} ${await answer.text()}`);
      return { part_number, etag: answer.headers.get("etag") ?? "" };
    },
    async files() {
      const entries = await readdir(folder, { recursive: true, withFileTypes: true });
      return entries
        .filter((entry) => !entry.isDirectory())
        .map((entry) => join(entry.parentPath, entry.name))
        .sort();
    },
    async [Symbol.asyncDispose]() {
      await server.stop(true);
      await blobs[Symbol.asyncDispose]();
      if (given.folder === undefined) await rm(folder, { recursive: true, force: true });
    },
  };
}
