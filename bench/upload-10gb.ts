import { createHash } from "node:crypto";
import { readdir, readFile, readlink } from "node:fs/promises";
import { connect, createServer, type Socket } from "node:net";
import { cpus } from "node:os";
import { join } from "node:path";

import * as tus from "tus-js-client";

import { abortUpload, completeUpload, createUpload, getUpload, signParts } from "#systems/media/contract.ts";

import { createUploader, PartRefused } from "../apps/web/media/uploader.ts";
import { personOf, startHouse } from "../tests/house.ts";

/**
 * A large file through a proxy that takes no body over 100 MB and breaks 30 % of the parts at a random point: the page's own uploader, and
 * tus-js-client as it comes, one after the other. The file is made as it is read; nothing of it lies on the disk but what the
 * house stores, and that is compared with what was sent.
 *
 *     bun bench/upload-10gb.ts [GB] [seed]
 */
const GB = Number(process.argv[2] ?? 10);
const SEED = Number(process.argv[3] ?? 7);
const SIZE_BYTES = GB * 1e9;
const BODY_BYTES_MAX = 100e6;
const FAILED_SHARE = 0.3;
/** Smaller bodies are questions, not parts. */
const PART_BYTES_MIN = 256 * 1024;
const TUS_CHUNK_BYTES = 64 * 1024 ** 2;

/** No part begins where another one does in it. */
const NOISE = Buffer.alloc(16 * 1024 ** 2 + 7);
const random = seeded(SEED);
for (let at = 0; at + 4 <= NOISE.length; at += 4) NOISE.writeUInt32LE(random() * 2 ** 32, at);

function piecesOf(from: number, to: number): Buffer[] {
  const pieces: Buffer[] = [];
  for (let at = from; at < to;) {
    const start = at % NOISE.length;
    const take = Math.min(NOISE.length - start, to - at);
    pieces.push(NOISE.subarray(start, start + take));
    at += take;
  }
  return pieces;
}

await using house = await startHouse({ FOLKHUS_LOG: "warn" });
const token = await personOf(house, "astrid");
const server = await serverPid(new URL(house.url).port);
const proxy = await openProxy(Number(new URL(house.url).port));
const through = (path: string) => new URL(path, `http://127.0.0.1:${proxy.port}`).href;

interface Row {
  way: string;
  s: number;
  parts: number;
  broken: number;
  resent: number;
  server_cpu_s: number;
  peak_mib: number;
}

async function measured(way: string, send: () => Promise<string>): Promise<Row> {
  proxy.begin();
  const [cpu_before, began] = [await cpuSeconds(server), performance.now()];
  let peak_mib = 0;
  const watching = setInterval(() => {
    void memoryMib(server).then((mib) => (peak_mib = Math.max(peak_mib, mib)));
  }, 500);
  const upload_id = await send();
  clearInterval(watching);
  const row: Row = {
    way,
    s: (performance.now() - began) / 1000,
    parts: proxy.seen.parts,
    broken: proxy.seen.broken,
    resent: proxy.seen.bytes / SIZE_BYTES - 1,
    server_cpu_s: (await cpuSeconds(server)) - cpu_before,
    peak_mib,
  };
  await compare(upload_id);
  await house.client.call(abortUpload, { token, params: { upload_id } });
  for (let tries = 0; (await house.files("blobs")).some((name) => name.includes("uploads/")); tries++) {
    if (tries > 600) throw new Error("the bytes of the upload were not freed");
    await Bun.sleep(100);
  }
  return row;
}

async function byThePage(): Promise<string> {
  const file = { filename: "film.mp4", media_type: "video/mp4", size_bytes: SIZE_BYTES };
  const uploader = createUploader({
    size_bytes: SIZE_BYTES,
    slice: (from, to) => new Blob(piecesOf(from, to) as never[]),
    house: {
      create: async () => (await house.client.call(createUpload, { token, body: file })).body,
      async look(upload_id) {
        const { body } = await house.client.call(getUpload, { token, params: { upload_id } });
        return { ...body, complete: body.status === "complete" };
      },
      async sign(upload_id, part_numbers) {
        const { body } = await house.client.call(signParts, { token, params: { upload_id }, body: { part_numbers } });
        return body.parts;
      },
      async complete(upload_id, parts) {
        const answer = await house.client.call(completeUpload, { token, params: { upload_id }, body: { parts } });
        if (answer.status !== 202) throw new Error(`${answer.status} ${answer.code}`);
      },
      abort: async (upload_id) => house.client.call(abortUpload, { token, params: { upload_id } }),
    },
    async put(url, part, sent, signal) {
      const answer = await fetch(through(url), { method: "PUT", body: part, signal });
      if (answer.status !== 200) throw new PartRefused(answer.status);
      sent(part.size);
      return answer.headers.get("etag") ?? "";
    },
    changed: () => {},
    named: () => {},
    sentence: String,
    mayRetry: () => true,
    now: () => performance.now(),
    random,
    sleep: (ms) => Bun.sleep(ms),
  });
  const id = await uploader.run();
  if (id === null) throw new Error(`the upload failed: ${uploader.progress().problem}`);
  return id;
}

/** Its retries begin anew with each success, so that a long upload may meet any number of bad moments. */
function byTus(): Promise<string> {
  return new Promise((resolve, reject) => {
    const upload = new tus.Upload({ size: SIZE_BYTES } as never, {
      endpoint: through("/v1/tus"),
      headers: { authorization: `Bearer ${token}` },
      metadata: { filename: "film.mp4", filetype: "video/mp4" },
      chunkSize: TUS_CHUNK_BYTES,
      retryDelays: [100, 200, 500, 1000, 1000, 1000, 2000, 2000, 4000],
      fileReader: {
        openFile: async () => ({
          size: SIZE_BYTES,
          slice: async (from: number, to: number) => {
            const value = Buffer.concat(piecesOf(from, Math.min(to, SIZE_BYTES)));
            return { value: Object.assign(value, { size: value.length }), done: to >= SIZE_BYTES };
          },
          close() {},
        }),
      } as never,
      onSuccess: () => resolve(upload.url?.split("/").at(-1) ?? ""),
      onError: reject,
    });
    upload.start();
  });
}

/** What the house has is what was sent, byte for byte. */
async function compare(upload_id: string): Promise<void> {
  const [path] = (await house.files("blobs")).filter(
    (name) => name.includes(`uploads/,`) && name.endsWith(`,${upload_id}`),
  );
  const stored = Bun.file(join(house.data_folder, "blobs", path ?? "nothing"));
  const sums = [createHash("md5"), createHash("md5")];
  let at = 0;
  for await (const chunk of stored.stream()) {
    sums[0]!.update(chunk);
    for (const piece of piecesOf(at, at + chunk.byteLength)) sums[1]!.update(piece);
    at += chunk.byteLength;
  }
  if (at !== SIZE_BYTES || sums[0]!.digest("hex") !== sums[1]!.digest("hex"))
    throw new Error("what is stored is not what was sent");
}

const rows = [
  await measured("parts, by the page's uploader", byThePage),
  await measured("tus-js-client, 64 MiB calls", byTus),
];
const cpu = cpus()[0]?.model.trim() ?? "";
process.stdout.write(
  `\n${cpus().length} × ${cpu}, Bun ${Bun.version}; ${GB} GB, seed ${SEED}, ${FAILED_SHARE * 100} % of parts broken, bodies ≤ 100 MB\n\n`,
);
process.stdout.write(
  "| way | s | MB/s | parts sent | broken | re-sent | server CPU s | CPU s per GB | peak memory, MiB |\n|---|---:|---:|---:|---:|---:|---:|---:|---:|\n",
);
for (const { way, s, parts, broken, resent, server_cpu_s, peak_mib } of rows) {
  const cells = [
    s.toFixed(0),
    (SIZE_BYTES / 1e6 / s).toFixed(0),
    parts,
    broken,
    `${(resent * 100).toFixed(1)} %`,
    server_cpu_s.toFixed(1),
    (server_cpu_s / GB).toFixed(2),
    peak_mib.toFixed(0),
  ];
  process.stdout.write(`| ${way} | ${cells.join(" | ")} |\n`);
}
if (rows.some(({ resent }) => resent > 0.35)) throw new Error("more than 35 % were sent again");
proxy.close();

function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Passes bytes on, knows where bodies begin, and breaks lines. Only bodies of a told length come through here. */
async function openProxy(to: number) {
  const seen = { parts: 0, broken: 0, bytes: 0 };
  const chance = seeded(SEED + 1);
  const listening = createServer({ pauseOnConnect: true }, (client) => {
    const house_side = connect(to, "127.0.0.1");
    let head = Buffer.alloc(0);
    let body_left = 0;
    let cut_after = Number.POSITIVE_INFINITY;
    let counted = false;
    const both = (act: (one: Socket) => void) => [client, house_side].forEach(act);
    both((one) => one.on("error", () => both((other) => other.destroy())));
    both((one) => one.on("close", () => both((other) => other.destroy())));
    house_side.pipe(client);
    const pass = (bytes: Buffer) => {
      if (house_side.write(bytes)) return;
      client.pause();
      house_side.once("drain", () => client.resume());
    };
    client.on("data", (data: Buffer) => {
      if (cut_after === 0) return;
      for (let rest = data; rest.length > 0;) {
        if (body_left > 0) {
          const chunk = rest.subarray(0, Math.min(rest.length, body_left, cut_after));
          if (counted) seen.bytes += chunk.length;
          pass(chunk);
          body_left -= chunk.length;
          cut_after -= chunk.length;
          rest = rest.subarray(chunk.length);
          if (cut_after > 0) continue;
          seen.broken += 1;
          // What was passed on has left this process before the line breaks.
          return void setTimeout(() => both((one) => one.destroy()), 1);
        }
        head = Buffer.concat([head, rest]);
        const end = head.indexOf("\r\n\r\n");
        if (end < 0) return;
        rest = head.subarray(end + 4);
        const text = head.subarray(0, end + 4);
        head = Buffer.alloc(0);
        body_left = Number(/\r\ncontent-length: *(\d+)/i.exec(text.toString("latin1"))?.[1] ?? 0);
        if (body_left > BODY_BYTES_MAX) {
          client.end("HTTP/1.1 413 Payload Too Large\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
          return;
        }
        counted = body_left >= PART_BYTES_MIN;
        if (counted) seen.parts += 1;
        cut_after =
          counted && chance() < FAILED_SHARE ? Math.max(1, Math.floor(chance() * body_left)) : Number.POSITIVE_INFINITY;
        pass(text);
      }
    });
    client.resume();
  });
  await new Promise<void>((done) => listening.listen(0, "127.0.0.1", done));
  return {
    port: (listening.address() as { port: number }).port,
    seen,
    begin: () => void Object.assign(seen, { parts: 0, broken: 0, bytes: 0 }),
    close: () => listening.close(),
  };
}

async function serverPid(port: string): Promise<number> {
  for (const name of await readdir("/proc")) {
    const read = (file: string) => readFile(`/proc/${name}/${file}`, "utf8").catch(() => "");
    if (!/^\d+$/.test(name) || !(await read("cmdline")).includes("apps/server/main.ts")) continue;
    const env = (await read("environ")).split("\0");
    if (env.includes(`PORT=${port}`) && (await readlink(`/proc/${name}/exe`)).length > 0) return Number(name);
  }
  throw new Error("the house's process was not found");
}

/** 100 ticks a second on every Linux that this runs on. */
async function cpuSeconds(pid: number): Promise<number> {
  const fields = (await readFile(`/proc/${pid}/stat`, "utf8")).split(") ").at(-1)!.split(" ");
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

async function memoryMib(pid: number): Promise<number> {
  return Number(/VmRSS:\s+(\d+)/.exec(await readFile(`/proc/${pid}/status`, "utf8").catch(() => ""))?.[1] ?? 0) / 1024;
}
