import { afterAll, expect, test } from "bun:test";
import { randomBytes } from "node:crypto";
import { cp, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { md5, SECRET, type Sent, servedBlobs } from "./testing.ts";

const HOUR_MS = 3_600_000;
const PART_BYTES = 200_000;
const film = { media_type: "video/mp4" };
const folders: string[] = [];
afterAll(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true }))));

async function ownFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "blobs-crash-"));
  folders.push(folder);
  return folder;
}

/** A server of this folder in a process of its own, to be killed. */
async function startServer(folder: string) {
  const at = (path: string) => JSON.stringify(new URL(path, import.meta.url).href);
  const script = `
    import { createFileBlobs } from ${at("../index.ts")};
    import { createSystemClock } from ${at("../../clock/index.ts")};
    const clock = createSystemClock();
    const blobs = await createFileBlobs({ folder: ${JSON.stringify(folder)}, clock, secret: ${JSON.stringify(SECRET)}, base_path: "/blobs", onError: console.error });
    const server = Bun.serve({ port: 0, async fetch(request) {
      if (!request.url.endsWith("/complete")) return blobs.handler(request);
      const { name, multipart_id, parts } = await request.json();
      return Response.json(await blobs.multipart.complete(name, multipart_id, parts));
    } });
    console.log(server.url.href);
  `;
  const child = Bun.spawn([process.execPath, "-e", script], { stdout: "pipe", stderr: "inherit" });
  const reader = child.stdout.getReader();
  const { value } = await reader.read();
  const url = new TextDecoder().decode(value).trim();
  return {
    url,
    async kill() {
      child.kill("SIGKILL");
      await child.exited;
    },
  };
}

test("BL23: kill -9 while parts arrive loses no part that was acknowledged", async () => {
  const folder = await ownFolder();
  await using served = await servedBlobs({ folder });
  const { blobs } = served;
  const parts = Array.from({ length: 24 }, (_, i) => new Uint8Array(randomBytes(i === 23 ? 999 : PART_BYTES)));
  const { multipart_id } = await blobs.multipart.create("v/film", { ...film, part_size_bytes: PART_BYTES });
  const acked = new Map<number, string>();

  for (const killAfter of [3, 8, 13]) {
    const server = await startServer(folder);
    let killed: Promise<void> | null = null;
    // Six at once, so that others are half way when the kill comes. Acknowledged ones are sent again, too.
    const queue = parts.map((_, i) => i + 1).sort(() => 0.5 - Math.random());
    const acksBefore = acked.size;
    let acks = 0;
    const worker = async () => {
      for (let n = queue.pop(); n !== undefined && !killed; n = queue.pop()) {
        const bytes = parts[n - 1] as Uint8Array<ArrayBuffer>;
        const url = await blobs.multipart.signPart("v/film", multipart_id, n, bytes.length, Date.now() + HOUR_MS);
        const answer = await fetch(new URL(url, server.url), { method: "PUT", body: bytes }).catch(() => null);
        if (answer?.status !== 200) continue;
        acked.set(n, answer.headers.get("etag") ?? "");
        acks += 1;
        if (acks === killAfter) killed = server.kill();
      }
    };
    await Promise.all(Array.from({ length: 6 }, worker));
    await (killed ?? server.kill());
    expect(acked.size).toBeGreaterThanOrEqual(Math.min(acksBefore, killAfter));
    const listed = new Map(
      (await blobs.multipart.listParts("v/film", multipart_id)).map((part) => [part.part_number, part]),
    );
    for (const [n, etag] of acked) {
      expect(etag).toBe(`"${md5(parts[n - 1] as Uint8Array)}"`);
      expect(listed.get(n)).toMatchObject({ etag: etag.replaceAll('"', ""), size_bytes: parts[n - 1]?.length });
    }
  }
  const sent: Sent[] = [];
  for (const [i, bytes] of parts.entries()) {
    const etag = acked.get(i + 1);
    sent.push(
      etag === undefined ? await served.send("v/film", multipart_id, i + 1, bytes) : { part_number: i + 1, etag },
    );
  }
  await blobs.multipart.complete("v/film", multipart_id, sent);
  expect(md5(await new Response((await blobs.get("v/film")).body).bytes())).toBe(md5(Buffer.concat(parts)));
  await blobs.sweep(Date.now() + HOUR_MS);
  expect(await served.files()).toHaveLength(2);
});

test("BL23: kill -9 while completing: completing again gives the blob, and nothing is left over", async () => {
  const folder = await ownFolder();
  await using served = await servedBlobs({ folder });
  const { blobs, send } = served;
  for (let round = 0; round < 6; round++) {
    const name = `v/${round}`;
    const parts = [0, 1, 2].map(() => new Uint8Array(randomBytes(PART_BYTES)));
    // In odd rounds the size is not told, so that completing has to copy.
    const { multipart_id } = await blobs.multipart.create(
      name,
      round % 2 ? film : { ...film, part_size_bytes: PART_BYTES },
    );
    const sent: Sent[] = [];
    for (const [i, bytes] of parts.entries()) sent.push(await send(name, multipart_id, i + 1, bytes));
    const server = await startServer(folder);
    const body = JSON.stringify({ name, multipart_id, parts: sent });
    const answer = fetch(`${server.url}complete`, { method: "POST", body }).catch(() => null);
    // Any moment will do; different ones are better.
    await Bun.sleep(Math.random() * 15);
    await server.kill();
    await answer;
    const head = await blobs.multipart.complete(name, multipart_id, sent);
    expect(head.size_bytes).toBe(3 * PART_BYTES);
    expect(md5(await new Response((await blobs.get(name)).body).bytes())).toBe(md5(Buffer.concat(parts)));
  }
  await blobs.sweep(Date.now() + HOUR_MS);
  expect(await served.files()).toHaveLength(2 * 6);
  expect(await blobs.multipart.listOpen(Date.now() + HOUR_MS)).toEqual([]);
});

test("BL23: a crash just between the bytes' rename and the name's: completing again gives the blob", async () => {
  const folder = await ownFolder();
  await using served = await servedBlobs({ folder });
  const { blobs, send } = served;
  const { multipart_id } = await blobs.multipart.create("v/between", { ...film, part_size_bytes: 1000 });
  const bytes = new Uint8Array(randomBytes(1500));
  const sent = [
    await send("v/between", multipart_id, 1, bytes.slice(0, 1000)),
    await send("v/between", multipart_id, 2, bytes.slice(1000)),
  ];
  const upload = join(folder, "uploads", multipart_id);
  await cp(upload, join(folder, "kept"), { recursive: true, verbatimSymlinks: true });
  const head = await blobs.multipart.complete("v/between", multipart_id, sent);
  // The disk as it is at that moment: the records are there, `whole` has gone to its place, no link names it.
  await cp(join(folder, "kept"), upload, { recursive: true, verbatimSymlinks: true });
  await rm(join(upload, "whole"));
  await rm(join(folder, "objects", "v", "=between"));
  expect(await blobs.head("v/between")).toBeNull();
  expect(await blobs.multipart.complete("v/between", multipart_id, sent)).toEqual(head);
  expect(md5(await new Response((await blobs.get("v/between")).body).bytes())).toBe(md5(bytes));
  expect(await readdir(join(folder, "uploads"))).toEqual([]);
});
