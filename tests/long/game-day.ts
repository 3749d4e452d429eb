import { REDIS_SERVER, testRedis } from "#engines/redis/testing.ts";
import { testMailServer } from "#engines/smtp/testing.ts";

import { drillNamed, DRILLS } from "../../apps/cli/doctor/game-day/drills.ts";
import { gameDay } from "../../apps/cli/doctor/game-day/index.ts";
import { findProcesses } from "../../apps/cli/doctor/game-day/node.ts";
import { main } from "../../apps/cli/main.ts";
import { startHouse } from "../house.ts";

/**
 * The game day in long form, on a house of its own in which the demo's village lives, with a Redis and a mail server of its own and somebody who
 * starts it again when it is killed. Prints what `folk doctor --game-day` does; exit code 1 when something is not as promised.
 *
 *     bun tests/long/game-day.ts [seconds = 10] [drill…]
 */
const [seconds = "10", ...names] = process.argv.slice(2);
for (const name of names) drillNamed(name);

await using opened = new AsyncDisposableStack();
const redis = REDIS_SERVER === null ? null : opened.use(await testRedis());
const post = opened.use(await testMailServer());
const env: Record<string, string> = {
  FOLKHUS_TIMELINE: "push",
  SMTP_URL: `smtp://127.0.0.1:${post.port}?tls=0`,
  FOLKHUS_MAIL_FROM: "house@house.example",
  FOLKHUS_URL: "http://house.example",
  ...(redis === null ? {} : { REDIS_URL: redis.url }),
};
const house = opened.use(await startHouse(env));
const terminal = {
  out: (line: string) => console.log(line),
  err: (line: string) => console.error(line),
  env: { PATH: process.env.PATH, ...env, FOLKHUS_DATA: house.data_folder, PORT: new URL(house.url).port },
  interactive: false,
};
console.log("The village moves in.");
if ((await main(["demo", "--no-films", "--quiet"], terminal)) !== 0) process.exit(1);

let over = false;
/** Starts the house again when it ends, as systemd or a container would. */
const supervising = (async () => {
  while (!over) {
    const [there] = await findProcesses(house.data_folder);
    if (there) while (!over && isAlive(there.hello.pid)) await Bun.sleep(100);
    if (!over) await house.restart();
  }
})();
const code = await gameDay(
  {
    names: names.length > 0 ? names : DRILLS.map(({ name }) => name),
    seconds,
    yes: true,
    supervised: true,
    json: false,
  },
  terminal,
);
over = true;
await supervising;
await opened.disposeAsync();
process.exit(code);

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
