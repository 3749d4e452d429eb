import type { PersonId } from "#kernel/ids.ts";
import type { Query } from "#ports/sql/index.ts";

import type { Act } from "./acts.ts";
import { FAN_OUT_PEOPLE_MAX, FAN_OUT_PEOPLE_PER_STEP } from "./bounds.ts";
import { take } from "./intake.ts";
import type { Ground } from "./needs.ts";
import * as store from "./store.ts";

const FAN_OUT_JOB = "notify.fan_out";

/** One act that an audience is told of: `@everybody` in a channel, news of the house. */
export interface FanOut {
  /** What makes it this one: the same name again tells nobody again. */
  name: string;
  act: Omit<Act, "person_id" | "taken_back">;
  /** Which source knows the people, and by which key (`chat`, `184`). */
  audience: string;
  audience_key: string;
}

/** In the caller's transaction; the telling is a job. */
export type FanningOut = (tx: Query, fan_out: FanOut) => Promise<void>;

/** Steps of people in the order of their ids, each in a transaction with the place that it came to. */
export function createFanOut(ground: Ground): FanningOut {
  const { jobs, clock, sources } = ground;
  jobs.define({
    name: FAN_OUT_JOB,
    class: "batch",
    tries_max: 10,
    lease_ms: 30_000,
    run_ms_max: 60 * 60_000,
    concurrency_max: 1,
    async handle({ fan_out_id }, run) {
      for (;;) {
        run.signal.throwIfAborted();
        const more = await run.fenced(async (tx) => {
          const row = await store.lockFanOut(tx, String(fan_out_id));
          if (!row) return false;
          const people = await sources.audience(row.audience)?.(
            tx,
            row.audience_key,
            row.after_id,
            Math.min(FAN_OUT_PEOPLE_PER_STEP, FAN_OUT_PEOPLE_MAX - row.told),
          );
          if (!people || people.length === 0) {
            await store.endFanOut(tx, row.id, new Date(clock.now()));
            return false;
          }
          await take(
            ground,
            tx,
            people.map((person_id) => ({ ...row.act, person_id, taken_back: false })),
          );
          await store.moveFanOut(tx, row.id, people.at(-1)!, people.length);
          return true;
        });
        if (!more) return;
      }
    },
  });

  return async (tx, { name, act, audience, audience_key }) => {
    const id = await store.insertFanOut(tx, { name, act, audience, audience_key, at: new Date(clock.now()) });
    if (id !== null) await jobs.enqueue(tx, FAN_OUT_JOB, { fan_out_id: id }, { unique_key: `${FAN_OUT_JOB}:${id}` });
  };
}

export interface FanOutRow {
  id: string;
  act: FanOut["act"];
  audience: string;
  audience_key: string;
  after_id: PersonId;
  told: number;
}
