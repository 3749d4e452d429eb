import { spawn } from "node:child_process";

const OUTPUT_CHARS_MAX = 4_000;
const KILL_AFTER_MS = 5_000;

/**
 * Runs a program without a terminal and keeps the end of what it printed.
 * @returns {Promise<{ ok: boolean, timed_out: boolean, output: string }>} never rejects
 */
export function run(command, args, { ms_max, env = {}, cwd } = {}) {
  return new Promise((resolve) => {
    let output = "";
    let timed_out = false;
    const child = spawn(command, args, { cwd, env: { ...process.env, ...env }, stdio: ["ignore", "pipe", "pipe"] });
    const keep = (chunk) => (output = (output + chunk).slice(-OUTPUT_CHARS_MAX));
    child.stdout.on("data", keep);
    child.stderr.on("data", keep);
    const timer = setTimeout(() => {
      timed_out = true;
      child.kill("SIGTERM");
      setTimeout(() => child.kill("SIGKILL"), KILL_AFTER_MS).unref();
    }, ms_max);
    const done = (ok, more = "") => {
      clearTimeout(timer);
      resolve({ ok: ok && !timed_out, timed_out, output: output + more });
    };
    child.on("error", (error) => done(false, String(error.message)));
    child.on("close", (code) => done(code === 0));
  });
}
