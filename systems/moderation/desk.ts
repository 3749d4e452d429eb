import { decodeCursor, encodeCursor, type Page } from "#kernel/paging.ts";
import { rfc3339 } from "#kernel/time.ts";
import type { SignedIn } from "#kernel/viewer.ts";

import type { Act, Appeal } from "./acts/contract.ts";
import * as actStore from "./acts/store.ts";
import type { SubjectKind } from "./base-contract.ts";
import { ACTS_SHOWN_MAX, CLAIM_MS_MAX, QUEUE_READS_MAX, REPORTS_SHOWN_MAX } from "./bounds.ts";
import type { Cases } from "./cases/cases.ts";
import type { CaseWhole, ModerationCase } from "./cases/contract.ts";
import * as caseStore from "./cases/store.ts";
import type { Ground } from "./ground.ts";
import type { Officers } from "./officers.ts";
import { actsOn, mayDecide, mayUndo } from "./policy.ts";
import type { Present } from "./present.ts";
import { ofCase as reportsOf } from "./reports/store.ts";
import type { Subjects } from "./subjects.ts";

/** What lies on a moderator's desk, and in the drawer of who was moderated. Skeleton → rules → present. */
export interface Desk {
  queue(viewer: SignedIn, asked: QueueQuery): Promise<Page<ModerationCase>>;
  whole(viewer: SignedIn, id: string): Promise<CaseWhole>;
  appeals(viewer: SignedIn, asked: PageQuery & { space_id?: string | undefined }): Promise<Page<WaitingAppeal>>;
  /** One act as this viewer may see it: an officer, or the person concerned. */
  act(viewer: SignedIn, id: string): Promise<Act>;
  mine(viewer: SignedIn, asked: MineQuery): Promise<Page<Act>>;
  waiting(viewer: SignedIn): Promise<{ cases: number; appeals: number; warnings: number }>;
}

interface PageQuery {
  limit: number;
  cursor?: string | undefined;
}
export interface QueueQuery extends PageQuery {
  space_id?: string | undefined;
  state: "open" | "closed";
  claimed?: "me" | "nobody" | undefined;
  kind?: SubjectKind | undefined;
}
export interface MineQuery extends PageQuery {
  unread?: "true" | undefined;
  subject_kind?: SubjectKind | undefined;
  subject_id?: string | undefined;
}
export interface WaitingAppeal {
  act: Act;
  appeal: Appeal;
  may_decide: boolean;
}

const TOP = "9223372036854775807";
/** Numbers on a badge end here. */
const COUNTED_MAX = 100;

export function createDesk(
  ground: Ground,
  parts: { subjects: Subjects; officers: Officers; cases: Cases; present: Present },
): Desk {
  const { sql, clock, people } = ground;
  const { subjects, officers, cases, present } = parts;

  /** A full page of what this viewer may look into, by reading on past the rest. */
  async function visible<T extends { person_id: string; space_id: string | null }>(
    viewer: SignedIn,
    { limit, cursor }: PageQuery,
    start: string,
    read: (at: string, rows_max: number) => Promise<T[]>,
    keyOf: (row: T) => string,
  ): Promise<{ rows: T[]; next_cursor: string | null }> {
    let at = cursor === undefined ? start : String(decodeCursor(cursor, ["id"])[0]);
    const rows: T[] = [];
    for (let reads = 0; reads < QUEUE_READS_MAX; reads++) {
      const listed = await read(at, limit + 1);
      for (const row of await officers.seen(viewer, listed)) {
        if (rows.length === limit) return { rows, next_cursor: encodeCursor([keyOf(rows.at(-1)!)]) };
        rows.push(row);
      }
      if (listed.length <= limit) return { rows, next_cursor: null };
      at = keyOf(listed.at(-1)!);
    }
    return { rows, next_cursor: encodeCursor([at]) };
  }

  return {
    async queue(viewer, asked) {
      const space_ids = await officers.roomsAsked(viewer, asked.space_id);
      const claimed =
        asked.claimed === undefined
          ? null
          : {
              by: asked.claimed === "me" ? viewer.person_id : ("nobody" as const),
              since: new Date(clock.now() - CLAIM_MS_MAX),
            };
      const filter = { space_ids, state: asked.state, claimed, kind: asked.kind ?? null };
      const { rows, next_cursor } = await visible(
        viewer,
        asked,
        asked.state === "open" ? "0" : TOP,
        (at, rows_max) => caseStore.queue(sql.pool, filter, at, rows_max),
        (row) => row.id,
      );
      return { items: await present.cases(rows), next_cursor };
    },

    async whole(viewer, id) {
      const row = await cases.find(viewer, id);
      const name = { kind: row.subject_kind, id: row.subject_id };
      const [[shown], reports, kept, notes, acts, subject, [power]] = await Promise.all([
        present.cases([row]),
        reportsOf(sql.pool, id, REPORTS_SHOWN_MAX),
        caseStore.snapshots(sql.pool, [id]),
        caseStore.notes(sql.pool, id),
        actStore.ofPerson(sql.pool, row.person_id, { below: TOP, acts_max: ACTS_SHOWN_MAX }),
        subjects.find(sql.pool, name),
        officers.powersNow(viewer, [row]),
      ]);
      const cards = await people.cards(
        new Set([...reports.map((one) => one.reporter_id), ...notes.map((one) => one.by_id)]),
      );
      // Who moderates a space sees what was done in it, and not what the house did elsewhere.
      const seen = viewer.role === "member" ? acts.filter((one) => one.space_id === row.space_id) : acts;
      const newest = kept.at(-1)?.content;
      return {
        ...shown!,
        answer: row.answer,
        reported: reports.map((one) => ({
          id: one.id,
          reporter: cards.get(one.reporter_id) ?? null,
          rule: { id: one.rule_id, title: one.rule_title },
          words: one.words,
          at: rfc3339(one.at),
        })),
        snapshots: kept.map((one) => ({ id: one.id, at: rfc3339(one.at), content: one.content })),
        notes: notes.map((one) => ({
          id: one.id,
          by: cards.get(one.by_id) ?? null,
          at: rfc3339(one.at),
          words: one.words,
        })),
        acts: await present.acts(seen, "officer"),
        now: {
          gone: subject?.is_gone ?? true,
          hidden: subject?.is_hidden ?? false,
          changed:
            subject !== null &&
            newest !== undefined &&
            (newest.text !== subject.content.text || newest.title !== subject.content.title),
          limited: shown!.person?.limited ?? false,
          suspended: shown!.person?.suspended ?? false,
        },
        may: row.closed_at === null ? actsOn(power ?? null, name.kind, row.space_id !== null) : [],
      };
    },

    async appeals(viewer, asked) {
      const space_ids = await officers.roomsAsked(viewer, asked.space_id);
      const { rows, next_cursor } = await visible(
        viewer,
        asked,
        "0",
        (at, rows_max) => actStore.appealed(sql.pool, space_ids, at, rows_max),
        (row) => row.appeal_id!,
      );
      const [shown, powers, others] = await Promise.all([
        present.acts(rows, "officer"),
        officers.powersNow(viewer, rows),
        officers.others(
          sql.pool,
          viewer.person_id,
          rows.map((row) => row.person_id),
        ),
      ]);
      const items = shown.map((act, i): WaitingAppeal => {
        const row = rows[i]!;
        const isFree = mayDecide(viewer.person_id, row.by_id, others.get(row.person_id)!);
        return { act, appeal: act.appeal!, may_decide: mayUndo(powers[i] ?? null, row.power) && isFree };
      });
      return { items, next_cursor };
    },

    async act(viewer, id) {
      const row = (await actStore.find(sql.pool, id))!;
      return (await present.acts([row], row.person_id === viewer.person_id ? "concerned" : "officer"))[0]!;
    },

    async mine(viewer, { limit, cursor, unread, subject_kind, subject_id }) {
      const below = cursor === undefined ? TOP : String(decodeCursor(cursor, ["id"])[0]);
      const subject =
        subject_kind === undefined || subject_id === undefined ? null : { kind: subject_kind, id: subject_id };
      const asked = { below, acts_max: limit + 1, unread: unread === "true", subject };
      const rows = await actStore.ofPerson(sql.pool, viewer.person_id, asked);
      const shown = rows.slice(0, limit);
      return {
        items: await present.acts(shown, "concerned"),
        next_cursor: rows.length > limit ? encodeCursor([shown.at(-1)!.id]) : null,
      };
    },

    async waiting(viewer) {
      const rooms = await officers.rooms(viewer);
      const isOfficer = rooms === null || rooms.length > 0;
      const [cases, appealed, warnings] = await Promise.all([
        isOfficer ? caseStore.open(sql.pool, rooms, COUNTED_MAX) : [],
        isOfficer ? actStore.appealing(sql.pool, rooms, COUNTED_MAX) : [],
        actStore.countUnread(sql.pool, viewer.person_id),
      ]);
      // A number, too, must not tell somebody that they were reported.
      const [open, appeals] = await Promise.all([cases, appealed].map((rows) => officers.seen(viewer, rows)));
      return { cases: open!.length, appeals: appeals!.length, warnings };
    },
  };
}
