import { mediaHouse } from "#systems/media/testing.ts";

import { meet } from "../media-corpus/fate.ts";
import { CORPUS } from "../media-corpus/index.ts";

/**
 * Every entry of the corpus by the way that every film takes; prints what became of each, and fails if one met another fate.
 *
 *     bun tests/long/media-corpus.ts [words of names]
 */
const wanted = process.argv.slice(2);
const entries = CORPUS.filter(({ name }) => wanted.length === 0 || wanted.some((word) => name.includes(word)));
const media = await mediaHouse({ limits: { eager_side_px_max: 1 } });
const { token } = await media.person("astrid");
let wrong = 0;
for (const entry of entries) {
  const { fate, faults, seconds } = await meet(media, token, entry);
  if (faults.length > 0) wrong++;
  console.log(`${faults.length > 0 ? "✗" : "✓"} ${entry.name} (${seconds.toFixed(1)} s): ${fate}`);
  for (const fault of faults) console.log(`    ${fault}`);
  for (const failure of media.failures.splice(0))
    console.log(`    a job failed: ${JSON.stringify(failure).slice(0, 400)}`);
  for (const broken of media.house.broken.splice(0)) console.log(`    ours: ${String(broken).slice(0, 400)}`);
}
await media.settled();
const left = (await media.stored()).filter((name) => /videos\/|uploads\//.test(name));
console.log(
  `${entries.length - wrong} of ${entries.length} met their fate; ${left.length} blobs left after their deletion`,
);
await media[Symbol.asyncDispose]();
process.exit(wrong > 0 || left.length > 0 ? 1 : 0);
