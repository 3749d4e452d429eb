import { randomUUID } from "node:crypto";

import { onOwnTime } from "#ports/calls/index.ts";
import type { Clock } from "#ports/clock/index.ts";

import { afterCommit } from "./after-commit.ts";
import type { Query, Sql } from "./index.ts";

/**
 * A transaction that contains a NOTIFY takes a lock on all of PostgreSQL's notifications before its commit is flushed, so
 * such commits go one by one. Writers therefore do not notify: their node does, for all of them, at most this often.
 */
export const NOTIFY_MS = 20;
/** PostgreSQL takes payloads under 8,000 bytes; longer lists of names become "all of them". */
const PAYLOAD_BYTES_MAX = 7_000;
const ALL = "*";

/** "There is something new under this name": at once in this process, within `NOTIFY_MS` on the other nodes. */
export interface Wakes extends AsyncDisposable {
  /** Wakes `name` when `tx` commits. Call it after the write; with the pool as `tx` the write has committed already. */
  onCommit(tx: Query, name: string): Promise<void>;
  /** Begins to hear the other nodes. */
  listen(): Promise<void>;
}

/**
 * @param needs.onWake the name, or null for "anything may be new" (after a reconnect). It must not throw. A wake-up can be
 *   lost with the process that owed it, so its owner also looks by itself now and then.
 */
export function createWakes(needs: {
  sql: Sql;
  clock: Clock;
  channel: string;
  onWake: (name: string | null) => void;
}): Wakes {
  const { sql, clock, channel, onWake } = needs;
  const self = randomUUID().slice(0, 8);
  const owed = new Set<string>();
  let flushing: Promise<void> | null = null;
  let listening: Promise<AsyncDisposable> | null = null;
  const closing = new AbortController();

  const flush = async () => {
    while (owed.size > 0) {
      const names = [...owed].join(",");
      owed.clear();
      // A notification that cannot be sent costs the other nodes one slow look, nothing else; the database being away is
      // told by everything that needs it.
      await sql.pool.notify(channel, `${self}:${names.length > PAYLOAD_BYTES_MAX ? ALL : names}`).catch(() => {});
      await clock.sleep(NOTIFY_MS, closing.signal).catch(() => {});
    }
    flushing = null;
  };
  const fire = (name: string) => {
    onWake(name);
    owed.add(name);
    flushing ??= onOwnTime(flush);
  };
  const hear = (payload: string) => {
    if (payload === "") return onWake(null);
    const at = payload.indexOf(":");
    if (payload.slice(0, at) === self) return;
    for (const name of payload.slice(at + 1).split(",")) onWake(name === ALL ? null : name);
  };
  return {
    async onCommit(tx, name) {
      if (tx === sql.pool) fire(name);
      else if (!afterCommit(tx, `${channel} ${self} ${name}`, () => fire(name))) await tx.notify(channel, `tx:${name}`);
    },
    async listen() {
      listening ??= onOwnTime(() => sql.listen(channel, hear));
      await listening;
    },
    async [Symbol.asyncDispose]() {
      closing.abort(new Error("closed"));
      await flushing;
      const subscription = await listening?.catch(() => null);
      await subscription?.[Symbol.asyncDispose]();
    },
  };
}
