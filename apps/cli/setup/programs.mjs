import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { delimiter, dirname, join } from "node:path";

import { ROOT } from "./packages.mjs";
import { run } from "./run.mjs";
import { mayInstall, say } from "./say.mjs";

/** Each step of apt has its own bound, and a failure is not tried again for a day: a start must not hang on a network. */
const APT_UPDATE_MS_MAX = 60_000;
const APT_FETCH_MS_MAX = 120_000;
const APT_UNPACK_MS_MAX = 120_000;
const TRY_AGAIN_MS = 24 * 3_600_000;
const FAILED = join(ROOT, ".cache/setup-failed.json");

/** Packages that are of use without being installed: their files, in a folder of our own. */
const UNPACKED = join(ROOT, ".cache/unpacked");

const PROGRAMS = {
  ffmpeg: {
    isThere: () => Boolean(process.env.FFMPEG_PATH) || (onPath("ffmpeg") && onPath("ffprobe")),
    apt: ["ffmpeg"],
    without: "no video can be taken in",
  },
  bubblewrap: {
    isThere: () => process.platform !== "linux" || onPath("bwrap"),
    apt: ["bubblewrap"],
    without: "uploaded files are opened with weaker walls (resource limits only)",
  },
  nginx: {
    isThere: () => onPath("nginx") || existsSync("/usr/sbin/nginx") || existsSync(join(UNPACKED, "usr/sbin/nginx")),
    // Only unpacked: installed, it would open port 80 of this machine for the sake of a test.
    unpack: ["nginx"],
    apt: [],
    without: "the tests of the edge are skipped",
  },
  "chromium-libraries": {
    isThere: () =>
      ["chromium", "chromium-browser", "google-chrome"].some(onPath) ||
      (library("libnss3.so") && library("libnspr4.so")),
    apt: ["libnss3", "libnspr4"],
    without: "the tests that need a browser are skipped",
  },
};

/** Installs what is missing where that is allowed, else says what the house does without. Never stops the start. */
export async function installPrograms(names) {
  const missing = names.filter((name) => !PROGRAMS[name].isThere());
  if (missing.length === 0) return;
  const because = whyNot(missing);
  if (because === null && (await aptInstall(missing))) return;
  for (const name of missing.filter((n) => !PROGRAMS[n].isThere())) {
    say(`going on without ${name}: ${PROGRAMS[name].without}${because ? ` (${because})` : ""}`);
  }
}

/** @returns {string | null} why nothing may be installed here */
function whyNot(missing) {
  const packages = missing.flatMap((name) => [...PROGRAMS[name].apt, ...(PROGRAMS[name].unpack ?? [])]);
  const byHand = `install by hand: ${packages.join(" ")}`;
  if (!mayInstall()) return "FOLKHUS_INSTALL=off";
  if (process.getuid?.() !== 0) return `not root; ${byHand}`;
  if (!onPath("apt-get")) return `no apt-get here; ${byHand}`;
  const failed = readFailed();
  if (failed && Date.now() - failed.at_ms < TRY_AGAIN_MS && missing.every((name) => failed.missing.includes(name))) {
    return `apt-get failed ${Math.round((Date.now() - failed.at_ms) / 60_000)} minutes ago; remove .cache/setup-failed.json to try again`;
  }
  return null;
}

async function aptInstall(missing) {
  const packages = missing.flatMap((name) => PROGRAMS[name].apt);
  const unpack = missing.flatMap((name) => PROGRAMS[name].unpack ?? []);
  say(`installing ${[...packages, ...unpack].join(", ")} with apt-get (FOLKHUS_INSTALL=off forbids it)`);
  const env = { DEBIAN_FRONTEND: "noninteractive", LC_ALL: "C.UTF-8" };
  const options = ["-qq", "-y", "-o", "DPkg::Lock::Timeout=60", "-o", "Acquire::Retries=2", "-o", "Dpkg::Use-Pty=0"];
  const install = ["install", "--no-install-recommends", ...packages];
  // Fetching may be cut off at any time; unpacking should not be, so it comes apart from it and is only local work.
  const steps = [
    [[...options, "update"], APT_UPDATE_MS_MAX],
    ...(packages.length === 0
      ? []
      : [
          [[...options, "--download-only", ...install], APT_FETCH_MS_MAX],
          [[...options, ...install], APT_UNPACK_MS_MAX],
        ]),
  ];
  for (const [args, ms_max] of steps) {
    const { ok, timed_out, output } = await run("apt-get", args, { ms_max, env });
    // A source that cannot be refreshed is no reason to stop: the lists of the others may hold all that is needed.
    if (ok || args.at(-1) === "update") continue;
    say(`apt-get ${timed_out ? `took longer than ${ms_max / 1000} s` : "failed"}: ${output.trim().split("\n").at(-1)}`);
    writeFailed(missing);
    return false;
  }
  for (const name of unpack) {
    if (await unpackPackage(name, options, env)) continue;
    writeFailed(missing);
    return false;
  }
  rmSync(FAILED, { force: true });
  return true;
}

/** Fetches a package and takes its files out of it; nothing of the system changes and no service starts. */
async function unpackPackage(name, options, env) {
  const folder = join(UNPACKED, "fetched");
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  // As root, apt fetches as a user of its own, who may not write here.
  const sandbox = ["-o", "APT::Sandbox::User=root"];
  const got = await run("apt-get", [...options, ...sandbox, "download", name], {
    cwd: folder,
    ms_max: APT_FETCH_MS_MAX,
    env,
  });
  const file = readdirSync(folder).find((entry) => entry.endsWith(".deb"));
  const out =
    got.ok && file ? await run("dpkg-deb", ["-x", join(folder, file), UNPACKED], { ms_max: APT_UNPACK_MS_MAX }) : got;
  rmSync(folder, { recursive: true, force: true });
  if (!out.ok) say(`${name} could not be unpacked: ${out.output.trim().split("\n").at(-1)}`);
  return out.ok;
}

function onPath(program) {
  return (process.env.PATH ?? "").split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

const LIBRARY_FOLDERS = ["/usr/lib", "/usr/lib64", "/lib"];

function library(name) {
  return LIBRARY_FOLDERS.some((folder) => {
    if (!existsSync(folder)) return false;
    if (existsSync(join(folder, name))) return true;
    return readdirSync(folder).some((sub) => sub.endsWith("-linux-gnu") && existsSync(join(folder, sub, name)));
  });
}

function readFailed() {
  try {
    return JSON.parse(readFileSync(FAILED, "utf8"));
  } catch {
    return null;
  }
}

function writeFailed(missing) {
  mkdirSync(dirname(FAILED), { recursive: true });
  writeFileSync(FAILED, JSON.stringify({ at_ms: Date.now(), missing }));
}
