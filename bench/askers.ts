import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { askerHere, createAsker } from "#ports/calls/index.ts";
import { createSystemClock } from "#ports/clock/index.ts";
import { createSql, startEmbeddedPostgres } from "#ports/sql/index.ts";

/**
 * What it costs that a deadline goes along by itself (decision 38): a request's work with and without an asker, what a statement
 * asks before it begins, and a whole statement to the embedded PostgreSQL for nobody and for somebody. Interleaved; medians.
 *
 *     bun bench/askers.ts [rounds]
 */
const ROUNDS = Number(process.argv[2] ?? 15);
const TIMES = 200_000;
const STATEMENTS = 2_000;
const clock = createSystemClock();

const median = (all: number[]) => all.toSorted((a, b) => a - b)[all.length >> 1]!;
const each = async (times: number, work: (i: number) => unknown) => {
  const began = Bun.nanoseconds();
  for (let i = 0; i < times; i++) await work(i);
  return (Bun.nanoseconds() - began) / times;
};

const step = async (i: number) => i;
async function handler(): Promise<number> {
  let sum = 0;
  for (let i = 0; i < 6; i++) sum += await step(i);
  return sum;
}
async function asked(): Promise<void> {
  const asker = createAsker({ clock, at_ms: clock.monotonic() + 10_000 });
  await asker.run(handler);
  asker.end();
}
const statement = { cancel() {} };
function look(): number {
  const began = Bun.nanoseconds();
  for (let i = 0; i < TIMES; i++) {
    const asker = askerHere()!;
    asker.mustWait();
    asker.hold(statement);
  }
  return (Bun.nanoseconds() - began) / TIMES;
}

const folder = await mkdtemp(join(tmpdir(), "folkhus-bench-"));
await Bun.$`chmod 755 ${folder}`;
try {
  await using postgres = await startEmbeddedPostgres({ folder: join(folder, "postgres") });
  await using sql = createSql(postgres.target, { clock });
  const select = (i: number) => sql.pool`SELECT ${i}::int AS n`;
  const forSomebody = () =>
    createAsker({ clock, at_ms: clock.monotonic() + 60_000 }).run(() => each(STATEMENTS, select));
  const seen = {
    plain: [] as number[],
    more: [] as number[],
    look: [] as number[],
    nobody: [] as number[],
    ratio: [] as number[],
  };
  await each(STATEMENTS, select);
  for (let round = 0; round < ROUNDS; round++) {
    const plain = await each(TIMES, handler);
    seen.plain.push(plain);
    seen.more.push((await each(TIMES, asked)) - plain);
    seen.look.push(createAsker({ clock, at_ms: Number.MAX_SAFE_INTEGER }).run(look));
    const first = round % 2 === 0 ? await each(STATEMENTS, select) : await forSomebody();
    const second = round % 2 === 0 ? await forSomebody() : await each(STATEMENTS, select);
    const [nobody, somebody] = round % 2 === 0 ? [first, second] : [second, first];
    seen.nobody.push(nobody);
    seen.ratio.push(somebody / nobody);
  }
  console.log(`a handler of six awaits    ${median(seen.plain).toFixed(0)} ns`);
  console.log(`  and with an asker      + ${median(seen.more).toFixed(0)} ns`);
  console.log(`what a statement asks      ${median(seen.look).toFixed(0)} ns`);
  console.log(`a statement for nobody     ${(median(seen.nobody) / 1_000).toFixed(1)} µs`);
  console.log(`  and for somebody       × ${median(seen.ratio).toFixed(3)}`);
} finally {
  await rm(folder, { recursive: true, force: true });
}
