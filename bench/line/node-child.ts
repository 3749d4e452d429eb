/** One process of a house: people, the line and chat on the database that is named. Says its port; items come by commands. */
import { createInterface } from "node:readline";

import { createIds } from "#kernel/ids.ts";
import { createLocalBus } from "#ports/bus/index.ts";
import { createLocalCaches } from "#ports/cache/index.ts";
import { createSystemClock } from "#ports/clock/index.ts";
import { createApi, createIdempotency, DEFAULT_LIMITS } from "#ports/http/index.ts";
import { createJobs } from "#ports/jobs/index.ts";
import { createLocalLimiter } from "#ports/limiter/index.ts";
import { createLog } from "#ports/log/index.ts";
import { createSql, leaseNode, type SqlTarget } from "#ports/sql/index.ts";
import { createChat } from "#systems/chat/index.ts";
import { createPeople } from "#systems/people/index.ts";
import { createRealtime } from "#systems/realtime/index.ts";
import { createSpaces } from "#systems/spaces/index.ts";

import { listen } from "../../apps/server/listen.ts";

const clock = createSystemClock();
const sql = createSql(JSON.parse(process.env.BENCH_TARGET!) as SqlTarget, { clock });
const node = await leaseNode(sql, clock);
const ids = createIds(node.node, () => clock.now());
const log = createLog({ sql, clock });
const jobs = createJobs({ sql, clock });
const caches = createLocalCaches({ clock });
const limiter = createLocalLimiter({ clock, keys_max: 100_000 });
const onFailure = (error: unknown) => console.error(String(error));
const people = await createPeople({
  sql,
  log,
  clock,
  ids,
  caches,
  limiter,
  pictures: { avatarOf: async () => null },
  house: { name: "Bench", signup: "closed" },
  secret: "a secret of more than thirty-two characters",
});
const spaces = await createSpaces({ sql, log, clock, ids, caches, people });
const line = await createRealtime({ sql, ids, bus: createLocalBus(), clock, log, jobs, limiter, people, onFailure });
type Media = Parameters<typeof createChat>[0]["media"];
// Messages of this bench are words alone.
const chat = await createChat({ sql, log, jobs, clock, ids, people, spaces, media: {} as Media, line });
chat.work();
const api = createApi({
  authenticate: people.authenticate,
  limiter,
  limits: DEFAULT_LIMITS,
  idempotency: createIdempotency(sql, "a secret of tests"),
  clock,
  // Readers stand for people all over, so each says where it is, as a proxy would.
  trusted_proxies: 1,
  requestId: () => crypto.randomUUID(),
  onServed: ({ error }) => error !== undefined && onFailure(error),
});
line.serve(api);
const { port } = listen({
  port: Number(process.env.BENCH_PORT ?? 0),
  host: "0.0.0.0",
  fetch: async () => new Response("here"),
  upgrade: (request, peer) => api.upgrade(request, peer()),
  onError: onFailure,
  onDrain() {},
});
/** `STREAM COUNT CHARS EVERY_MS`: so many items in a stream, each with the time when it was said. */
const commands = createInterface({ input: process.stdin });
// Whoever started it is gone.
commands.on("close", () => process.exit(0));
commands.on("line", (text) => {
  const [stream, count, chars, every_ms] = text.split(" ") as [string, string, string, string];
  let said = 0;
  const timer = setInterval(() => {
    said += 1;
    if (said >= Number(count)) clearInterval(timer);
    const now_us = Math.round((performance.timeOrigin + performance.now()) * 1_000);
    const data = { body: `${"x".repeat(Number(chars))} said at <${now_us}>` };
    sql.tx((tx) => line.append(tx, stream, [{ kind: "message.created", data }])).catch(onFailure);
  }, Number(every_ms));
});
console.log(port);
