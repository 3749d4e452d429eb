import { createRedis, createRedisBus } from "#engines/redis/index.ts";
import { createIds } from "#kernel/ids.ts";
import type { Json } from "#kernel/json.ts";
import type { Bus } from "#ports/bus/index.ts";
import { createLocalCaches } from "#ports/cache/index.ts";
import { type Clock, createSystemClock } from "#ports/clock/index.ts";
import { createApi, createIdempotency, DEFAULT_LIMITS } from "#ports/http/index.ts";
import { createJobs } from "#ports/jobs/index.ts";
import { createLocalLimiter } from "#ports/limiter/index.ts";
import { createLog } from "#ports/log/index.ts";
import { createSql, type SqlTarget } from "#ports/sql/index.ts";
import { createPeople } from "#systems/people/index.ts";
import { createRealtime } from "#systems/realtime/index.ts";

import { listen } from "../../apps/server/listen.ts";
import { serveRooms } from "./rooms.ts";

/** One process of the history's house: the line and what it stands on, with a bus that loses, repeats and reorders. */
const { target, redis_url, port, node, skew_ms } = JSON.parse(process.argv[2]!) as {
  target: SqlTarget;
  redis_url: string;
  port: number;
  node: number;
  /** This process's wall clock is so far off. */
  skew_ms: number;
};
const right = createSystemClock();
const clock: Clock = { ...right, now: () => right.now() + skew_ms };
const sql = createSql(target, { clock, connections_max: 6 });
const log = createLog({ sql, clock });
const limiter = createLocalLimiter({ clock, keys_max: 10_000 });
const ids = createIds(node, () => clock.now());
const redis = createRedis({ url: redis_url, clock, command_ms_max: 2_000 });
const trouble = { lost: 0, repeated: 0, late: 0 };
const bus = unreliable(createRedisBus({ redis, url: redis_url, clock, house: "history" }));
const people = await createPeople({
  sql,
  log,
  clock,
  ids,
  caches: createLocalCaches({ clock }),
  limiter,
  pictures: { avatarOf: async () => null },
  house: { name: "History", signup: "open" },
  secret: "a secret of more than thirty-two characters",
});
const realtime = await createRealtime({
  sql,
  ids,
  bus,
  clock,
  log,
  jobs: createJobs({ sql, clock }),
  limiter,
  people,
  onFailure: (error) => console.error(String(error)),
});
serveRooms(realtime, sql);
const api = createApi({
  authenticate: people.authenticate,
  limiter,
  limits: DEFAULT_LIMITS,
  idempotency: createIdempotency(sql, "a secret of tests"),
  clock,
  trusted_proxies: 0,
  requestId: () => crypto.randomUUID(),
  onServed: ({ error }) => error !== undefined && console.error(String(error)),
});
realtime.serve(api);
listen({
  port,
  host: "127.0.0.1",
  fetch: async () => new Response("here"),
  upgrade: (request, peer) => api.upgrade(request, peer()),
  onError: (error) => console.error(String(error)),
  onDrain() {},
});
console.log("listening");
tellTrouble();

/** What the bus did, told as it grows: nobody asks a process that is killed. */
function tellTrouble(): void {
  setInterval(() => {
    if (trouble.lost + trouble.repeated + trouble.late === 0) return;
    console.log(JSON.stringify(trouble));
    Object.assign(trouble, { lost: 0, repeated: 0, late: 0 });
  }, 200);
}

/** Of what comes from other nodes one in ten is lost, one in ten comes twice and one in ten late; of one's own too. */
function unreliable(inner: Bus): Bus {
  return {
    publish: inner.publish,
    subscribe: (subject, onMessage) =>
      inner.subscribe(subject, (message: Json, from) => {
        if (Math.random() < 0.1) {
          trouble.lost += 1;
          return;
        }
        const times = Math.random() < 0.1 ? 2 : 1;
        trouble.repeated += times - 1;
        for (let i = 0; i < times; i++) {
          if (Math.random() < 0.1) {
            trouble.late += 1;
            setTimeout(() => onMessage(message, from), Math.random() * 300);
          } else onMessage(message, from);
        }
      }),
    [Symbol.asyncDispose]: () => inner[Symbol.asyncDispose](),
  };
}
