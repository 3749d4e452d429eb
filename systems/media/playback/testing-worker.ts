import { createSystemClock } from "#ports/clock/index.ts";
import { createSql, type SqlTarget } from "#ports/sql/index.ts";

import { countViews } from "../watching/store.ts";
import { rollUp } from "./roll-up.ts";
import { lockSums } from "./store.ts";

/** A process that folds and counts until it is killed: `oracle.test.ts` starts it. */
const [target, secret, limit] = process.argv.slice(2);
const clock = createSystemClock();
const sql = createSql(JSON.parse(target!) as SqlTarget, { clock, connections_max: 2 });
for (;;) {
  const folded = await sql.tx((tx) => rollUp(tx, secret!, Number(limit)));
  await sql.tx(async (tx) => {
    await lockSums(tx);
    await countViews(tx, new Date(clock.now()), 150);
  });
  if (folded === 0) await clock.sleep(20);
}
