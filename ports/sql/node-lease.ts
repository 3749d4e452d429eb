import { randomUUID } from "node:crypto";

import { createIds, type Ids } from "#kernel/ids.ts";
import type { Clock } from "#ports/clock/index.ts";

import type { Sql } from "./index.ts";

const LEASE_S = 60;
const RENEW_MS = 15_000;

export interface NodeLease extends AsyncDisposable {
  node: number;
  ids: Ids;
  /** Fires when the lease could not be renewed in time: the process must stop making ids. */
  lost: AbortSignal;
}

/** Processes that hold a node number at this moment. */
export async function liveNodes(sql: Sql): Promise<number> {
  const [row] = await sql.pool<{ nodes: number }[]>`
    SELECT count(*)::int AS nodes FROM sql_nodes WHERE lease_until > now()`;
  return row?.nodes ?? 0;
}

/**
 * Leases the lowest free node number. The row outlives its holder by the lease, and the next holder starts its clock
 * after the last moment at which the previous one could have made an id, so no clock that is wrong makes a duplicate.
 */
export async function leaseNode(sql: Sql, clock: Clock): Promise<NodeLease> {
  const holder = randomUUID();
  const [row] = await sql.tx(async (tx) => {
    await tx`LOCK TABLE sql_nodes IN SHARE ROW EXCLUSIVE MODE`;
    return tx<{ node: number; ids_after: Date; at: Date }[]>`
      WITH free AS (
        SELECT coalesce(
          (SELECT node FROM sql_nodes WHERE lease_until < now() ORDER BY node LIMIT 1),
          (SELECT n FROM generate_series(0, 1023) n WHERE NOT EXISTS (SELECT FROM sql_nodes WHERE node = n) LIMIT 1)
        )::smallint AS node
      ), before AS (
        SELECT free.node, coalesce(o.ids_until, 'epoch') AS ids_after FROM free LEFT JOIN sql_nodes o USING (node)
      ), taken AS (
        INSERT INTO sql_nodes (node, holder, lease_until, ids_until)
        SELECT node, ${holder}, now() + make_interval(secs => ${LEASE_S}), now() + make_interval(secs => ${LEASE_S}) FROM free
        ON CONFLICT (node) DO UPDATE SET holder = excluded.holder, lease_until = excluded.lease_until,
          ids_until = greatest(sql_nodes.ids_until, excluded.ids_until)
        RETURNING node
      )
      SELECT taken.node, before.ids_after, now() AS at FROM taken JOIN before USING (node)`;
  });
  if (!row) throw new Error("All 1,024 node numbers are leased.");
  // A clean stop sets ids_until to its moment, so a quick restart is not made to run ahead by a whole lease.
  const floor_ms = row.ids_after.getTime() + 1;
  const lost = new AbortController();
  let renewed_at = clock.monotonic();
  let renewed_db_ms = row.at.getTime();
  /**
   * The time in ids is the database's, carried on by a clock that never steps: what this machine believes the hour to be moves
   * none, and none is later than what the row says, so whoever holds the number next begins above all of them.
   */
  const idsNow = () => {
    const since_ms = Math.min(clock.monotonic() - renewed_at, LEASE_S * 1000);
    return Math.max(Math.floor(renewed_db_ms + since_ms), floor_ms);
  };
  const timer = clock.every(RENEW_MS, async () => {
    try {
      const [renewed] = await sql.pool<{ at: Date }[]>`
        UPDATE sql_nodes SET lease_until = now() + make_interval(secs => ${LEASE_S}),
          ids_until = greatest(ids_until, now() + make_interval(secs => ${LEASE_S}))
        WHERE node = ${row.node} AND holder = ${holder}
        RETURNING now() AS at`;
      if (!renewed) return lost.abort(new Error("another process took this node's number"));
      renewed_at = clock.monotonic();
      renewed_db_ms = renewed.at.getTime();
    } catch {
      if (clock.monotonic() - renewed_at > LEASE_S * 1000) lost.abort(new Error("the node's lease ran out"));
    }
  });
  return {
    node: row.node,
    ids: createIds(row.node, idsNow),
    lost: lost.signal,
    async [Symbol.asyncDispose]() {
      timer[Symbol.dispose]();
      await sql.pool`UPDATE sql_nodes SET lease_until = now() - interval '1 second', ids_until = clock_timestamp()
        WHERE node = ${row.node} AND holder = ${holder}`.catch(() => {});
    },
  };
}
