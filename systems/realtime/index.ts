import { join } from "node:path";

import type { Id, Ids } from "#kernel/ids.ts";
import type { Json } from "#kernel/json.ts";
import type { Bus } from "#ports/bus/index.ts";
import type { MigrationFolder, Query, Sql } from "#ports/sql/index.ts";

import { type Appended, createAppend, type NewItem } from "./append.ts";
import { type Activity, createRulesBook, type StreamRules } from "./rules.ts";
import * as store from "./store.ts";
import { partsOf, type StreamName, subjectOf } from "./streams.ts";

export const REALTIME_FOLDER: MigrationFolder = { system: "realtime", folder: join(import.meta.dirname, "sql") };

/** The line: streams that lose nothing, repeat nothing and keep their order, on any node. */
export interface Realtime extends AsyncDisposable {
  /**
   * Gapless numbers in the caller's transaction (the stream's row is locked to its end: append late, and to several streams
   * in the order of their names), pushed to all nodes after the commit. The same (stream, sender, cid) again gives the first
   * answer with `dup: true` and adds nothing; known for `ITEMS_KEPT_MS`. @throws RangeError
   */
  append(tx: Query, stream: StreamName, items: readonly NewItem[]): Promise<Appended>;
  /** What a system says of its streams, once per kind, before anybody comes. */
  streams(kind: string, rules: StreamRules): void;
  /**
   * Something about who may read changed (a role, a block, a session): each node asks `mayRead` again for who listens there,
   * within a second. Call it after the commit. Where the change is itself an item, `NewItem.recheck` is stricter.
   */
  recheck(what: { stream?: StreamName; person_id?: Id<"person"> }): void;
  /** Latest wins per (stream, slot, person); may be dropped; never in SQL. */
  ephemeral(stream: StreamName, slot: string, from: Id<"person"> | null, data: Json): void;
  /** Is a device of theirs connected, and active now, on any node? Whoever is not in the map is neither. */
  active(person_ids: readonly Id<"person">[]): Promise<Map<Id<"person">, Activity>>;
  /** What these items said goes (`data` is null from here on); their numbers stay. For what was deleted. */
  redact(tx: Query, stream: StreamName, seqs: readonly string[]): Promise<void>;
}

export interface RealtimeNeeds {
  sql: Sql;
  ids: Ids;
  bus: Bus;
}

const RECHECK_SUBJECT = "realtime.recheck";

export async function createRealtime(needs: RealtimeNeeds): Promise<Realtime> {
  const { sql, bus } = needs;
  const rules = createRulesBook();
  await store.adopt(sql.pool);
  return {
    append: createAppend(needs),
    streams: rules.add,
    recheck: ({ stream, person_id }) =>
      bus.publish(RECHECK_SUBJECT, { stream: stream ?? null, person_id: person_id ?? null }),
    ephemeral(stream, slot, from, data) {
      if (!partsOf(stream)) throw new RangeError(`no name of a stream: ${stream.slice(0, 100)}`);
      bus.publish(subjectOf(stream), { type: "eph", slot, person_id: from, data });
    },
    active: async () => new Map(),
    async redact(tx, stream, seqs) {
      await store.redactItems(tx, stream, seqs);
    },
    async [Symbol.asyncDispose]() {},
  };
}

export type { Appended, NewItem } from "./append.ts";
export { APPEND_ITEMS_MAX, CID_CHARS_MAX, ITEM_DATA_BYTES_MAX, ITEMS_KEPT_MS } from "./bounds.ts";
export { type Activity, personStream, type Sent, type StreamRules } from "./rules.ts";
export type { StreamName } from "./streams.ts";
export { LINE_PATH, LINE_VERSION } from "./contract.ts";
