import { expect } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/**
 * What a program that was written elsewhere has: an address, `fetch`, and the names that are promised to it. Nothing here
 * imports a contract, so a field that is renamed turns these tests red and nothing else would.
 */
export interface Answer<T> {
  status: number;
  body: T;
  headers: Headers;
}
export type Open = Record<string, unknown>;

export interface Asked {
  token?: string;
  body?: unknown;
  /** A body as it stands, also when it is no JSON. */
  raw?: BodyInit;
  headers?: Record<string, string>;
}

export interface Outsider {
  ask<T = Open>(method: string, path: string, asked?: Asked): Promise<Answer<T>>;
  /** The body of an answer that must have this status. */
  want<T = Open>(status: number, method: string, path: string, asked?: Asked): Promise<T>;
  /** Status and code of a refusal. */
  refusal(method: string, path: string, asked?: Asked): Promise<[number, string]>;
  /** Signs up and in. @returns the token */
  person(handle: string): Promise<string>;
  /** Any address that the house named, relative or not. */
  get(url: string): Promise<Response>;
}

const PASSWORD = "four words in a row";
const RETRIES_MAX = 20;

/** @throws where an answer breaks what holds for all of them: no 5xx, and each refusal a problem that says what to do */
export function outsider(base: string): Outsider {
  const outside: Outsider = {
    async ask<T>(method: string, path: string, asked: Asked = {}): Promise<Answer<T>> {
      const headers = new Headers(asked.headers);
      if (asked.token !== undefined) headers.set("authorization", `Bearer ${asked.token}`);
      const sent = asked.raw ?? (asked.body === undefined ? undefined : JSON.stringify(asked.body));
      if (sent !== undefined && !headers.has("content-type")) headers.set("content-type", "application/json");
      for (let tries = 0; ; tries++) {
        const response = await fetch(base + path, { method, headers, body: sent ?? null, redirect: "manual" });
        if (response.status === 429 && tries < RETRIES_MAX) {
          await Bun.sleep(1_000 * Number(response.headers.get("retry-after")));
          continue;
        }
        const text = await response.text();
        const what = `${method} ${path.slice(0, 120)} → ${response.status} ${text.slice(0, 300)}`;
        // A format that we do not speak is a 501 by oEmbed's own words (2.3.4): an answer, not a fault.
        const by_oembed = response.status === 501 && path.startsWith("/v1/oembed?");
        if (response.status >= 500 && !by_oembed) throw new Error(what);
        const type = response.headers.get("content-type") ?? "";
        const body =
          /^application\/(?:problem\+)?json\b/.test(type) && text !== "" ? (JSON.parse(text) as T) : ({} as T);
        if (response.status >= 400 && method !== "HEAD") checkProblem(what, response, type, body as Open);
        return { status: response.status, body, headers: response.headers };
      }
    },
    async want<T>(status: number, method: string, path: string, asked?: Asked): Promise<T> {
      const answer = await outside.ask<T>(method, path, asked);
      if (answer.status !== status)
        throw new Error(`${method} ${path}: ${answer.status} and not ${status}: ${JSON.stringify(answer.body)}`);
      return answer.body;
    },
    async refusal(method, path, asked) {
      const { status, body } = await outside.ask(method, path, asked);
      return [status, String(body.code)];
    },
    async person(handle) {
      await outside.want(201, "POST", "/v1/people", { body: { handle, password: PASSWORD, display_name: handle } });
      const signedIn = await outside.want<{ token: string }>(201, "POST", "/v1/sessions", {
        body: { handle, password: PASSWORD },
      });
      return signedIn.token;
    },
    get: (url) => fetch(new URL(url, base)),
  };
  return outside;
}

function checkProblem(what: string, response: Response, type: string, problem: Open) {
  const whole =
    type === "application/problem+json" &&
    problem.status === response.status &&
    /^[a-z_]+(\.[a-z_]+)?$/.test(String(problem.code)) &&
    [problem.type, problem.title, problem.detail, problem.request_id].every((x) => typeof x === "string" && x !== "") &&
    !/\bat .*\.ts\b|node_modules|SELECT|INSERT/.test(JSON.stringify(problem));
  if (!whole) throw new Error(`No problem details (${type}): ${what}`);
}

/** Parts in any order and at once; each ETag goes back as it came. @returns the upload's id */
export async function upload(
  outside: Outsider,
  base: string,
  token: string,
  file: { filename: string; media_type: string; bytes: Uint8Array },
): Promise<string> {
  const { filename, media_type, bytes } = file;
  interface Begun {
    id: string;
    part_size_bytes: number;
    part_count: number;
  }
  const body = { filename, size_bytes: bytes.length, media_type };
  const { id, part_size_bytes, part_count } = await outside.want<Begun>(201, "POST", "/v1/uploads", { token, body });
  expect([typeof id, part_count]).toEqual(["string", Math.ceil(bytes.length / part_size_bytes)]);
  const part_numbers = Array.from({ length: part_count }, (_, i) => part_count - i);
  const signed = await outside.want<{ parts: { part_number: number; url: string }[] }>(
    200,
    "POST",
    `/v1/uploads/${id}/parts`,
    { token, body: { part_numbers } },
  );
  const parts = await Promise.all(
    signed.parts.map(async ({ part_number, url }) => {
      const body = bytes.slice((part_number - 1) * part_size_bytes, part_number * part_size_bytes);
      const put = await fetch(new URL(url, base), { method: "PUT", body });
      expect(put.status).toBe(200);
      return { part_number, etag: put.headers.get("etag") ?? "" };
    }),
  );
  const there = await outside.want<{ parts: { part_number: number }[] }>(200, "GET", `/v1/uploads/${id}`, { token });
  const arrived = there.parts.map((part) => part.part_number);
  expect(arrived.toSorted((a, b) => a - b)).toEqual(part_numbers.toReversed());
  await outside.want(202, "POST", `/v1/uploads/${id}/complete`, { token, body: { parts } });
  return id;
}

/** The same film with an atom at its end that says nothing: as many bytes as a test needs, at no encoding. */
export function padded(film: Uint8Array, bytes: number): Uint8Array {
  const whole = new Uint8Array(film.length + bytes);
  whole.set(film);
  new DataView(whole.buffer).setUint32(film.length, bytes);
  whole.set(new TextEncoder().encode("free"), film.length + 4);
  return whole;
}

/** A photograph that tells where it was taken, and by which camera. */
export async function photograph(camera: string): Promise<Uint8Array> {
  const jpeg = await run(
    ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc2=size=800x600:rate=1:duration=1"].concat([
      "-frames:v",
      "1",
      "-c:v",
      "mjpeg",
      "-f",
      "image2pipe",
      "pipe:1",
    ]),
  );
  const make = new TextEncoder().encode(`${camera}\0`);
  // A TIFF of two directories: IFD0 with the maker and a pointer to GPS; GPS with a latitude of 59° 19′ 46″ N.
  const ifd0 = 8;
  const gps = ifd0 + 2 + 2 * 12 + 4;
  const values = gps + 2 + 2 * 12 + 4;
  const tiff = new Uint8Array(values + 24 + make.length);
  const view = new DataView(tiff.buffer);
  tiff.set([0x4d, 0x4d, 0, 42]);
  view.setUint32(4, ifd0);
  const entry = (at: number, tag: number, type: number, count: number, value: number) => {
    view.setUint16(at, tag);
    view.setUint16(at + 2, type);
    view.setUint32(at + 4, count);
    view.setUint32(at + 8, value);
  };
  view.setUint16(ifd0, 2);
  entry(ifd0 + 2, 0x010f, 2, make.length, values + 24);
  entry(ifd0 + 14, 0x8825, 4, 1, gps);
  view.setUint16(gps, 2);
  entry(gps + 2, 1, 2, 2, 0x4e000000);
  entry(gps + 14, 2, 5, 3, values);
  for (const [i, n] of [59, 1, 19, 1, 46, 1].entries()) view.setUint32(values + i * 4, n);
  tiff.set(make, values + 24);
  const app1 = new Uint8Array(10 + tiff.length);
  app1.set([0xff, 0xe1]);
  new DataView(app1.buffer).setUint16(2, app1.length - 2);
  app1.set(new TextEncoder().encode("Exif\0\0"), 4);
  app1.set(tiff, 10);
  return Buffer.concat([jpeg.subarray(0, 2), app1, jpeg.subarray(2)]);
}

export interface Stream {
  codecs: string;
  width: number;
  height: number;
  durations_s: number[];
  ended: boolean;
}

/** Reads a stream as a player does: the master, its playlists, each init and each segment, over HTTP. */
export async function readStream(base: string, hls_url: string): Promise<{ video: Stream[]; audio: Stream[] }> {
  const text = async (url: URL) => {
    const answer = await fetch(url);
    expect([url.pathname.split("/").at(-1), answer.status, answer.headers.get("content-type")]).toEqual([
      expect.any(String),
      200,
      "application/vnd.apple.mpegurl",
    ]);
    return answer.text();
  };
  const master = new URL(hls_url, base);
  const lines = (await text(master)).split("\n");
  expect(lines[0]).toBe("#EXTM3U");
  const read = async (uri: string, head: string): Promise<Stream> => {
    const url = new URL(uri, master);
    const list = await text(url);
    const map = /#EXT-X-MAP:URI="([^"]+)"/.exec(list)?.[1] ?? "";
    const segments = list.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
    const folder = await mkdtemp(join(tmpdir(), "stream-"));
    const path = join(folder, "whole.mp4");
    const pieces: Uint8Array[] = [];
    for (const piece of [map, ...segments]) {
      const answer = await fetch(new URL(piece, url));
      expect([piece, answer.status]).toEqual([piece, 200]);
      pieces.push(new Uint8Array(await answer.arrayBuffer()));
    }
    await Bun.write(path, Buffer.concat(pieces));
    // -xerror: one frame that does not decode is a failure.
    await run(["ffmpeg", "-v", "error", "-xerror", "-i", path, "-f", "null", "-"]);
    await rm(folder, { recursive: true });
    const [, width = "0", height = "0"] = /RESOLUTION=(\d+)x(\d+)/.exec(head) ?? [];
    return {
      codecs: /CODECS="([^"]+)"/.exec(head)?.[1] ?? "",
      width: Number(width),
      height: Number(height),
      durations_s: [...list.matchAll(/#EXTINF:([\d.]+)/g)].map(([, s]) => Number(s)),
      ended: list.includes("#EXT-X-ENDLIST"),
    };
  };
  const video: Stream[] = [];
  const audio: Stream[] = [];
  for (const [i, line] of lines.entries()) {
    if (line.startsWith("#EXT-X-STREAM-INF")) video.push(await read(lines[i + 1] ?? "", line));
    const sound = /TYPE=AUDIO.*URI="([^"]+)"/.exec(line)?.[1];
    if (sound) audio.push(await read(sound, line));
  }
  return { video, audio };
}

/** @returns what it printed. @throws with what it complained of */
export async function run(command: string[], env?: Record<string, string>): Promise<Uint8Array> {
  const child = Bun.spawn(command, {
    cwd: join(import.meta.dirname, ".."),
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
    env: { ...process.env, ...env },
  });
  const [out, complaint] = await Promise.all([new Response(child.stdout).bytes(), new Response(child.stderr).text()]);
  if ((await child.exited) !== 0) throw new Error(`${command.slice(0, 4).join(" ")}: ${complaint}`);
  return out;
}
