import { crashRun } from "../crash-points.ts";

/**
 * Kills the house (-9) at random moments of uploads, encodes and publications, and prints what each left.
 *
 *     bun tests/long/crash.ts [points = 100] [seed]
 */
const points = Number(process.argv[2] ?? 100);
const seed = Number(process.argv[3] ?? Date.now() % 1_000_000);
console.log(`seed ${seed}`);
const run = await crashRun(seed);
let wrong = 0;
let redone_max = 0;
const stages: Record<string, number> = {};
for (let point = 1; point <= points; point++) {
  const { stage, at_ms, redone, jobs_running, faults } = await run.crash(point);
  stages[stage] = (stages[stage] ?? 0) + 1;
  redone_max = Math.max(redone_max, redone);
  wrong += faults.length;
  console.log(
    `${point}: ${stage} at ${at_ms} ms: ${jobs_running} jobs ran, ${redone} segments redone${faults.map((fault) => `\n    ✗ ${fault}`).join("")}`,
  );
}
const left = await run.leftovers();
for (const one of left) console.log(`✗ ${one}`);
const by = Object.entries(stages).map(([stage, count]) => `${count} in ${stage}`);
console.log(
  `${points} kills (${by.join(", ")}), seed ${seed}: ${wrong} faults, at most ${redone_max} segments redone by a kill, ${left.length} leftovers`,
);
await run[Symbol.asyncDispose]();
process.exit(wrong > 0 || left.length > 0 ? 1 : 0);
