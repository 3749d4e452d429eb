import { createHash } from "node:crypto";

import { isId, type PersonId } from "#kernel/ids.ts";
import type { JsonObject } from "#kernel/json.ts";
import { decodeCursor, encodeCursor, type Page } from "#kernel/paging.ts";
import { rfc3339 } from "#kernel/time.ts";
import type { Clock } from "#ports/clock/index.ts";
import type { Query, Sql } from "#ports/sql/index.ts";
import type { People } from "#systems/people/index.ts";

import type { SubjectKind } from "../base-contract.ts";
import { AUDIT_CHECK_ROWS, AUDIT_EXPORT_ROWS_MAX } from "../bounds.ts";
import type { AuditRow } from "./contract.ts";
import * as store from "./store.ts";

/** What was done in the house's name: a chain in which each row carries the hash of all before it. */
export interface Audit {
  /** In the transaction of what it tells of, and late in it: the end of the chain is held until that ends. */
  append(tx: Query, entry: AuditEntry): Promise<void>;
  list(asked: AuditQuery): Promise<Page<AuditRow>>;
  /** The rows behind `after` as they were hashed, a line each; at most `AUDIT_EXPORT_ROWS_MAX`. */
  lines(after: string): Promise<string>;
  /** Reads all of it. `broken_at` is the first row that does not follow from those before, `head` where the end was taken off. */
  check(signal: AbortSignal): Promise<{ ok: boolean; rows: number; broken_at: string | null; head: string }>;
}

export interface AuditEntry {
  by: PersonId | null;
  /** `act.hide`, `appeal.decided`, `shield.changed` */
  what: string;
  person_id?: PersonId | null;
  space_id?: string | null;
  subject?: { kind: string; id: string } | null;
  detail?: JsonObject;
}

export interface AuditQuery {
  limit: number;
  cursor?: string | undefined;
  by?: string | undefined;
  person?: string | undefined;
  what?: string | undefined;
  since?: string | undefined;
  until?: string | undefined;
}

const TOP = "9223372036854775807";
const hashOf = (before: Uint8Array, entry: string): Buffer =>
  createHash("sha256").update(before).update(entry, "utf8").digest();

export function createAudit({
  sql,
  clock,
  people,
}: {
  sql: Sql;
  clock: Clock;
  people: Pick<People, "cards" | "byHandle">;
}): Audit {
  /** By handle or id; an id also finds who has gone. Nobody's handle finds nothing. */
  async function idOf(name: string | undefined): Promise<PersonId | null> {
    if (name === undefined) return null;
    return isId(name) ? name : ((await people.byHandle(name))?.id ?? "0");
  }

  return {
    async append(tx, { by, what, person_id = null, space_id = null, subject = null, detail = {} }) {
      const head = await store.lockHead(tx);
      const seq = (BigInt(head.seq) + 1n).toString();
      const at = new Date(clock.now());
      const entry = JSON.stringify({ seq, at: rfc3339(at), by, what, person_id, space_id, subject, detail });
      const hash = hashOf(head.hash, entry);
      const [subject_kind, subject_id] = [subject?.kind ?? null, subject?.id ?? null];
      await store.append(tx, { seq, at, by_id: by, what, person_id, space_id, subject_kind, subject_id, entry, hash });
    },

    async list({ limit, cursor, by, person, what, since, until }) {
      const below = cursor === undefined ? TOP : String(decodeCursor(cursor, ["id"])[0]);
      const asked = {
        by_id: await idOf(by),
        person_id: await idOf(person),
        what: what ?? null,
        since: since === undefined ? null : new Date(since),
        until: until === undefined ? null : new Date(until),
      };
      const rows = await store.list(sql.pool, asked, below, limit + 1);
      const shown = rows.slice(0, limit);
      const cards = await people.cards(new Set(shown.flatMap((row) => [row.by_id ?? [], row.person_id ?? []].flat())));
      const items = shown.map((row): AuditRow => ({
        seq: row.seq,
        at: rfc3339(row.at),
        by: row.by_id === null ? null : (cards.get(row.by_id) ?? null),
        what: row.what,
        person: row.person_id === null ? null : (cards.get(row.person_id) ?? null),
        subject: row.subject_kind === null ? null : { kind: row.subject_kind as SubjectKind, id: row.subject_id! },
        detail: (JSON.parse(row.entry) as { detail: JsonObject }).detail,
        hash: Buffer.from(row.hash).toString("hex"),
      }));
      return { items, next_cursor: rows.length > limit ? encodeCursor([shown.at(-1)!.seq]) : null };
    },

    async lines(after) {
      const rows = await store.after(sql.pool, after, AUDIT_EXPORT_ROWS_MAX);
      return rows.map((row) => `{"hash":"${Buffer.from(row.hash).toString("hex")}","entry":${row.entry}}\n`).join("");
    },

    async check(signal) {
      const head = await store.head(sql.pool);
      const end = Buffer.from(head.hash).toString("hex");
      let last = { seq: "0", hash: Buffer.alloc(32) as Uint8Array };
      let rows = 0;
      while (BigInt(last.seq) < BigInt(head.seq)) {
        signal.throwIfAborted();
        const batch = await store.after(sql.pool, last.seq, AUDIT_CHECK_ROWS);
        if (batch.length === 0) break;
        for (const row of batch) {
          const isNext = BigInt(row.seq) === BigInt(last.seq) + 1n;
          const isEnd = row.seq !== head.seq || Buffer.from(row.hash).equals(head.hash);
          if (!isNext || !isEnd || !isAsHashed(row) || !hashOf(last.hash, row.entry).equals(row.hash))
            return { ok: false, rows, broken_at: row.seq, head: end };
          rows += 1;
          last = row;
        }
      }
      // Rows that came while this was read are behind the head that was read first, and are for the next look.
      const ok = BigInt(last.seq) >= BigInt(head.seq) && (rows > 0 || head.seq === "0");
      return { ok, rows, broken_at: ok ? null : (BigInt(last.seq) + 1n).toString(), head: end };
    },
  };
}

/** Whether the columns, by which rows are found, say what was hashed. */
function isAsHashed(row: store.AuditStored): boolean {
  const { seq, by_id: by, what, person_id, space_id, subject_kind, subject_id } = row;
  const subject = subject_kind === null ? null : { kind: subject_kind, id: subject_id };
  try {
    const { detail, ...said } = JSON.parse(row.entry) as JsonObject;
    return (
      detail !== undefined &&
      Bun.deepEquals(said, { seq, at: rfc3339(row.at), by, what, person_id, space_id, subject } as JsonObject)
    );
  } catch {
    // Whoever wrote over it left nothing that can be read: that is an answer, and no failure of ours.
    return false;
  }
}
