import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";

import { run } from "./run.mjs";
import { mayInstall, say } from "./say.mjs";

export const ROOT = join(import.meta.dirname ?? dirname(new URL(import.meta.url).pathname), "../../..");

const NPM_MS_MAX = 10 * 60_000;
/** The npm package ships a note in the binary's place until its install script ran; the binary has about 100 MB. */
const BUN_BYTES_MIN = 1_000_000;

/** @returns {Promise<boolean>} whether everything that `apps/` needs from npm is there */
export async function installPackages({ development }) {
  const missing = missingPackages(ROOT, { development });
  if (missing.length > 0) {
    if (!mayInstall()) {
      say(
        `${missing.length} npm packages are missing (${missing.slice(0, 3).join(", ")}…) and FOLKHUS_INSTALL=off; run "npm ci"`,
      );
      return false;
    }
    if (!(await npmInstall(missing, development))) return false;
  }
  return ensureBun();
}

/**
 * Compares the lock file with npm's own record of what it installed: exact, and 3 ms where a dry run takes a second.
 * Optional packages are skipped, because most are for other machines.
 * @returns {string[]} what is missing or of another version
 */
export function missingPackages(root, { development }) {
  const wanted = readLock(join(root, "package-lock.json"));
  const installed = readLock(join(root, "node_modules/.package-lock.json"));
  if (!wanted) return [];
  return Object.entries(wanted)
    .filter(([at, entry]) => at !== "" && !entry.optional && !entry.devOptional && (development || !entry.dev))
    .filter(([at, entry]) => installed?.[at]?.version !== entry.version || !existsSync(join(root, at)))
    .map(([at]) => at.replace(/^.*node_modules\//, ""));
}

function readLock(file) {
  try {
    return JSON.parse(readFileSync(file, "utf8")).packages;
  } catch {
    return null;
  }
}

async function npmInstall(missing, development) {
  const fresh = !existsSync(join(ROOT, "node_modules/.package-lock.json"));
  say(
    fresh
      ? "installing npm packages (once, about 20 s)"
      : `installing ${missing.length} npm packages that are new or changed`,
  );
  // A tree that is there is brought up to date in place: `npm ci` would empty it under a running house.
  const args = fresh ? ["ci"] : ["install", "--no-save"];
  const kept = !fresh && existsSync(join(ROOT, "node_modules/bun-types"));
  args.push("--no-audit", "--no-fund", development || kept ? "--include=dev" : "--omit=dev");
  const npm = process.env.npm_execpath;
  const [command, before] = npm ? [process.execPath, [npm]] : ["npm", []];
  const { ok, timed_out, output } = await run(command, [...before, ...args], { cwd: ROOT, ms_max: NPM_MS_MAX });
  if (!ok)
    say(`npm ${args[0]} ${timed_out ? `took longer than ${NPM_MS_MAX / 60_000} minutes` : "failed"}:\n${output}`);
  return ok;
}

/** npm may have been told to run no install scripts; then Bun's, which puts the binary in its place, is run by hand. */
function ensureBun() {
  const folder = join(ROOT, "node_modules/bun");
  const binary = join(folder, "bin/bun.exe");
  const isThere = () => existsSync(binary) && statSync(binary).size > BUN_BYTES_MIN;
  if (isThere()) return true;
  say("putting the Bun binary in place, because npm skipped its install script");
  const made = spawnSync(process.execPath, ["install.js"], {
    cwd: folder,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
  });
  if (made.status === 0 && isThere()) return true;
  say(
    `Bun could not be installed for ${process.platform}-${process.arch}: ${made.stderr || made.stdout || made.error}`,
  );
  return false;
}
