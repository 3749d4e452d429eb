import { liveThrough } from "../line-simulation/run.ts";

/**
 * Lives of the line, one after the other, each by a seed of its own; prints what went wrong.
 *
 *     bun tests/long/line-simulation.ts [lives = 1000] [first seed]
 */
const lives = Number(process.argv[2] ?? 1_000);
const first = Number(process.argv[3] ?? Date.now() % 1_000_000);
const began = performance.now();
const sum = { items: 0, applied: 0, sent: 0, crashes: 0, cuts: 0, removals: 0, lost: 0, steps: 0 };
let wrong = 0;
let healed_ms_max = 0;
for (let seed = first; seed < first + lives; seed++) {
  const life = await liveThrough(seed);
  for (const name of Object.keys(sum) as (keyof typeof sum)[]) sum[name] += life[name];
  healed_ms_max = Math.max(healed_ms_max, life.healed_ms);
  if (life.faults.length === 0) continue;
  wrong += 1;
  console.log(
    `seed ${seed}:${life.faults
      .slice(0, 8)
      .map((fault) => `\n    ✗ ${fault}`)
      .join("")}`,
  );
}
console.log(
  `${lives} lives from seed ${first} in ${((performance.now() - began) / 1000).toFixed(1)} s: ${wrong} went wrong. ${JSON.stringify(sum)}, healed after ${Math.round(healed_ms_max / 1000)} s of their time at most`,
);
process.exit(wrong > 0 ? 1 : 0);
