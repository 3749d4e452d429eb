import { SQL } from "bun";

import { type Deadline, isOver, leftMs } from "#kernel/deadline.ts";
import { Transient } from "#kernel/errors.ts";
import { retry } from "#kernel/retry.ts";
import { askerHere } from "#ports/calls/index.ts";
import type { Clock } from "#ports/clock/index.ts";

import { watchCommit } from "./after-commit.ts";
import { forAskers, isStopped, onTheirTime } from "./asked.ts";
import { isAway, isRetryable } from "./errors.ts";
import type { Sql, Tx } from "./index.ts";
import { reasonOf } from "./until.ts";

/** Where the database is: a URL, or the socket of an embedded one. */
export type SqlTarget = { url: string } | { socket_path: string; database: string; user: string };

/** One process rarely gains from more: each connection costs the server about 5 MB. */
export const POOL_CONNECTIONS_MAX = 12;
/** A statement that runs longer is a bug or an attack; the longest legitimate ones are maintenance and set their own. */
export const STATEMENT_MS_MAX = 15_000;
const TX_TRIES_MAX = 8;

export function createSql(
  target: SqlTarget,
  needs: { clock: Clock; connections_max?: number; statement_ms_max?: number },
): Sql {
  const where =
    "url" in target
      ? { url: target.url }
      : { path: target.socket_path, database: target.database, username: target.user, password: "" };
  const statement_ms_max = needs.statement_ms_max ?? STATEMENT_MS_MAX;
  const raw = new SQL({
    adapter: "postgres",
    ...where,
    max: needs.connections_max ?? POOL_CONNECTIONS_MAX,
    connectionTimeout: 10,
    connection: {
      application_name: "folkhus",
      TimeZone: "UTC",
      statement_timeout: String(statement_ms_max),
      idle_in_transaction_session_timeout: "30000",
    },
  });
  const pool = forAskers(raw);
  const tried = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await retry(
        work,
        { tries_max: TX_TRIES_MAX, base_ms: 5, delay_ms_max: 200 },
        {
          random: () => needs.clock.random(),
          sleep: (ms) => needs.clock.sleep(ms),
          nature: (error) => (isRetryable(error) ? "transient" : "permanent"),
        },
      );
    } catch (error) {
      if (isAway(error)) throw new Transient("the database is away", { cause: error });
      throw error;
    }
  };
  const bound = async (tx: Tx, deadline: Deadline) => {
    if (deadline.at_ms === Infinity) return;
    const left_ms = Math.min(statement_ms_max, Math.ceil(leftMs(deadline, needs.clock.monotonic())));
    // 0 would mean no bound at all.
    if (left_ms <= 0) throw reasonOf(deadline);
    await tx`SELECT set_config('statement_timeout', ${String(left_ms)}, true)`;
  };
  return {
    pool,
    async tx(work, options) {
      const mode = options?.isolation ? `isolation level ${options.isolation}` : "";
      let committed = () => {};
      const deadline = options?.deadline;
      const asker = askerHere();
      const begin = (): ReturnType<typeof work> => {
        asker?.mustWait();
        if (deadline && isOver(deadline, needs.clock.monotonic())) throw reasonOf(deadline);
        return raw.begin(mode, async (opened) => {
          const tx = asker === null ? opened : forAskers(opened);
          committed = watchCommit(tx);
          if (deadline) await bound(tx, deadline);
          return onTheirTime(asker, tx as Tx, work);
        }) as ReturnType<typeof work>;
      };
      const result = await tried(begin).catch((error: unknown) => {
        if (isStopped(error)) asker?.mustWait();
        throw deadline && isStopped(error) ? reasonOf(deadline, error) : error;
      });
      committed();
      return result;
    },
    single: (work) => tried(() => work(pool)),
    async listen(channel, onNotify) {
      const subscription = await raw.listen(channel, onNotify, () => onNotify(""));
      return { [Symbol.asyncDispose]: () => subscription.unlisten() };
    },
    [Symbol.asyncDispose]: () => raw.close({ timeout: 5 }),
  };
}
