import { liveHistory } from "../line-history/run.ts";

/**
 * Several processes, a real PostgreSQL and Redis, kills, stops and cuts; then every history is compared with every other.
 *
 *     bun tests/long/line-history.ts [seconds of trouble = 60] [processes = 3] [seed]
 */
const seconds = Number(process.argv[2] ?? 60);
const processes = Number(process.argv[3] ?? 3);
const seed = Number(process.argv[4] ?? Date.now() % 1_000_000);
console.log(`seed ${seed}`);
const { faults, ...report } = await liveHistory(seed, seconds * 1_000, processes);
for (const fault of faults) console.log(`✗ ${fault}`);
console.log(`${seconds} s of trouble on ${processes} processes: ${faults.length} faults. ${JSON.stringify(report)}`);
process.exit(faults.length > 0 ? 1 : 0);
