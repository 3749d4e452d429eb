import { createIds } from "#kernel/ids.ts";
import { createLocalCaches } from "#ports/cache/index.ts";
import { createSystemClock } from "#ports/clock/index.ts";
import { type Api, createApi, createIdempotency } from "#ports/http/index.ts";
import { createLocalLimiter } from "#ports/limiter/index.ts";
import { createLog } from "#ports/log/index.ts";
import { createSql, leaseNode, type SqlTarget } from "#ports/sql/index.ts";
import { createPeople } from "#systems/people/index.ts";

/**
 * What both sides share, so that only the reading differs: one process, Bun.serve, the house's API with sessions from the
 * database, the limiter on, and the same pool of connections. Generous limits: nothing is refused, everything is counted.
 */
export async function openStand() {
  const target = JSON.parse(process.env.BENCH_TARGET!) as SqlTarget;
  const clock = createSystemClock();
  const sql = createSql(target, { clock });
  const node = await leaseNode(sql, clock);
  const ids = createIds(node.node, () => clock.now());
  const log = createLog({ sql, clock });
  const caches = createLocalCaches({ clock });
  const limiter = createLocalLimiter({ clock, keys_max: 100_000 });
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
  const wide = (name: string) => ({ name, burst_tokens: 1_000_000, tokens_per_s: 100_000 });
  const api = createApi({
    authenticate: people.authenticate,
    limiter,
    limits: { address: wide("address"), person: wide("person"), token: wide("token") },
    idempotency: createIdempotency(sql, "a secret of tests"),
    clock,
    trusted_proxies: 0,
    requestId: () => crypto.randomUUID(),
    onServed: ({ error }) => {
      if (error !== undefined) console.error(error);
    },
  });
  return { sql, clock, ids, log, caches, people, api };
}

export function listen(api: Api): void {
  const server: Bun.Server<undefined> = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: (request) => api.fetch(request, server.requestIP(request)?.address ?? "unknown"),
  });
  console.log(server.port);
}
