import { chmodSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { createSystemClock } from "#ports/clock/index.ts";
import { createSandbox } from "#ports/sandbox/index.ts";

import { type EncodeNeeds, findFfmpeg } from "./tools.ts";

/** A workbench for tests with the real programs: makes clips that move and sound, and cleans up after itself. */
export interface Bench extends Disposable {
  needs: EncodeNeeds;
  /** A new, empty folder that programs of other accounts may read. */
  folder(): string;
  /** A path for a file of this name in a folder of its own. */
  path(name: string): string;
  /** Runs ffmpeg on arguments that make `name`, and gives its path. @throws Error with ffmpeg's words */
  make(name: string, ...args: string[]): Promise<string>;
}

/** Moving, coded fast: these are for tests of what we do, not of how it looks. */
export const MOVING = (size: string, fps: string, seconds: number) => [
  "-f",
  "lavfi",
  "-i",
  `testsrc2=size=${size}:rate=${fps}:duration=${seconds}`,
];
export const TONE = (seconds: number, hz = 440) => [
  "-f",
  "lavfi",
  "-i",
  `sine=frequency=${hz}:sample_rate=44100:duration=${seconds}`,
];
export const FAST = ["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p"];

/** null, with the reason, where ffmpeg is missing. */
export async function encodeBench(): Promise<Bench | string> {
  const clock = createSystemClock();
  const sandbox = await createSandbox({ clock });
  const tools = await findFfmpeg(sandbox);
  if (!tools) return "ffmpeg and ffprobe with libx264 are not on this machine";
  const home = mkdtempSync(join(tmpdir(), "folkhus-encode-"));
  chmodSync(home, 0o755);
  let made = 0;
  const folder = () => {
    const path = join(home, String(made++));
    mkdirSync(path);
    return path;
  };
  const path = (name: string) => join(folder(), name);
  return {
    needs: { sandbox, clock, tools },
    folder,
    path,
    async make(name, ...args) {
      const out = path(name);
      const child = Bun.spawn([tools.ffmpeg, "-v", "error", "-nostdin", "-y", ...args, out], {
        stdio: ["ignore", "ignore", "pipe"],
      });
      const said = await new Response(child.stderr).text();
      if ((await child.exited) !== 0) throw new Error(`ffmpeg could not make ${name}: ${said}`);
      chmodSync(out, 0o644);
      return out;
    },
    [Symbol.dispose]: () => rmSync(home, { recursive: true, force: true }),
  };
}
