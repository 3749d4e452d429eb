import { conflict, notFound, Problem } from "#kernel/errors.ts";
import { decodeCursor, encodeCursor, type Page } from "#kernel/paging.ts";
import { rfc3339 } from "#kernel/time.ts";
import type { SignedIn } from "#kernel/viewer.ts";

import { REPORTS_OPEN_MAX } from "../bounds.ts";
import { caseFacts, keep } from "../cases/keep.ts";
import * as cases from "../cases/store.ts";
import { tell } from "../events.ts";
import type { Ground } from "../ground.ts";
import { find as findRule } from "../rules/store.ts";
import type { SubjectName, Subjects } from "../subjects.ts";
import type { Report } from "./contract.ts";
import * as store from "./store.ts";

const TOP = "9223372036854775807";

/** What people tell moderators. Reports of one thing are one case. */
export interface Reports {
  /**
   * While it waits, the same person's report of the same thing is the first one.
   * @throws Problem 404 for what they may not read, 422 `moderation.own`, 409 `moderation.too_many_reports`
   */
  report(viewer: SignedIn, asked: { subject: SubjectName; rule_id: string; words: string }): Promise<Report>;
  mine(viewer: SignedIn, page: { limit: number; cursor?: string | undefined }): Promise<Page<Report>>;
}

export function createReports(ground: Ground, subjects: Subjects): Reports {
  const { sql, log, clock, ids } = ground;
  return {
    async report(viewer, { subject: name, rule_id, words }) {
      await subjects.mustRead(viewer, name);
      const rule = await findRule(sql.pool, rule_id);
      if (!rule || rule.retired_at !== null) throw notFound("rule");
      const reported = await sql.tx(async (tx) => {
        await store.lockReporter(tx, viewer.person_id);
        const subject = await subjects.find(tx, name);
        if (!subject) throw notFound(name.kind);
        if (subject.person_id === viewer.person_id)
          throw new Problem(422, "moderation.own", "This is yours: change or delete it yourself.");
        const at = new Date(clock.now());
        const open = await cases.lockOpen(tx, {
          id: ids.next<"case">(),
          subject_kind: name.kind,
          subject_id: name.id,
          person_id: subject.person_id,
          space_id: subject.space_id,
          opened_at: at,
          opened_by: null,
        });
        await keep(ground, tx, open.id, subject);
        const id = ids.next<"report">();
        const row = { id, case_id: open.id, reporter_id: viewer.person_id, rule_id, words, at };
        if (await store.insert(tx, row)) {
          if ((await store.countOpenOf(tx, viewer.person_id)) > REPORTS_OPEN_MAX)
            throw conflict(
              "moderation.too_many_reports",
              `${REPORTS_OPEN_MAX} of your reports wait for an answer. Wait for one, or write to a moderator.`,
            );
          await tell(log, tx, { type: "moderation.reported", version: 1, data: { ...caseFacts(open), report_id: id } });
        }
        const [own] = await store.ofReporter(tx, viewer.person_id, TOP, 1, open.id);
        return own!;
      });
      return present(reported);
    },

    async mine(viewer, { limit, cursor }) {
      const below = cursor === undefined ? TOP : String(decodeCursor(cursor, ["id"])[0]);
      const rows = await store.ofReporter(sql.pool, viewer.person_id, below, limit + 1);
      const shown = rows.slice(0, limit);
      return {
        items: shown.map(present),
        next_cursor: rows.length > limit ? encodeCursor([shown.at(-1)!.id]) : null,
      };
    },
  };
}

const present = (row: store.OwnReportRow): Report => ({
  id: row.id,
  subject: { kind: row.subject_kind, id: row.subject_id },
  rule: { id: row.rule_id, title: row.rule_title },
  words: row.words,
  at: rfc3339(row.at),
  state: row.closed_at === null ? "open" : "closed",
  outcome: row.outcome,
  answer: row.answer,
  closed_at: row.closed_at && rfc3339(row.closed_at),
});
