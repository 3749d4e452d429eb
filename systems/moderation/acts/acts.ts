import { conflict, forbidden, notFound, Problem } from "#kernel/errors.ts";
import type { PersonId } from "#kernel/ids.ts";
import { HOUR_MS } from "#kernel/time.ts";
import type { SignedIn } from "#kernel/viewer.ts";
import type { Query, Tx } from "#ports/sql/index.ts";

import { grantAppeal } from "../appeals/answer.ts";
import type { ActKind } from "../base-contract.ts";
import { ENDS_AT_ONCE_MAX } from "../bounds.ts";
import { keep } from "../cases/keep.ts";
import type { CaseRow } from "../cases/store.ts";
import { tell } from "../events.ts";
import type { Ground } from "../ground.ts";
import { notYours, type Officers } from "../officers.ts";
import { actsOn, mayUndo } from "../policy.ts";
import { find as findRule } from "../rules/store.ts";
import type { Subjects } from "../subjects.ts";
import { type AfterCommit, createEffects } from "./effects.ts";
import * as store from "./store.ts";

/** What moderators do, and take back. Each act is a row, an event and a line of the log, with its effect, in one transaction. */
export interface Acts {
  /** On an open case that the viewer holds, in its transaction. @throws Problem 403, 404, 409, 422 */
  perform(tx: Tx, viewer: SignedIn, on: CaseRow, asked: ActAsked): Promise<AfterCommit>;
  undo(viewer: SignedIn, id: string, words: string): Promise<void>;
  /** The same within another's transaction, whose caller asked whether they may. @param by null for the house itself */
  undoIn(tx: Tx, act: store.ActRow, by: PersonId | null, words: string): Promise<AfterCommit>;
  /** Ends what has come to its end. @returns how many */
  endNow(): Promise<number>;
  /** A suspension that another way brought about (the people's own office) becomes an act that can be appealed. */
  adopt(tx: Query, told: { person_id: PersonId; by: PersonId | null; reason: string }): Promise<void>;
  /**
   * Somebody reinstated a person: what stood against them until then is taken back. What was done since, before this was
   * heard of, stands.
   */
  settle(tx: Query, person_id: PersonId, by: PersonId | null, until: Date): Promise<void>;
}

export interface ActAsked {
  kind: ActKind;
  rule_id: string;
  words: string;
  ends_in_h?: number | undefined;
  content_warning?: string | undefined;
}

/** What people's suspension has room for. */
const REASON_CHARS_MAX = 300;

export function createActs(ground: Ground, subjects: Subjects, officers: Officers): Acts {
  const { sql, log, clock, ids, audit } = ground;
  const effects = createEffects(ground);

  async function write(tx: Query, row: store.NewAct, what: string): Promise<void> {
    await store.insert(tx, row);
    const type = row.reverses === null ? "moderation.acted" : "moderation.undone";
    const { kind, subject_kind, subject_id, person_id, space_id, by_id: by } = row;
    const ends_at = row.ends_at?.toISOString() ?? null;
    const act_id = row.reverses ?? row.id;
    await tell(log, tx, {
      type,
      version: 1,
      data: { act_id, kind, subject_kind, subject_id, person_id, space_id, by, ends_at },
    });
    await audit.append(tx, {
      by,
      what,
      person_id,
      space_id,
      subject: { kind: subject_kind, id: subject_id },
      detail: { act_id, case_id: row.case_id, power: row.power, rule_id: row.rule_id, words: row.words, ends_at },
    });
  }

  async function writeUndo(tx: Query, act: store.NewAct, by: PersonId | null, words: string): Promise<void> {
    const own = { id: ids.next<"act">(), by_id: by, at: new Date(clock.now()), words };
    const row = { ...act, ...own, snapshot_id: null, ends_at: null, before: {}, reverses: act.id };
    await write(tx, row, `undo.${act.kind}`);
  }

  async function undoIn(tx: Tx, act: store.ActRow, by: PersonId | null, words: string): Promise<AfterCommit> {
    // What another act of the same kind still asks for stays: of two suspensions, both must end.
    const others = (await store.standing(tx, act.kind, placeOf(act))).filter((other) => other.id !== act.id);
    const still = others.at(-1);
    const done = await effects.undo(tx, act, by, still ? { ...still, reason: reasonOf(still) } : null);
    await writeUndo(tx, act, by, words);
    return done;
  }

  return {
    async perform(tx, viewer, on, asked) {
      const rule = await findRule(tx, asked.rule_id);
      if (!rule || rule.retired_at !== null) throw notFound("rule");
      const name = { kind: on.subject_kind, id: on.subject_id };
      const power = await officers.power(tx, viewer, on.person_id, on.space_id);
      if (power === null)
        throw forbidden(
          "They hold an office as high as yours. It has to be taken from them first.",
          "moderation.office",
        );
      const subject = await subjects.find(tx, name);
      if (!actsOn(power, name.kind, on.space_id !== null).includes(asked.kind))
        throw new Problem(422, "moderation.cannot", "This cannot be done to this, or not by who moderates a space.");
      const isOfPerson = asked.kind === "warn" || asked.kind === "limit" || asked.kind === "suspend";
      if (!subject && !isOfPerson) throw conflict("moderation.already", "There is nothing left of it.");
      const at = new Date(clock.now());
      const ends_in_h = asked.kind === "suspend" ? asked.ends_in_h : undefined;
      const row: store.NewAct = {
        id: ids.next<"act">(),
        case_id: on.id,
        kind: asked.kind,
        subject_kind: name.kind,
        subject_id: name.id,
        person_id: on.person_id,
        // Where it stood is where it is judged, also when it is put out of there.
        space_id: on.space_id,
        power,
        by_id: viewer.person_id,
        at,
        rule_id: rule.id,
        words: asked.words,
        snapshot_id: subject && (await keep(ground, tx, on.id, subject)),
        ends_at: ends_in_h === undefined ? null : new Date(at.getTime() + ends_in_h * HOUR_MS),
        before: {},
        reverses: null,
      };
      const how = {
        reason: reasonOf({ rule_title: rule.title, words: asked.words }),
        content_warning: asked.content_warning ?? null,
        under: (await store.standing(tx, asked.kind, placeOf(row))).at(-1) ?? null,
      };
      const applied = await effects.apply(tx, row, subject!, how);
      if (!applied) throw conflict("moderation.already", "This was done already, and stands.");
      row.before = applied.before;
      await write(tx, row, `act.${asked.kind}`);
      return applied.done;
    },

    async undo(viewer, id, words) {
      const done = await sql.tx(async (tx) => {
        await store.lock(tx, id);
        const act = await store.find(tx, id);
        if (!act) throw notFound("act");
        const power = await officers.power(tx, viewer, act.person_id, act.space_id);
        if (power === null) throw act.person_id === viewer.person_id ? notYours() : notFound("act");
        if (!mayUndo(power, act.power)) throw notYours();
        if (act.undone_at !== null) throw conflict("moderation.undone", "This was taken back already.");
        await grantAppeal(ground, tx, act, viewer.person_id, words);
        return undoIn(tx, act, viewer.person_id, words);
      });
      done?.();
    },

    undoIn,

    async endNow() {
      const ids = await store.ended(sql.pool, new Date(clock.now()), ENDS_AT_ONCE_MAX);
      for (const id of ids) {
        const done = await sql.tx(async (tx) => {
          await store.lock(tx, id);
          const act = await store.find(tx, id);
          return act && act.undone_at === null ? undoIn(tx, act, null, "Its time was over.") : null;
        });
        done?.();
      }
      return ids.length;
    },

    async adopt(tx, { person_id, by, reason }) {
      const row: store.NewAct = {
        id: ids.next<"act">(),
        case_id: null,
        kind: "suspend",
        subject_kind: "person",
        subject_id: person_id,
        person_id,
        space_id: null,
        power: "house",
        by_id: by,
        at: new Date(clock.now()),
        rule_id: null,
        words: reason,
        snapshot_id: null,
        ends_at: null,
        before: {},
        reverses: null,
      };
      await write(tx, row, "act.suspend");
    },

    async settle(tx, person_id, by, until) {
      for (const { id, case_id, at } of await store.standing(tx, "suspend", { person_id })) {
        // Those without a case were heard of in the same order as this, by the same reader.
        if (case_id !== null && at > until) continue;
        await store.lock(tx, id);
        const act = await store.find(tx, id);
        if (!act || act.undone_at !== null) continue;
        await grantAppeal(ground, tx, act, by, "");
        await writeUndo(tx, act, by, "");
      }
    },
  };
}

/** Acts of one kind lie over one another on a person, or on the one thing that they are about. */
const placeOf = (act: Pick<store.NewAct, "kind" | "person_id" | "subject_kind" | "subject_id">) =>
  act.kind === "limit" || act.kind === "suspend"
    ? { person_id: act.person_id }
    : { subject_kind: act.subject_kind, subject_id: act.subject_id };

/** What a suspended person reads first: the rule, and the words for them. */
function reasonOf({ rule_title, words }: Pick<store.ActRow, "rule_title" | "words">): string {
  const reason = rule_title === null ? words : words === "" ? rule_title : `${rule_title}: ${words}`;
  return reason.slice(0, REASON_CHARS_MAX);
}
