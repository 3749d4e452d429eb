import { PEOPLE_TOPIC, type PeopleEvent } from "#systems/people/index.ts";

import type { Acts } from "./acts/acts.ts";
import { ENDS_AT_ONCE_MAX, ENDS_EVERY_MS } from "./bounds.ts";
import type { Ground } from "./ground.ts";

const GROUP = "moderation.offices";
export const ENDS_JOB = "moderation.ends";

/**
 * What the house's officers do by other doors goes into the log too: a suspension there becomes an act that can be appealed,
 * and offices and settings that change are told.
 */
export function startFollowing({ log, audit }: Pick<Ground, "log" | "audit">, acts: Acts): Disposable {
  return log.consume(PEOPLE_TOPIC, GROUP, async (batch, tx) => {
    for (const stored of batch) {
      const event = stored as unknown as PeopleEvent;
      switch (event.type) {
        case "people.suspended": {
          const { person_id, by, reason, act_id } = event.data;
          if (act_id === undefined) await acts.adopt(tx, { person_id, by, reason });
          break;
        }
        case "people.reinstated": {
          const { person_id, by, act_id } = event.data;
          if (act_id === undefined) await acts.settle(tx, person_id, by);
          break;
        }
        case "people.role_changed": {
          const { person_id, by, role } = event.data;
          await audit.append(tx, { by, what: "people.role_changed", person_id, detail: { role } });
          break;
        }
        case "people.house_changed":
          await audit.append(tx, { by: event.data.by, what: "house.changed" });
          break;
        default:
          break;
      }
    }
  });
}

/** Acts end by themselves within `ENDS_EVERY_MS`. */
export function defineEnds({ jobs }: Pick<Ground, "jobs">, acts: Acts): void {
  jobs.define({
    name: ENDS_JOB,
    class: "maintenance",
    tries_max: 3,
    lease_ms: 60_000,
    run_ms_max: 5 * 60_000,
    concurrency_max: 1,
    every_ms: ENDS_EVERY_MS,
    async handle(_payload, run) {
      while ((await acts.endNow()) === ENDS_AT_ONCE_MAX) run.signal.throwIfAborted();
    },
  });
}
