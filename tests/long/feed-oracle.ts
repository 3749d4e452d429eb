import { mkdir, rename } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { liveThrough, seedOf } from "../feed-oracle/run.ts";

/**
 * Lives small houses through at random and holds every page of every list against plain rules, in worlds of 5,000 operations:
 * half of them with memory for nothing, a third with homes in a Redis that is emptied, dies, stands still and comes back.
 *
 *     bun tests/long/feed-oracle.ts [--operations=1000000] [--seed=N] [--at-once=8] [--each=5000] [--from=0] [--only=world]
 *
 * Goes on where a run with the same seed was cut off (`--seed=N`; the seed is printed first). A world that fails prints its
 * seed; `FEED_SEED=… FEED_OPERATIONS=… bun test tests/feed-oracle.test.ts` lives it again. Ends with 1 where one failed.
 *
 * That it sees was tried by breaking the house, one thing at a time, and living worlds of 700 operations with few entries in memory. In the first of them it
 * found: that rings and lists say nothing of what was trimmed; that the oldest id of a ring, or of a list, is taken for the end; that a block hides
 * nothing, by either side; that a node does not hear of posts, or of deletions; that lists keep what was taken back; that a post stands again on a
 * later page. In the third: that what came after a list in Redis is not added to it. It cannot see that a list keeps whom its reader left, for
 * the reader asks whose entry it is once more.
 */
const text = (name: string) => process.argv.find((arg) => arg.startsWith(`--${name}=`))?.slice(name.length + 3);
const number = (name: string, otherwise: number) => Number(text(name) ?? otherwise);
const operations = number("operations", 1_000_000);
const each = number("each", 5_000);
const at_once = number("at-once", 8);
const seed = number("seed", Math.floor(Math.random() * 2 ** 31));
const worlds = Math.ceil(operations / each);

/** Which worlds of this run have been lived through. */
const folder = join(process.env.FOLKHUS_ORACLE ?? join(tmpdir(), "folkhus-oracle"));
const file = join(folder, `${seed}-${each}.json`);
await mkdir(folder, { recursive: true });
interface Kept {
  done: number[];
  checks: number;
  ms: number;
  /** By act: how often it was tried, and how often refused, as it should be. */
  did: { [act: string]: { times: number; refused: number } };
  shared: { read: number; pulled: number };
}
const kept: Kept = await Bun.file(file)
  .json()
  .catch(() => ({ done: [], checks: 0, ms: 0, did: {}, shared: { read: 0, pulled: 0 } }));
const done = new Set(kept.done);
const began = performance.now();
const before_ms = kept.ms;
const only = text("only");
const queue =
  only === undefined
    ? Array.from({ length: worlds }, (_, i) => i).filter((world) => world >= number("from", 0) && !done.has(world))
    : [Number(only)];
console.log(
  `seed ${seed}: ${worlds} worlds of ${each} operations, ${done.size} of them lived before, ${at_once} at once`,
);

let failed = 0;
let saving: Promise<void> = Promise.resolve();
async function save() {
  await Bun.write(`${file}.part`, JSON.stringify({ ...kept, done: [...done] }));
  await rename(`${file}.part`, file);
}

await Promise.all(
  Array.from({ length: at_once }, async () => {
    for (let world = queue.shift(); world !== undefined; world = queue.shift()) {
      try {
        const run = await liveThrough(seedOf(seed, world), each);
        kept.checks += run.checks;
        kept.shared.read += run.shared.read;
        kept.shared.pulled += run.shared.pulled;
        for (const [act, { times, refused }] of run.did) {
          const sum = (kept.did[act] ??= { times: 0, refused: 0 });
          sum.times += times;
          sum.refused += refused;
        }
        done.add(world);
      } catch (error) {
        failed += 1;
        console.log(`✗ world ${world}: FEED_SEED=${seedOf(seed, world)} FEED_OPERATIONS=${each}`);
        console.log(error);
        continue;
      }
      kept.ms = before_ms + performance.now() - began;
      saving = saving.then(save);
      const all = done.size * each;
      const s = (performance.now() - began) / 1_000;
      const rate = ((done.size - kept.done.length) * each) / s;
      console.log(
        `${all} operations, ${kept.checks} pages, ${rate.toFixed(0)} operations per s, ${((operations - all) / rate / 60).toFixed(0)} min to go`,
      );
    }
  }),
);
await saving;
const acts = Object.entries(kept.did).toSorted(([, a], [, b]) => b.times - a.times);
console.log(
  acts.map(([act, { times, refused }]) => `${act} ${times}${refused > 0 ? ` (${refused} refused)` : ""}`).join(", "),
);
console.log(`of Redis: ${kept.shared.read} homes read, ${kept.shared.pulled} while it was away or did not reach`);
console.log(
  `${done.size * each} operations, ${kept.checks} pages compared, ${failed} worlds failed, seed ${seed}, ${(kept.ms / 60_000).toFixed(1)} min in all`,
);
process.exit(failed > 0 ? 1 : 0);
