import { conflict, notFound } from "#kernel/errors.ts";
import type { PersonId } from "#kernel/ids.ts";
import type { SignedIn } from "#kernel/viewer.ts";
import type { Tx } from "#ports/sql/index.ts";

import type { ActAsked, Acts } from "../acts/acts.ts";
import { ofCase as countActs } from "../acts/store.ts";
import { CLAIM_MS_MAX, NOTES_PER_CASE_MAX } from "../bounds.ts";
import { tell } from "../events.ts";
import type { Ground } from "../ground.ts";
import type { Officers } from "../officers.ts";
import { reportersOf } from "../reports/store.ts";
import type { SubjectName, Subjects } from "../subjects.ts";
import { caseFacts, keep } from "./keep.ts";
import * as store from "./store.ts";

/** A case in moderators' hands. What the viewer may not look into is not found. */
export interface Cases {
  /** The open case of this thing, or a new one without a report. @returns its id */
  open(viewer: SignedIn, subject: SubjectName): Promise<string>;
  /** @throws Problem 404 `case.not_found` */
  find(viewer: SignedIn, id: string): Promise<store.CaseRow>;
  /** @throws Problem 409 `moderation.claimed`, `moderation.closed` */
  claim(viewer: SignedIn, id: string): Promise<void>;
  release(viewer: SignedIn, id: string): Promise<void>;
  note(viewer: SignedIn, id: string, words: string): Promise<void>;
  act(viewer: SignedIn, id: string, asked: ActAsked & { close: boolean; answer: string }): Promise<void>;
  close(viewer: SignedIn, id: string, answer: string): Promise<void>;
}

export function createCases(ground: Ground, subjects: Subjects, officers: Officers, acts: Acts): Cases {
  const { sql, log, clock, ids, audit, people } = ground;
  const now = () => new Date(clock.now());

  async function mustSee(viewer: SignedIn, row: store.CaseRow | null): Promise<store.CaseRow> {
    if (!row || (await officers.seen(viewer, [row])).length === 0) throw notFound("case");
    return row;
  }

  /** One case, locked and in the viewer's hands, for as long as `work` takes. */
  async function inHand<T>(viewer: SignedIn, id: string, work: (tx: Tx, row: store.CaseRow) => Promise<T>): Promise<T> {
    await mustSee(viewer, await store.find(sql.pool, id));
    const done = await sql.tx(async (tx): Promise<T | { holder: PersonId }> => {
      const row = (await store.lock(tx, id))!;
      if (row.closed_at !== null)
        throw conflict("moderation.closed", "This case is closed. A new report opens a new one.");
      if (isClaimed(row) && row.claimed_by !== viewer.person_id) return { holder: row.claimed_by! };
      await store.claim(tx, id, viewer.person_id, now());
      return work(tx, row);
    });
    if (!isHeldBySomebody(done)) return done;
    const card = (await people.cards([done.holder])).get(done.holder);
    throw conflict("moderation.claimed", `@${card?.handle ?? "somebody"} has this in hand. Let them finish.`);
  }

  const isHeldBySomebody = (done: unknown): done is { holder: PersonId } =>
    typeof done === "object" && done !== null && "holder" in done;
  const isClaimed = (row: store.CaseRow) =>
    row.claimed_by !== null && clock.now() - row.claimed_at!.getTime() < CLAIM_MS_MAX;

  async function closeIn(tx: Tx, viewer: SignedIn, row: store.CaseRow, answer: string): Promise<void> {
    const outcome = (await countActs(tx, row.id)) > 0 ? "acted" : "no_breach";
    await store.close(tx, row.id, viewer.person_id, outcome, answer, now());
    const reporter_ids = await reportersOf(tx, row.id);
    const facts = caseFacts(row);
    await tell(log, tx, { type: "moderation.closed", version: 1, data: { ...facts, outcome, answer, reporter_ids } });
    if (outcome === "acted") return;
    // That nothing was done is a decision too.
    await audit.append(tx, {
      by: viewer.person_id,
      what: "case.no_breach",
      person_id: row.person_id,
      space_id: row.space_id,
      subject: { kind: row.subject_kind, id: row.subject_id },
      detail: { case_id: row.id },
    });
  }

  return {
    async open(viewer, name) {
      const open = await store.findOpen(sql.pool, name.kind, name.id);
      if (open && (await officers.seen(viewer, [open])).length > 0) return open.id;
      // What nobody reported is looked into only by who may read it anyway: an office opens no private letter.
      await subjects.mustRead(viewer, name);
      const subject = await subjects.find(sql.pool, name);
      if (!subject || (await officers.seen(viewer, [subject])).length === 0) {
        await officers.mustModerate(viewer, subject?.space_id ?? undefined);
        throw notFound(name.kind);
      }
      return sql.tx(async (tx) => {
        const row = await store.lockOpen(tx, {
          id: ids.next<"case">(),
          subject_kind: name.kind,
          subject_id: name.id,
          person_id: subject.person_id,
          space_id: subject.space_id,
          opened_at: now(),
          opened_by: viewer.person_id,
        });
        await keep(ground, tx, row.id, subject);
        return row.id;
      });
    },

    find: async (viewer, id) => mustSee(viewer, await store.find(sql.pool, id)),
    claim: (viewer, id) => inHand(viewer, id, async () => {}),

    async release(viewer, id) {
      const row = await mustSee(viewer, await store.find(sql.pool, id));
      if (row.claimed_by !== viewer.person_id) return;
      await sql.tx(async (tx) => {
        const locked = await store.lock(tx, id);
        if (locked?.claimed_by === viewer.person_id) await store.claim(tx, id, null, now());
      });
    },

    async note(viewer, id, words) {
      await mustSee(viewer, await store.find(sql.pool, id));
      await sql.tx(async (tx) => {
        await store.lock(tx, id);
        if ((await store.notes(tx, id)).length >= NOTES_PER_CASE_MAX)
          throw conflict("moderation.too_many_notes", `A case has room for ${NOTES_PER_CASE_MAX} notes.`);
        await store.insertNote(tx, id, { id: ids.next<"note">(), by_id: viewer.person_id, at: now(), words });
      });
    },

    async act(viewer, id, { close, answer, ...asked }) {
      const done = await inHand(viewer, id, async (tx, row) => {
        const after = await acts.perform(tx, viewer, row, asked);
        if (close) await closeIn(tx, viewer, row, answer);
        return after;
      });
      done?.();
    },

    async close(viewer, id, answer) {
      await inHand(viewer, id, async (tx, row) => {
        if ((await officers.power(tx, viewer, row.person_id, row.space_id)) === null)
          throw conflict("moderation.office", "They hold an office as high as yours. Somebody else has to decide.");
        await closeIn(tx, viewer, row, answer);
      });
    },
  };
}
