import { natureOf, notFound, Problem } from "#kernel/errors.ts";
import type { PersonId, PostId } from "#kernel/ids.ts";
import { SCOPES, type SignedIn } from "#kernel/viewer.ts";
import type { Query } from "#ports/sql/index.ts";

import { PLAN_AHEAD_MS, PLAN_EVERY_MS, PLAN_ROWS_MAX } from "../drafts/bounds.ts";
import { letGo, showsMedia } from "../drafts/drafts.ts";
import { deleteDraft, type DraftId } from "../drafts/store.ts";
import { type ScheduleFailedEvent, type SchedulePublishedEvent, WRITING_TOPIC } from "../events.ts";
import type { Ground } from "../ground.ts";
import { createPost } from "../posts/write.ts";
import { keepAsDraft, plan, PUBLISH_JOB } from "./schedule.ts";
import * as store from "./store.ts";
import type { ScheduledId, ScheduledRow } from "./store.ts";

const PLAN_JOB = "feed.plan_publishing";

/** Somebody else published it, changed it or took it back in this very moment. */
class Taken extends Error {
  override readonly name = "Taken";
}

/**
 * Publishes a scheduled post: its row goes and the post comes in one transaction, so it happens once, whoever else tries.
 * @returns the post's id, or null where somebody was quicker
 * @throws Problem as `createPost`
 */
async function publish(ground: Ground, viewer: SignedIn, row: ScheduledRow): Promise<PostId | null> {
  try {
    return await createPost(ground, viewer, row.content, `scheduled:${row.id}`, async (tx) => {
      if (!(await store.takeScheduled(tx, row.id, row.version))) throw new Taken();
      // The post claims in the same transaction what was held for it until now.
      if (showsMedia(row.content)) await letGo(ground, tx, row.id);
      const event: SchedulePublishedEvent = {
        type: "feed.schedule_published",
        version: 1,
        data: { scheduled_id: row.id, author_id: row.person_id },
      };
      await ground.log.append(tx, WRITING_TOPIC, `person:${row.person_id}`, event);
    });
  } catch (error) {
    if (error instanceof Taken) return null;
    throw error;
  }
}

/** @throws Problem 404 `scheduled.not_found`, and as `createPost`; then it stays as it was */
export async function publishNow(ground: Ground, viewer: SignedIn, id: ScheduledId): Promise<PostId> {
  const row = await store.findScheduled(ground.sql.pool, viewer.person_id, id);
  const post_id = row && (await publish(ground, viewer, row));
  if (!post_id) throw notFound("scheduled");
  return post_id;
}

export function definePublishing(ground: Ground): void {
  const { sql, jobs, clock } = ground;
  jobs.define({
    name: PUBLISH_JOB,
    class: "interactive",
    tries_max: 10,
    lease_ms: 30_000,
    run_ms_max: 60_000,
    concurrency_max: 4,
    backoff: { base_ms: 1_000, delay_ms_max: 5 * 60_000 },
    async handle(payload, run) {
      const id = payload.scheduled_id as ScheduledId;
      const row = await store.findAnyScheduled(sql.pool, id);
      if (!row || row.version !== Number(payload.version)) return;
      const left_ms = row.publish_at.getTime() - clock.now();
      if (left_ms > 0) {
        // A clock was set back. The key of this very job is taken by itself.
        const unique_key = `${PUBLISH_JOB}:${id}:${row.version}:again`;
        await run.fenced((tx) => jobs.enqueue(tx, PUBLISH_JOB, { ...payload }, { delay_ms: left_ms, unique_key }));
        return;
      }
      try {
        await publish(ground, await authorOf(ground, row.person_id), row);
      } catch (error) {
        if (!(error instanceof Problem) || natureOf(error) !== "permanent") throw error;
        await run.fenced((tx) => fail(ground, tx, row.id, row.version, error));
      }
    },
    onDead: (tx, payload) =>
      fail(ground, tx, payload.scheduled_id as ScheduledId, Number(payload.version), {
        code: "scheduled.gave_up",
        detail: "It could not be published, several times. Try it by hand.",
      }),
  });
  jobs.define({
    name: PLAN_JOB,
    class: "maintenance",
    tries_max: 5,
    lease_ms: 60_000,
    run_ms_max: 10 * 60_000,
    concurrency_max: 1,
    every_ms: PLAN_EVERY_MS,
    async handle(_payload, run) {
      let after: { at: Date; id: string } | null = null;
      for (;;) {
        run.signal.throwIfAborted();
        const rows: ScheduledRow[] = await store.dueBefore(
          sql.pool,
          new Date(clock.now() + PLAN_AHEAD_MS),
          after,
          PLAN_ROWS_MAX,
        );
        await sql.tx(async (tx) => {
          for (const row of rows) await plan(ground, tx, row);
        });
        const last = rows.at(-1);
        if (rows.length < PLAN_ROWS_MAX || !last) return;
        after = { at: last.publish_at, id: last.id };
      }
    },
  });
}

/** The author as they stand now: not the one who signed in back then. @throws Problem where they may not write any more */
async function authorOf(ground: Ground, person_id: PersonId): Promise<SignedIn> {
  const card = (await ground.people.cards([person_id])).get(person_id);
  if (!card) throw new Problem(410, "person.gone", "There is no such person any more.");
  if (card.suspended) throw new Problem(403, "account.suspended", "Your account was suspended at that moment.");
  return {
    kind: "person",
    person_id,
    handle: card.handle,
    // No rule about writing asks for more; who lost an office since has lost it here too.
    role: "member",
    suspended: false,
    credential: { kind: "session", id: "0" },
    scopes: SCOPES,
  };
}

async function fail(
  ground: Ground,
  tx: Query,
  id: ScheduledId,
  version: number,
  because: { code: string; detail: string },
): Promise<void> {
  const row = await store.takeScheduled(tx, id, version);
  if (!row) return;
  const { code, detail } = because;
  await keepAsDraft(ground, tx, row, { code, detail });
  const event: ScheduleFailedEvent = {
    type: "feed.schedule_failed",
    version: 1,
    data: { draft_id: id, author_id: row.person_id, code, detail },
  };
  await ground.log.append(tx, WRITING_TOPIC, `person:${row.person_id}`, event);
}

/** Takes away one thing that somebody who has gone was writing. @returns 0 when there is nothing left */
export async function forgetWriting(ground: Ground, tx: Query, person_id: PersonId): Promise<number> {
  const some = await store.anyWritingOf(tx, person_id);
  if (!some) return 0;
  if (some.kind === "draft") await deleteDraft(tx, person_id, some.id as DraftId);
  else await store.takeScheduled(tx, some.id as ScheduledId, null);
  await letGo(ground, tx, some.id);
  return 1;
}
