import { conflict, forbidden, notFound } from "#kernel/errors.ts";
import type { SignedIn } from "#kernel/viewer.ts";

import type { Acts } from "../acts/acts.ts";
import * as store from "../acts/store.ts";
import { APPEAL_MS_MAX } from "../bounds.ts";
import { tell } from "../events.ts";
import type { Ground } from "../ground.ts";
import { notYours, type Officers } from "../officers.ts";
import { mayDecide, mayUndo } from "../policy.ts";
import { actFacts, answerAppeal } from "./answer.ts";

/** What the person concerned can say to what was done, and who hears it. */
export interface Appeals {
  acknowledge(viewer: SignedIn, act_id: string): Promise<void>;
  /** Once, within `APPEAL_MS_MAX`. */
  appeal(viewer: SignedIn, act_id: string, words: string): Promise<void>;
  /** By somebody else than who acted, where there is such a person. */
  decide(viewer: SignedIn, act_id: string, asked: { decision: "upheld" | "overturned"; answer: string }): Promise<void>;
}

export function createAppeals(ground: Ground, officers: Officers, acts: Acts): Appeals {
  const { sql, log, clock, ids } = ground;

  return {
    async acknowledge(viewer, act_id) {
      await sql.tx(async (tx) => {
        const act = await store.find(tx, act_id);
        if (act?.person_id !== viewer.person_id) throw notFound("act");
        await store.acknowledge(tx, act_id, new Date(clock.now()));
      });
    },

    async appeal(viewer, act_id, words) {
      await sql.tx(async (tx) => {
        await store.lock(tx, act_id);
        const act = await store.find(tx, act_id);
        if (act?.person_id !== viewer.person_id) throw notFound("act");
        if (act.appeal_id !== null)
          throw conflict("moderation.appealed", "You have appealed already; one appeal is heard.");
        if (act.undone_at !== null)
          throw conflict("moderation.undone", "This was taken back; there is nothing to appeal.");
        if (clock.now() - act.at.getTime() > APPEAL_MS_MAX)
          throw conflict("moderation.too_late", "An appeal is heard within 30 days.");
        const id = ids.next<"appeal">();
        await store.insertAppeal(tx, { id, act_id, person_id: viewer.person_id, words, at: new Date(clock.now()) });
        const data = { ...actFacts(act), by: act.by_id, appeal_id: id };
        await tell(log, tx, { type: "moderation.appealed", version: 1, data });
      });
    },

    async decide(viewer, act_id, { decision, answer }) {
      const done = await sql.tx(async (tx) => {
        await store.lock(tx, act_id);
        const act = await store.find(tx, act_id);
        if (!act || act.appeal_id === null) throw notFound("act");
        const power = await officers.power(tx, viewer, act.person_id, act.space_id);
        if (power === null) throw act.person_id === viewer.person_id ? notYours() : notFound("act");
        if (!mayUndo(power, act.power)) throw notYours();
        if (act.decision !== null) throw conflict("moderation.decided", "This appeal was decided already.");
        const others = await officers.others(tx, viewer.person_id, [act.person_id]);
        if (!mayDecide(viewer.person_id, act.by_id, others.get(act.person_id)!))
          throw forbidden("You acted yourself: somebody else hears the appeal.", "moderation.another_must");
        const by = viewer.person_id;
        const { appeal_id } = act;
        await answerAppeal(ground, tx, { ...act, appeal_id }, { by, decision, answer });
        return decision === "overturned" && act.undone_at === null ? acts.undoIn(tx, act, by, answer) : null;
      });
      done?.();
    },
  };
}
