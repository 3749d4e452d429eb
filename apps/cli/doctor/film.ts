import { dirname, join } from "node:path";

import type { Clock } from "#ports/clock/index.ts";
import { createSandbox } from "#ports/sandbox/index.ts";

import type { Config } from "../../server/config.ts";
import { broken, type Finding, ok, outputOf, warn } from "./finding.ts";

/** What the ladder is made with; without these there is no video. */
const ENCODERS_NEEDED = ["libx264", "aac"];
/** What people's files hold most often; without one of these such a file is refused. */
const DECODERS_WANTED = {
  h264: /\bh264\b/,
  hevc: /\bhevc\b/,
  vp9: /\bvp9\b/,
  av1: /\b(libdav1d|libaom-av1|av1)\b/,
  aac: /\baac\b/,
  opus: /\bopus\b/,
};
const INSTALL = "Install it (Debian and Ubuntu: apt-get install ffmpeg) or set FFMPEG_PATH, then start again.";

export async function film(config: Config, clock: Clock): Promise<Finding[]> {
  return [await ffmpeg(config), await sandbox(clock)];
}

async function ffmpeg({ ffmpeg_path, av1_views_min }: Config): Promise<Finding> {
  const program = ffmpeg_path ?? Bun.which("ffmpeg");
  if (!program) return broken("ffmpeg", "not found", `The house takes no video. ${INSTALL}`);
  const probe = ffmpeg_path === null ? Bun.which("ffprobe") : join(dirname(ffmpeg_path), "ffprobe");
  const [version, probed, encoders, decoders] = await Promise.all([
    outputOf([program, "-hide_banner", "-version"]),
    probe ? outputOf([probe, "-hide_banner", "-version"]) : null,
    outputOf([program, "-hide_banner", "-encoders"]),
    outputOf([program, "-hide_banner", "-decoders"]),
  ]);
  if (version === null) return broken("ffmpeg", program, `It does not run, so the house takes no video. ${INSTALL}`);
  const detail = `${/version (\S+)/.exec(version)?.[1] ?? "unknown version"} at ${program}`;
  if (probed === null)
    return broken("ffmpeg", detail, `ffprobe is missing beside it, so the house takes no video. ${INSTALL}`);
  const lacks = ENCODERS_NEEDED.filter((name) => !new RegExp(`\\s${name}\\s`).test(encoders ?? ""));
  if (lacks.length > 0)
    return broken(
      "ffmpeg",
      detail,
      `This build cannot make ${lacks.join(" and ")}, so the house takes no video. ${INSTALL}`,
    );
  const unread = Object.entries(DECODERS_WANTED).flatMap(([name, pattern]) =>
    pattern.test(decoders ?? "") ? [] : [name],
  );
  if (unread.length === 0 && av1_views_min > 0 && !/\slibsvtav1\s/.test(encoders ?? ""))
    return warn(
      "ffmpeg",
      detail,
      "This build has no libsvtav1, so what is watched much gets no AV1 and plays as H.264.",
    );
  return unread.length > 0
    ? warn("ffmpeg", detail, `This build cannot read ${unread.join(", ")}; such files are refused.`)
    : ok("ffmpeg", `${detail}; makes H.264 and AAC, reads ${Object.keys(DECODERS_WANTED).join(", ")}`);
}

async function sandbox(clock: Clock): Promise<Finding> {
  const { strength, degraded_because } = await createSandbox({ clock });
  const version =
    strength === "bubblewrap" ? ((await outputOf(["bwrap", "--version"]))?.trim() ?? strength) : "resource limits only";
  return strength === "bubblewrap" && degraded_because === ""
    ? ok("sandbox", version)
    : warn("sandbox", version, degraded_because);
}
