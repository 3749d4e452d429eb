import { join } from "node:path";

import type { Id, Ids } from "#kernel/ids.ts";
import type { Json } from "#kernel/json.ts";
import type { Bus } from "#ports/bus/index.ts";
import type { Clock } from "#ports/clock/index.ts";
import type { Api } from "#ports/http/index.ts";
import type { Jobs } from "#ports/jobs/index.ts";
import type { Limiter } from "#ports/limiter/index.ts";
import type { Log } from "#ports/log/index.ts";
import { afterCommit, type MigrationFolder, type Query, type Sql } from "#ports/sql/index.ts";
import type { People } from "#systems/people/index.ts";

import { type Appended, createAppend, type NewItem } from "./append.ts";
import { createGateway } from "./gateway.ts";
import { guardLines } from "./guard.ts";
import { createReader } from "./reader.ts";
import { defineTrim } from "./retention.ts";
import { type Activity, createRulesBook, type StreamRules } from "./rules.ts";
import { type LineDoor, serveLine, serveSpoken, type Spoken } from "./serve.ts";
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
  /** The oldest items of a stream go, in portions; its numbers go on from where they are. @returns rows that went */
  erase(tx: Query, stream: StreamName, rows_max: number): Promise<number>;
  /** Opens the door of the line. */
  serve(api: Api): void;
  /** Opens a door where the same streams are told in another protocol, by the same rules and within the same bounds. */
  serveIn<Said>(api: Api, door: LineDoor, spoken: (request: Request) => Spoken<Said>): void;
  /** Asks every client of this node to go to another, and closes who stays. */
  drain(): Promise<void>;
  /** After a restore that leaves no trace of its own (files of a cluster put back): every client takes its state anew. @returns the new epoch */
  renewEpoch(): Promise<string>;
  /** `lines_behind`: whose readers left something unread at the last look, about a second ago. */
  stats(): { lines: number; lines_behind: number; channels: number; kept_bytes: number; heads_read: number };
}

export interface RealtimeNeeds {
  sql: Sql;
  ids: Ids;
  bus: Bus;
  clock: Clock;
  log: Log;
  jobs: Jobs;
  limiter: Limiter;
  people: Pick<People, "authenticate">;
  /** What failed and is tried again by itself. */
  onFailure?: (error: unknown) => void;
}

export async function createRealtime(needs: RealtimeNeeds): Promise<Realtime> {
  const { sql, bus, clock } = needs;
  const rules = createRulesBook();
  await store.adopt(sql.pool);
  defineTrim(needs);
  const gateway = createGateway({
    clock,
    bus,
    limiter: needs.limiter,
    reader: createReader(needs),
    rules,
    authenticate: needs.people.authenticate,
    node: crypto.randomUUID(),
    onFailure: needs.onFailure ?? (() => {}),
  });
  const guard = await guardLines(needs.log, gateway);
  const named = (stream: StreamName) => {
    if (!partsOf(stream)) throw new RangeError(`no name of a stream: ${stream.slice(0, 100)}`);
    return stream;
  };
  return {
    append: createAppend(needs),
    streams: rules.add,
    recheck: gateway.recheck,
    ephemeral: (stream, slot, from, data) => gateway.ephemeral(named(stream), slot, from, data),
    active: async (person_ids) => gateway.presence.of(person_ids),
    async redact(tx, stream, seqs) {
      await store.redactItems(tx, named(stream), seqs);
      afterCommit(tx, `realtime:redact:${stream}`, () => bus.publish(subjectOf(stream), { type: "redacted" }));
    },
    async erase(tx, stream, rows_max) {
      const rows = await store.eraseItems(tx, named(stream), rows_max);
      afterCommit(tx, `realtime:redact:${stream}`, () => bus.publish(subjectOf(stream), { type: "redacted" }));
      return rows;
    },
    serve: (api) => serveLine(api, gateway),
    serveIn: (api, door, spoken) => serveSpoken(api, gateway, door, spoken),
    drain: () => gateway.lines.drain(),
    renewEpoch: () => store.renewEpoch(sql.pool),
    stats: () => ({ lines: gateway.lines.count(), lines_behind: gateway.lines.behind(), ...gateway.hub.stats() }),
    async [Symbol.asyncDispose]() {
      await guard[Symbol.asyncDispose]();
      await gateway[Symbol.asyncDispose]();
    },
  };
}

export type { Appended, NewItem } from "./append.ts";
export { APPEND_ITEMS_MAX, CID_CHARS_MAX, ITEM_DATA_BYTES_MAX, ITEMS_KEPT_MS } from "./bounds.ts";
export type { Conversation, Dialect, End, Known } from "./dialect.ts";
export type { News, Wording, Words } from "./news.ts";
export type { LineDoor, Spoken } from "./serve.ts";
export type { Voice } from "./listening.ts";
export { partsOf } from "./streams.ts";
export { type PageText, partsOfItem } from "./wire.ts";
export { type Activity, mayListen, personStream, type Sent, type StreamRules } from "./rules.ts";
export type { StreamName } from "./streams.ts";
export { CLOSE as LINE_CLOSE, LINE_PATH, LINE_VERSION, type PullAsked, type Readiness } from "./contract.ts";
