import { existsSync } from "node:fs";
import { mkdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";

import type { SandboxResult } from "#ports/sandbox/index.ts";

import { CPU_S_PER_S_MAX, ENCODE_MEMORY_BYTES_MAX, STALL_MS_MAX, THREADS_MAX } from "./bounds.ts";
import { cleanInit, isWholeInit, isWholeSegment } from "./boxes.ts";
import { type Part, transcodeCommand } from "./command.ts";
import type { Ladder } from "./ladder.ts";
import type { Probe } from "./probe.ts";
import { boundRefusal, type EncodeNeeds, MediaRefusal, pathsOf, saysDiskFull } from "./tools.ts";
import { pictureTrack, soundTrack, type Track } from "./tracks.ts";

/** A finished file of a track, ready to be stored under `namesOf(ladder)`. */
export type MadeFile =
  | { kind: "init"; track: string; bytes: Uint8Array }
  | { kind: "segment"; track: string; index: number; bytes: Uint8Array };

export interface TranscodeWork {
  source_path: string;
  probe: Probe;
  ladder: Ladder;
  /** Names of rungs and sounds to make; all where nothing is said. */
  tracks?: string[];
  /** The first segment to make: how many are stored already. */
  from?: number;
  /** The segment to stop before; the film's end where nothing is said. */
  until?: number;
  /** Only the inits of these tracks, which costs one frame of each. */
  inits_only?: boolean;
  /** How often the program says how far it is, and so how soon a whole file is noticed. */
  notice_ms?: number;
  /** An empty folder of this run's own. What is in it goes; it is left empty. */
  folder: string;
  /**
   * Called for each file when it is whole, one after another, in the order in which a viewer needs them. It has to be stored
   * when this resolves; a rejection stops the run and is thrown on.
   */
  onFile(file: MadeFile): Promise<void>;
  /** 0…1 of this run's part. */
  onProgress?(share: number): void;
  signal?: AbortSignal;
  nice?: number;
}

export interface TranscodeResult {
  /** Segments given to `onFile`, by track, in this run. */
  made: Map<string, number>;
  cpu_s: number;
}

const OUTPUT_BYTES_MAX = 64 * 1024;
const PROCESSES_MAX = 512;
const FILE_BYTES_MAX = 256 * 1024 * 1024;

/**
 * Makes the rungs and the sound of a film, or of a part of it, in one process with one decode.
 * @throws MediaRefusal when the film cannot be made, the bounds are reached, or it ends before it should
 */
export async function transcode(needs: EncodeNeeds, work: TranscodeWork): Promise<TranscodeResult> {
  const part = partOf(work);
  const tracks: Track[] = [
    ...part.sounds.map((sound) => soundTrack(part, sound)),
    ...part.rungs.map((rung) => pictureTrack(part, rung)),
  ];
  if (part.from >= part.until || tracks.length === 0) return { made: new Map(), cpu_s: 0 };
  for (const track of tracks) await mkdir(join(work.folder, track.name));
  try {
    return await runPart(needs, work, part, tracks);
  } finally {
    for (const track of tracks) await rm(join(work.folder, track.name), { recursive: true, force: true });
  }
}

function partOf(work: TranscodeWork): Part {
  const { ladder, tracks } = work;
  const wanted = ({ name }: { name: string }) => !tracks || tracks.includes(name);
  return {
    source_path: work.source_path,
    probe: work.probe,
    ladder,
    rungs: ladder.rungs.filter(wanted),
    sounds: ladder.sounds.filter(wanted),
    from: work.from ?? 0,
    until: Math.min(work.until ?? ladder.grid.segments, ladder.grid.segments),
    inits_only: work.inits_only ?? false,
    notice_ms: work.notice_ms ?? 200,
    folder: work.folder,
    threads: Math.min(THREADS_MAX, navigator.hardwareConcurrency),
  };
}

async function runPart(needs: EncodeNeeds, work: TranscodeWork, part: Part, tracks: Track[]): Promise<TranscodeResult> {
  const { sandbox, clock, tools, stall_ms_max = STALL_MS_MAX } = needs;
  const seconds = (part.until - part.from) * part.ladder.grid.segment_s;
  await using running = sandbox.start({
    argv: transcodeCommand(tools, part),
    read_paths: [part.source_path, ...pathsOf(tools.ffmpeg)],
    write_folder: part.folder,
    limits: {
      cpu_s_max: Math.ceil(60 + seconds * CPU_S_PER_S_MAX),
      wall_ms_max: Math.ceil((60 + seconds * CPU_S_PER_S_MAX) * 1000),
      memory_bytes_max: ENCODE_MEMORY_BYTES_MAX,
      processes_max: PROCESSES_MAX,
      file_bytes_max: FILE_BYTES_MAX,
      output_bytes_max: OUTPUT_BYTES_MAX,
    },
    ...(work.signal ? { signal: work.signal } : {}),
    ...(work.nice === undefined ? {} : { nice: work.nice }),
  });
  let moved_at_ms = clock.monotonic();
  let stalled = false;
  using _watch = clock.every(stall_ms_max / 6, () => {
    if (clock.monotonic() - moved_at_ms < stall_ms_max) return;
    stalled = true;
    running.kill();
  });
  const made = new Map<string, number>();
  let seen_us = -1;
  for await (const chunk of running.stdout) {
    const us = lastProgress(chunk);
    if (us !== null && us > seen_us) {
      seen_us = us;
      moved_at_ms = clock.monotonic();
      work.onProgress?.(Math.min(1, us / 1e6 / seconds));
    }
    if (await collect(work, part, tracks, made, false)) moved_at_ms = clock.monotonic();
  }
  const result = await running.ended;
  // What was finished is kept, however the run ended: the next one goes on from there.
  await collect(work, part, tracks, made, true);
  if (stalled)
    throw new MediaRefusal("video.stalled", "Making this video playable came to a halt. It can be tried again.", false);
  checkEnd(result, part, tracks, made);
  return { made, cpu_s: result.cpu_s };
}

/** Gives on what is whole by now; true if there was any. */
async function collect(
  work: TranscodeWork,
  part: Part,
  tracks: Track[],
  made: Map<string, number>,
  at_end: boolean,
): Promise<boolean> {
  let any = false;
  for (let again = true; again;) {
    again = false;
    // One of each track in turn, so that sound and all rungs grow together.
    for (const track of tracks) {
      const folder = join(work.folder, track.name);
      if (!track.has_init) {
        const init = await wholeFile(join(folder, "init.mp4"), isWholeInit);
        if (!init || !existsSync(join(folder, "0.m4s"))) continue;
        await work.onFile({ kind: "init", track: track.name, bytes: track.takeInit(cleanInit(init)) });
      }
      const path = join(folder, `${track.read}.m4s`);
      const segment = await wholeFile(path, isWholeSegment);
      const ready = segment ? track.takeSegment(segment) : at_end ? track.rest() : [];
      if (segment) await rm(path);
      for (const { index, bytes } of part.inits_only ? [] : ready) {
        await work.onFile({ kind: "segment", track: track.name, index, bytes });
        made.set(track.name, (made.get(track.name) ?? 0) + 1);
      }
      again ||= segment !== null || ready.length > 0;
    }
    any ||= again;
  }
  return any;
}

async function wholeFile(path: string, isWhole: (bytes: Uint8Array) => boolean): Promise<Uint8Array | null> {
  if (!existsSync(path)) return null;
  const bytes = await readFile(path);
  return isWhole(bytes) ? bytes : null;
}

function checkEnd(result: SandboxResult, part: Part, tracks: Track[], made: Map<string, number>): void {
  const bound = boundRefusal(result, "Making this video playable");
  if (bound) throw bound;
  if (saysDiskFull(result.stderr))
    throw new MediaRefusal("media.no_space", "There is no space left to make this video playable.", false);
  const short = tracks.find((track) =>
    part.inits_only ? !track.has_init : (made.get(track.name) ?? 0) < track.expected,
  );
  if (result.exit_code === 0 && !short) return;
  if (result.ended === "killed") {
    throw new MediaRefusal(
      "video.encoder_died",
      "The program that makes this video playable was stopped. It can be tried again.",
      false,
    );
  }
  if (short && !part.inits_only && (made.size > 0 || part.from > 0)) {
    const reached_s = (part.from + (made.get(short.name) ?? 0)) * part.ladder.grid.segment_s;
    throw new MediaRefusal(
      "video.truncated",
      `This video can be read only up to about ${Math.floor(reached_s)} s. It may be damaged; send it again.`,
    );
  }
  throw new MediaRefusal("video.broken", "Nothing in this file can be played. It may be damaged; send it again.");
}

function lastProgress(chunk: Uint8Array): number | null {
  const last = [...new TextDecoder().decode(chunk).matchAll(/^out_time_us=(\d+)$/gm)].at(-1);
  return last ? Number(last[1]) : null;
}
