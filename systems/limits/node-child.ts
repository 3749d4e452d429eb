import { createIds } from "#kernel/ids.ts";
import { NOBODY } from "#kernel/viewer.ts";
import { createLocalCaches } from "#ports/cache/index.ts";
import { createSystemClock } from "#ports/clock/index.ts";
import { createLocalLimiter } from "#ports/limiter/index.ts";
import { createLog } from "#ports/log/index.ts";
import { createSql, type SqlTarget } from "#ports/sql/index.ts";
import { createPeople } from "#systems/people/index.ts";
import { createSpaces } from "#systems/spaces/index.ts";

import { createLimits } from "./index.ts";

/** A node in a process of its own, for `sets.test.ts`: tells by which set it holds, and from what nobody draws, as often as it is asked. */
const clock = createSystemClock();
await using opened = new AsyncDisposableStack();
const sql = opened.use(createSql(JSON.parse(process.argv[2]!) as SqlTarget, { clock, connections_max: 3 }));
const log = opened.use(createLog({ sql, clock }));
const caches = createLocalCaches({ clock });
const limiter = opened.use(createLocalLimiter({ clock, keys_max: 1_000 }));
const ids = createIds(5, () => clock.now());
const secret = "a secret of more than thirty-two characters";
const people = opened.use(
  await createPeople({
    sql,
    log,
    clock,
    ids,
    caches,
    limiter,
    secret,
    pictures: { avatarOf: async () => null },
    house: { name: "Test house", signup: "open" },
  }),
);
const spaces = opened.use(await createSpaces({ sql, log, clock, ids, caches, people }));
const limits = opened.use(
  await createLimits({
    sql,
    log,
    clock,
    caches,
    limiter,
    people,
    spaces,
    secret,
    others_limiter: limiter,
    sign_in_routes: [],
    routes: () => [],
  }),
);
for await (const _ of Bun.stdin.stream()) {
  const asked = { route: "GET /v1/house", cost_tokens: 1, viewer: NOBODY, address: "192.0.2.1" };
  const claims = await limits.book.draw(asked);
  process.stdout.write(`${limits.stats().set_version} ${claims.map(({ rule }) => rule.name).join()}\n`);
}
