/**
 * `feed-read.ts` for people who follow 20, 200, 1,000 and 5,000, one after the other: each prints its table.
 *
 *   bun bench/feed-home.ts [--followees=20,200,1000,5000] [and what feed-read.ts takes]
 */
import { join } from "node:path";

const given = process.argv.slice(2);
const sizes = (given.find((arg) => arg.startsWith("--followees="))?.slice("--followees=".length) ?? "20,200,1000,5000")
  .split(",")
  .map(Number);
const rest = given.filter((arg) => !arg.startsWith("--followees="));
for (const followees of sizes) {
  // As many follows in all, so that each is filled in a minute.
  const viewers = Math.max(80, Math.min(2_000, Math.floor(400_000 / followees)));
  console.log(`\n## ${followees} followed, ${viewers} viewers`);
  const run = Bun.spawn(
    [process.execPath, "bench/feed-read.ts", `--followees=${followees}`, `--viewers=${viewers}`, ...rest],
    { cwd: join(import.meta.dirname, ".."), stdout: "inherit", stderr: "inherit" },
  );
  if ((await run.exited) !== 0) process.exit(1);
}
