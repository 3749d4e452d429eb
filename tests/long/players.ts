import { CORPUS } from "../media-corpus/index.ts";
import { openCinema, PLAYERS } from "../players/play.ts";

/**
 * Every film of the corpus that plays, by hls.js and by dash.js in Chromium.
 *
 *     bun tests/long/players.ts [words of names]
 */
const wanted = process.argv.slice(2);
const entries = CORPUS.filter(
  ({ name, fate }) => !("refused" in fate) && (wanted.length === 0 || wanted.some((word) => name.includes(word))),
);
await using cinema = await openCinema();
let played = 0;
let wrong = 0;
for (const entry of entries) {
  const video = await cinema.show(entry);
  if (!video) {
    const is_right = "either" in entry.fate;
    if (!is_right) wrong++;
    console.log(`${is_right ? "-" : "✗"} ${entry.name}: refused`);
    continue;
  }
  for (const player of PLAYERS) {
    const faults = await cinema.play(video, player);
    if (faults.length > 0) wrong++;
    else played++;
    console.log(
      `${faults.length > 0 ? "✗" : "✓"} ${entry.name}, ${player}${faults.map((fault) => `\n    ${fault}`).join("")}`,
    );
  }
}
console.log(`${played} playings went well, ${wrong} did not`);
process.exitCode = wrong > 0 ? 1 : 0;
