import type { PersonId } from "#kernel/ids.ts";
import type { Query } from "#ports/sql/index.ts";

import * as store from "../acts/store.ts";
import { tell } from "../events.ts";
import type { Ground } from "../ground.ts";

/** What events say of the act that an appeal is about. */
export const actFacts = (act: store.ActRow) => ({
  act_id: act.id,
  kind: act.kind,
  subject_kind: act.subject_kind,
  subject_id: act.subject_id,
  person_id: act.person_id,
  space_id: act.space_id,
});

/** The one end of an appeal: its row, what the person concerned is told, and the log's line. The act's lock is held. */
export async function answerAppeal(
  { log, clock, audit }: Pick<Ground, "log" | "clock" | "audit">,
  tx: Query,
  act: store.ActRow & { appeal_id: string },
  { by, decision, answer }: { by: PersonId; decision: "upheld" | "overturned"; answer: string },
): Promise<void> {
  await store.decide(tx, act.id, { by, at: new Date(clock.now()), decision, answer });
  const data = { ...actFacts(act), by, appeal_id: act.appeal_id, decision, answer };
  await tell(log, tx, { type: "moderation.appeal_decided", version: 1, data });
  await audit.append(tx, {
    by,
    what: `appeal.${decision}`,
    person_id: act.person_id,
    space_id: act.space_id,
    subject: { kind: act.subject_kind, id: act.subject_id },
    detail: { act_id: act.id, answer },
  });
}

/** An appeal that still waits when an officer takes the act back has got what it asked for. */
export async function grantAppeal(
  ground: Pick<Ground, "log" | "clock" | "audit">,
  tx: Query,
  act: store.ActRow,
  by: PersonId | null,
  answer: string,
): Promise<void> {
  const { appeal_id } = act;
  if (appeal_id === null || act.decision !== null || by === null) return;
  await answerAppeal(ground, tx, { ...act, appeal_id }, { by, decision: "overturned", answer });
}
