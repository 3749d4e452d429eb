import { boxesIn, timescaleOf } from "../boxes.ts";
import { type Grid, gridOf, playRate } from "../grid.ts";
import type { Probe } from "../probe.ts";
import { probeVideo } from "../probe.ts";
import type { Bench } from "../testing.ts";
import {
  copyInit,
  type CopyPlan,
  copySegment,
  type Movie,
  type PicturePlan,
  planPicture,
  planSound,
  readMovie,
  type SoundPlan,
} from "./index.ts";
import { fileSource } from "./source.ts";

/** Everything that copying finds out about a file. */
export interface Looked {
  path: string;
  probe: Probe;
  grid: Grid;
  movie: Movie;
  picture: PicturePlan | { because: string };
  /** Of the first. */
  sound: SoundPlan | { because: string } | null;
}

export async function lookAt(bench: Bench, path: string): Promise<Looked> {
  const probe = await probeVideo(bench.needs, path);
  const grid = gridOf(probe.duration_ms, playRate(probe.fps_average, probe.fps_smallest));
  await using source = await fileSource(path);
  const movie = await readMovie(source);
  if ("because" in movie) throw new Error(movie.because);
  return {
    path,
    probe,
    grid,
    movie,
    picture: await planPicture(movie, probe, grid, source),
    sound: probe.sounds[0] ? planSound(movie, probe, grid, probe.sounds[0]) : null,
  };
}

/** A copied track: its init and all its segments. */
export async function copiedTrack({ path, movie }: Looked, plan: CopyPlan): Promise<Uint8Array[]> {
  await using source = await fileSource(path);
  const parts = [copyInit(movie, plan)];
  for (let k = 0; k < plan.cuts.length; k++) parts.push(await copySegment(movie, plan, k, source));
  return parts;
}

export async function joined(bench: Bench, parts: Uint8Array[]): Promise<string> {
  const out = bench.path("joined.mp4");
  await Bun.write(out, new Blob(parts as Uint8Array<ArrayBuffer>[]));
  return out;
}

/** Seconds at which the samples of a track are due, as a player reckons them: from `tfdt` and `trun` alone. In order. */
export function dueTimes([init, ...segments]: Uint8Array[]): number[] {
  const timescale = timescaleOf(init!);
  return segments.flatMap((segment) => ticksIn(segment).map((tick) => tick / timescale)).sort((a, b) => a - b);
}

function ticksIn(segment: Uint8Array): number[] {
  const view = new DataView(segment.buffer, segment.byteOffset, segment.byteLength);
  const inside = (type: string, from: number, to: number) =>
    boxesIn(segment, from, to).find((box) => box.type === type)!;
  const moof = inside("moof", 0, segment.length);
  const traf = inside("traf", moof.content, moof.end);
  const tfhd = inside("tfhd", traf.content, traf.end);
  const trun = inside("trun", traf.content, traf.end);
  const flags = view.getUint32(trun.content) & 0xffffff;
  const usual = tfhd.end - tfhd.content >= 12 ? view.getUint32(tfhd.content + 8) : 0;
  const width = (flag: number) => (flags & flag ? 4 : 0);
  let time = Number(view.getBigUint64(inside("tfdt", traf.content, traf.end).content + 4));
  let at = trun.content + 8 + width(1) + width(4);
  const ticks: number[] = [];
  for (let i = 0; i < view.getUint32(trun.content + 4); i++) {
    const offset_at = at + width(0x100) + width(0x200) + width(0x400);
    ticks.push(time + (flags & 0x800 ? view.getInt32(offset_at) : 0));
    time += flags & 0x100 ? view.getUint32(at) : usual;
    at = offset_at + width(0x800);
  }
  return ticks;
}
