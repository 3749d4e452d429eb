import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A film as a player gets it, by its own reading of lists and bytes: it knows nothing of how they were made. */
export interface Track {
  name: string;
  kind: "picture" | "sound";
  size: [number, number] | null;
  fps: number | null;
  init: string;
  segments: { file: string; seconds: number }[];
  seconds: number;
}

export type Ask = (url: string) => Promise<Response>;

/** What a list or a file has that it should not have. */
export class Fault extends Error {
  override readonly name = "Fault";
}

/** @throws Fault for an address that is not there; `code` of the problem in its words */
async function bytesAt(ask: Ask, url: string): Promise<Uint8Array<ArrayBuffer>> {
  for (let tries = 0; ; tries++) {
    const answer = await ask(url);
    if (answer.status === 200) return answer.bytes();
    const said = await answer.text();
    // A machine that is busy says so, and players come again.
    if (answer.status !== 503 || !said.includes("media.busy") || tries > 20)
      throw new Fault(
        `${new URL(url).pathname.split("/").slice(-2).join("/")}: ${answer.status} ${said.slice(0, 200)}`,
      );
    await Bun.sleep(500);
  }
}
const textAt = async (ask: Ask, url: string) => new TextDecoder().decode(await bytesAt(ask, url));

/** All tracks that the master names, pictures smallest first. */
export async function tracksAt(ask: Ask, master: string): Promise<Track[]> {
  const lines = (await textAt(ask, master)).trim().split("\n");
  const tracks: Track[] = [];
  for (const [i, line] of lines.entries()) {
    if (line.startsWith("#EXT-X-STREAM-INF:")) {
      const [, width, height] = /RESOLUTION=(\d+)x(\d+)/.exec(line) ?? [];
      const fps = Number(/FRAME-RATE=([\d.]+)/.exec(line)?.[1]);
      tracks.push(await listAt(ask, new URL(lines[i + 1]!, master).href, [Number(width), Number(height)], fps));
    } else if (line.startsWith("#EXT-X-MEDIA:TYPE=AUDIO")) {
      const uri = /URI="([^"]+)"/.exec(line)?.[1];
      if (!uri) throw new Fault(`a sound without an address: ${line}`);
      tracks.push(await listAt(ask, new URL(uri, master).href, null, null));
    }
  }
  return tracks;
}

async function listAt(ask: Ask, url: string, size: [number, number] | null, fps: number | null): Promise<Track> {
  const text = await textAt(ask, url);
  const name = url.split("/").at(-1)!.split(/[.?]/)[0]!;
  if (!text.includes("#EXT-X-ENDLIST")) throw new Fault(`${name}: the list has no end`);
  const at = (file: string) => new URL(file, url).href;
  const segments = [...text.matchAll(/#EXTINF:([\d.]+),[^\n]*\n([^#\n]+)/g)].map(([, seconds, file]) => ({
    file: at(file!),
    seconds: Number(seconds),
  }));
  const target = Number(/TARGETDURATION:(\d+)/.exec(text)?.[1]);
  if (segments.some(({ seconds }) => Math.round(seconds) > target)) throw new Fault(`${name}: longer than its target`);
  const init = at(/MAP:URI="([^"]+)"/.exec(text)?.[1] ?? "");
  const seconds = segments.reduce((sum, segment) => sum + segment.seconds, 0);
  return { name, kind: size ? "picture" : "sound", size, fps, init, segments, seconds };
}

export interface Decoded {
  frames: number;
  last_s: number;
}

/**
 * Fetches a track's segments and lets ffmpeg decode what came.
 * @param loose the source's own samples: their times are the source's, and what is damaged in them stays so
 * @throws Fault for anything that a player would stumble over
 */
export async function decodedTrack(ask: Ask, track: Track, loose: boolean, sampled: boolean): Promise<Decoded> {
  const init = await bytesAt(ask, track.init);
  if (!sampled) {
    const parts: Uint8Array<ArrayBuffer>[] = [init];
    for (const { file } of track.segments) parts.push(await bytesAt(ask, file));
    return checked(track, new Blob(parts), 0, track.seconds, loose);
  }
  const { length } = track.segments;
  let at_s = 0;
  let sum = { frames: 0, last_s: 0 };
  const wanted = new Set([0, Math.floor(length / 3), Math.floor((2 * length) / 3), length - 1]);
  for (const [k, { file, seconds }] of track.segments.entries()) {
    if (wanted.has(k)) {
      const one = await checked(track, new Blob([init, await bytesAt(ask, file)]), at_s, seconds, loose);
      sum = { frames: sum.frames + one.frames, last_s: one.last_s };
    }
    at_s += seconds;
  }
  return sum;
}

async function checked(track: Track, file: Blob, from_s: number, seconds: number, loose: boolean): Promise<Decoded> {
  const { name, kind, size, fps } = track;
  const entries = kind === "picture" ? "frame=pts_time,width,height" : "packet=pts_time,duration_time";
  const { out, said } = await probe(file, entries);
  const rows = out.flatMap((line) => (/^[\d.]+,/.test(line) ? [line.split(",")] : []));
  const times = rows.map(([at]) => Number(at));
  const fault = (words: string) => new Fault(`${name}: ${words}`);
  if (said !== "" && !loose) throw fault(`ffmpeg says: ${said.slice(0, 300)}`);
  if (times.length === 0) throw fault("nothing can be decoded");
  const end_s = from_s + seconds;
  const last_s = times.at(-1)!;
  for (let n = 1; n < times.length; n++) if (times[n]! <= times[n - 1]!) throw fault(`time goes back at ${times[n]}`);
  if (kind === "picture") {
    const other = rows.find(([, w, h]) => Number(w) !== size![0] || Number(h) !== size![1]);
    if (other) throw fault(`a frame of ${other[1]}×${other[2]} where ${size!.join("×")} is said`);
    if (!loose) {
      const frames = Math.round(seconds * fps!);
      if (times.length !== frames) throw fault(`${times.length} frames, and ${frames} are said`);
      // ffmpeg's reader counts from the first decoding time, which lies a few frames before the first picture.
      const lead_s = times[0]! - from_s;
      if (lead_s < 0 || lead_s > 4 / fps!) throw fault(`the first frame is at ${times[0]} s`);
      const off = times.findIndex((at, n) => Math.abs(at - times[0]! - n / fps!) > 0.002 + 0.00001 * n);
      if (off >= 0) throw fault(`frame ${off} is at ${times[off]} s`);
    }
    // Of the source's own samples the last stands until the film ends.
    if (last_s > end_s + 4 / fps! || (!loose && last_s < end_s - Math.max(1.1, 2 / fps!)))
      throw fault(`ends at ${last_s} s of ${end_s} s`);
  } else {
    const off = times.findIndex((at, n) => n > 0 && Math.abs(at - times[n - 1]! - Number(rows[n - 1]![1])) > 0.001);
    if (off >= 0) throw fault(`a gap in the sound at ${times[off]} s`);
    if (Math.abs(times[0]! - from_s) > 0.05) throw fault(`the sound begins at ${times[0]} s`);
    if (Math.abs(last_s + Number(rows.at(-1)![1]) - end_s) > 0.1)
      throw fault(`the sound ends at ${last_s} s of ${end_s} s`);
  }
  return { frames: times.length, last_s };
}

async function inFolder<T>(file: Blob, work: (path: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), "played-"));
  try {
    const path = join(folder, "film.mp4");
    await Bun.write(path, file);
    return await work(path);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const probe = (file: Blob, entries: string) =>
  inFolder(file, async (path) => {
    const child = Bun.spawn(["ffprobe", "-v", "error", "-show_entries", entries, "-of", "csv=p=0", path], {
      stdout: "pipe",
      stderr: "pipe",
    });
    const [out, said] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]);
    return { out: out.trim().split("\n"), said };
  });

/** Seconds at which something is first heard. */
export async function heardFrom(ask: Ask, track: Track): Promise<number> {
  const parts = [await bytesAt(ask, track.init)];
  for (const { file } of track.segments) parts.push(await bytesAt(ask, file));
  return inFolder(new Blob(parts), async (path) => {
    const pcm = await Bun.$`ffmpeg -v error -nostdin -i ${path} -f s16le -ac 1 -ar 48000 -`.quiet().arrayBuffer();
    return new Int16Array(pcm).findIndex((sample) => Math.abs(sample) > 500) / 48_000;
  });
}
