import { appendFile } from "node:fs/promises";
import { join } from "node:path";

/**
 * `npm run verify`: what is not a test. Each check runs by itself, prints only when it fails, and counts as one.
 * Arguments choose among them: `npm run verify -- types lint`.
 */
const ROOT = join(import.meta.dirname, "..");
export const CRUISED = ["kernel", "ports", "engines", "packages", "systems", "apps", "deploy", "tests"];

const program = (name: string) => join(ROOT, "node_modules/.bin", name);

const CHECKS: Record<string, string[]> = {
  format: [process.execPath, "fmt", "--check", "."],
  lint: [program("oxlint"), "--type-aware", "--deny-warnings", "--report-unused-disable-directives"],
  types: [process.execPath, "check", "--no-script", "--no-pretty"],
  imports: [program("depcruise"), "--config", ".dependency-cruiser.cjs", "--output-type", "err-long", ...CRUISED],
};

if (import.meta.main) process.exit(await main(process.argv.slice(2)));

async function main(wanted: string[]): Promise<number> {
  const unknown = wanted.find((name) => !(name in CHECKS));
  if (unknown !== undefined) {
    process.stderr.write(`There is no check "${unknown}"; there are ${Object.keys(CHECKS).join(", ")}.\n`);
    return 2;
  }
  let passed = 0;
  let failed = 0;
  for (const [name, command] of Object.entries(CHECKS)) {
    if (wanted.length > 0 && !wanted.includes(name)) continue;
    const { ok, output } = await run(command);
    process.stdout.write(ok ? `✓ ${name}\n` : `${output.trimEnd()}\n✗ ${name}\n`);
    if (ok) passed++;
    else failed++;
  }
  const tally = process.env.FOLKHUS_TALLY;
  if (tally) await appendFile(tally, `${JSON.stringify({ passed, failed, skipped: 0 })}\n`);
  return failed > 0 ? 1 : 0;
}

async function run(command: string[]): Promise<{ ok: boolean; output: string }> {
  const child = Bun.spawn(command, { cwd: ROOT, stdio: ["ignore", "pipe", "pipe"] });
  const [out, err, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  return { ok: code === 0, output: `${out}${err}` };
}
