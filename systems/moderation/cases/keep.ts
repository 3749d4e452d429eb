import { createHash } from "node:crypto";

import type { Query } from "#ports/sql/index.ts";

import { SNAPSHOTS_PER_CASE_MAX } from "../bounds.ts";
import type { Ground } from "../ground.ts";
import type { Subject } from "../subjects.ts";
import { type CaseRow, keepSnapshot } from "./store.ts";

/** Keeps what stands there now, once for each state in which it was seen. @returns the snapshot's id */
export function keep(
  { ids, clock }: Pick<Ground, "ids" | "clock">,
  tx: Query,
  case_id: string,
  subject: Subject,
): Promise<string | null> {
  const { content } = subject;
  const hash = createHash("sha256").update(JSON.stringify(content)).digest();
  const row = { id: ids.next<"snapshot">(), case_id, at: new Date(clock.now()), hash, content };
  return keepSnapshot(tx, row, SNAPSHOTS_PER_CASE_MAX);
}

/** What events say of a case. */
export const caseFacts = (row: CaseRow) => ({
  case_id: row.id,
  subject_kind: row.subject_kind,
  subject_id: row.subject_id,
  person_id: row.person_id,
  space_id: row.space_id,
});
