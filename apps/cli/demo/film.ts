import type { Scene, Tune } from "./scenes.ts";

/** Pictures and films that ffmpeg draws by itself: moving, with sound, in any shape, and small enough to make in seconds. */
export interface Shape {
  width: number;
  height: number;
}

export const LANDSCAPE: Shape = { width: 1280, height: 720 };
export const PORTRAIT: Shape = { width: 720, height: 1280 };
export const SQUARE: Shape = { width: 960, height: 960 };
/** Large enough for a profile on a dense screen. */
export const FACE: Shape = { width: 448, height: 448 };

const FPS = 30;
const FILM_MS_MAX = 180_000;

export interface Studio {
  film(file: string, scene: Scene, tune: Tune, shape: Shape, seconds: number): Promise<void>;
  /** A JPEG of the scene as it is after `at_s` seconds. */
  picture(file: string, scene: Scene, shape: Shape, at_s: number): Promise<void>;
}

/** @throws Error with what ffmpeg said last */
export function createStudio(ffmpeg: string): Studio {
  async function run(args: string[]): Promise<void> {
    const child = Bun.spawn([ffmpeg, "-hide_banner", "-loglevel", "error", "-nostdin", "-y", ...args], {
      stdio: ["ignore", "ignore", "pipe"],
      timeout: FILM_MS_MAX,
    });
    const [said, code] = await Promise.all([new Response(child.stderr).text(), child.exited]);
    if (code !== 0) throw new Error(`ffmpeg ended with ${code}: ${said.trim().split("\n").slice(-3).join(" ")}`);
  }

  return {
    async film(file, scene, tune, shape, seconds) {
      // Drawn at half the size and scaled up: these scenes are smooth, and it is four times the speed.
      const drawn = scene({ width: shape.width / 2, height: shape.height / 2, fps: FPS });
      const graph = `${drawn},scale=${shape.width}:${shape.height}:flags=bicubic,format=yuv420p[v];${tune(seconds)}[a]`;
      const video = ["-c:v", "libx264", "-preset", "veryfast", "-crf", "24", "-g", String(FPS * 2)];
      const audio = ["-c:a", "aac", "-b:a", "128k"];
      await run([
        "-filter_complex",
        graph,
        "-map",
        "[v]",
        "-map",
        "[a]",
        "-t",
        String(seconds),
        ...video,
        ...audio,
        "-movflags",
        "+faststart",
        file,
      ]);
    },
    async picture(file, scene, shape, at_s) {
      const graph = `${scene({ ...shape, fps: 1 })},trim=start=${at_s},format=yuvj420p[v]`;
      await run(["-filter_complex", graph, "-map", "[v]", "-frames:v", "1", "-q:v", "3", file]);
    },
  };
}
