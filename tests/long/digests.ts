import { digestRun } from "../digest-run.ts";

/**
 * Workers that take in what happens and send letters are killed (-9) at random; afterwards each act is in one letter, and each
 * letter came once.
 *
 *     bun tests/long/digests.ts [events = 100000] [seed]
 */
const events = Number(process.argv[2] ?? 100_000);
const seed = Number(process.argv[3] ?? Date.now() % 1_000_000);
console.log(`seed ${seed}`);
const people = Math.max(10, Math.round(events / 100));
const run = { events, people, days: 5, workers: 3, ms_between_kills: 1_500, seed };
const { kills, hit, letters, events_told, faults, seconds } = await digestRun({
  ...run,
  say: (line) => console.log(line),
});
for (const fault of faults.slice(0, 50)) console.log(`✗ ${fault}`);
console.log(
  `${events} acts for ${people} people over ${run.days} days, ${kills} kills (-9), ${hit} of them with letters half sent: ${letters} letters, ${events_told} acts told, ${faults.length} faults, ${seconds.toFixed(0)} s, seed ${seed}`,
);
process.exit(faults.length > 0 ? 1 : 0);
