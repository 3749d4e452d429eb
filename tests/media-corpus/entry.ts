import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/**
 * A file as nobody should send it, and some that people do send. Nothing is stored: ffmpeg and a knife make each when it is
 * asked for. Each says its fate.
 */
export interface Entry {
  name: string;
  make(): Promise<Uint8Array>;
  filename?: string;
  media_type?: string;
  fate: Plays | Refused | Either;
  /** In the short form too. */
  short?: true;
  /** In the browsers' short form too. */
  in_browser?: true;
  /** Too long to fetch every segment: the first, the last and some between. */
  sampled?: true;
}

export interface Plays {
  plays: {
    /** As seen. */
    size: [width: number, height: number];
    seconds: number;
    /** How far off the length may be: 0.1 s where nothing is said. */
    within_s?: number;
    /** Sound tracks: one where nothing is said. */
    sounds?: number;
    /** Its top rung is the source's own samples; false where it must not be. */
    copied?: boolean;
    /** Names of the rungs, where they are what is tested. */
    rungs?: string[];
    /** Frames a second of the top rung. */
    fps?: number;
    /** Seconds at which the sound is first heard, to a tenth. */
    heard_from_s?: number;
  };
}
export interface Refused {
  /** Codes that it may be refused with, the first meant most. */
  refused: string[];
}
/** Damage: it plays to its end or is refused, and is never half. */
export interface Either {
  either: string[];
}

const words = (text: string) => text.split(" ").filter((word) => word !== "");

/** Runs ffmpeg in a folder of its own; `name` is the file that it makes there. `files` lie beside it. */
export async function make(
  name: string,
  args: string,
  files: Record<string, Uint8Array | string> = {},
): Promise<Uint8Array<ArrayBuffer>> {
  const folder = await mkdtemp(join(tmpdir(), "corpus-"));
  try {
    for (const [file, content] of Object.entries(files)) await Bun.write(join(folder, file), content);
    const child = Bun.spawn(["ffmpeg", "-v", "error", "-nostdin", "-y", ...words(args), name], {
      cwd: folder,
      stdio: ["ignore", "ignore", "pipe"],
    });
    const said = await new Response(child.stderr).text();
    if ((await child.exited) !== 0) throw new Error(`ffmpeg could not make ${name}: ${said}`);
    return new Uint8Array(await readFile(join(folder, name)));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** A moving picture as ffmpeg's input. */
export const moving = (seconds: number, size = "160x90", fps: number | string = 25) =>
  `-f lavfi -i testsrc2=size=${size}:rate=${fps}:duration=${seconds}`;
export const tone = (seconds: number, rate = 48_000) =>
  `-f lavfi -i sine=frequency=440:sample_rate=${rate}:duration=${seconds}`;
/** H.264 with a key frame each second, as cameras do, and few enough bits to be given out as it is. */
export const H264 = "-c:v libx264 -preset ultrafast -pix_fmt yuv420p -g 25 -crf 38";
export const AAC = "-c:a aac -b:a 64k";
export const HEVC = "-c:v libx265 -preset ultrafast -x265-params log-level=none";

let plain_mp4: Promise<Uint8Array> | null = null;
/** Six seconds of everyday film: 160×90 at 25, H.264 and AAC, the index in front. */
export const everyday = (): Promise<Uint8Array> =>
  (plain_mp4 ??= make("a.mp4", `${moving(6)} ${tone(6)} ${H264} ${AAC} -movflags +faststart`));

let tail_mp4: Promise<Uint8Array> | null = null;
/** The same with its index behind. */
export const everydayTail = (): Promise<Uint8Array> =>
  (tail_mp4 ??= make("a.mp4", `${moving(6)} ${tone(6)} ${H264} ${AAC}`));

export const EVERYDAY: [number, number] = [160, 90];
