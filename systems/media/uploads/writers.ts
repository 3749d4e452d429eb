import { randomUUID } from "node:crypto";

import { Problem } from "#kernel/errors.ts";
import type { UploadId } from "#kernel/ids.ts";
import type { Clock } from "#ports/clock/index.ts";
import type { Sql } from "#ports/sql/index.ts";

import { WRITER_LEASE_MS, WRITER_RENEW_MS } from "../bounds.ts";
import * as store from "./store.ts";

/**
 * One writer for each upload, in this process and on all nodes: a row says who and until when. A process that was killed
 * lets go after its lease; one that was only slow has lost it, and finds that out before its next chunk.
 */
export interface Writers {
  /** @throws Problem 423 `upload.busy` while somebody else writes */
  take(id: UploadId): Promise<Writer>;
  interrupt(id: UploadId, only_silent_for_ms?: number): Promise<void>;
}

export interface Writer extends AsyncDisposable {
  token: string;
  /** Fires when it is cut. */
  cut: AbortSignal;
  /** Called for each chunk. @throws Problem 423 where the lease was lost */
  alive(): void;
}

interface Holder {
  controller: AbortController;
  heard_ms: number;
  released: Promise<void>;
}

const INTERRUPT_WAIT_MS = 500;

export function createWriters({ sql, clock }: { sql: Sql; clock: Clock }): Writers {
  const here = new Map<UploadId, Holder>();

  return {
    async take(id) {
      const token = randomUUID();
      const until = () => new Date(clock.now() + WRITER_LEASE_MS);
      if (here.has(id) || !(await store.takeLease(sql.pool, id, token, new Date(clock.now()), until()))) throw busy();
      // Another call of this process may have come while the row was asked; the row then is its or ours, never both's.
      const controller = new AbortController();
      const { promise: released, resolve } = Promise.withResolvers<void>();
      const holder: Holder = { controller, heard_ms: clock.monotonic(), released };
      here.set(id, holder);
      let renewed_ms = clock.monotonic();
      const renewing = clock.every(WRITER_RENEW_MS, async () => {
        const asked_ms = clock.monotonic();
        if (await store.renewLease(sql.pool, id, token, until()).catch(() => true)) renewed_ms = asked_ms;
        else controller.abort(busy());
      });
      return {
        token,
        cut: controller.signal,
        alive() {
          holder.heard_ms = clock.monotonic();
          if (holder.heard_ms - renewed_ms > WRITER_LEASE_MS) throw busy();
        },
        async [Symbol.asyncDispose]() {
          renewing[Symbol.dispose]();
          here.delete(id);
          try {
            await store.dropLease(sql.pool, id, token);
          } finally {
            resolve();
          }
        },
      };
    },

    async interrupt(id, only_silent_for_ms = 0) {
      const holder = here.get(id);
      if (!holder) return;
      if (clock.monotonic() - holder.heard_ms < only_silent_for_ms) {
        // Its line may have broken a moment ago: then it ends by itself, and what came over it counts.
        const waited = new AbortController();
        await Promise.race([holder.released, clock.sleep(INTERRUPT_WAIT_MS, waited.signal).catch(() => {})]);
        waited.abort();
        return;
      }
      holder.controller.abort(new Problem(409, "upload.interrupted", "Another call went on with this upload."));
      await holder.released;
    },
  };
}

const busy = () =>
  new Problem(
    423,
    "upload.busy",
    "Another call is writing to this upload. Ask where it stands, and go on from there.",
    {
      retry_after_s: 2,
    },
  );
