import type { PersonId, SpaceId } from "#kernel/ids.ts";
import type { Query } from "#ports/sql/index.ts";
import { FEED_TOPIC, type FeedEvent } from "#systems/feed/index.ts";
import { MEDIA_TOPIC, type MediaEvent } from "#systems/media/index.ts";
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
          const { person_id, by, at } = event.data;
          await acts.settle(tx, person_id, by, at === undefined ? stored.at : new Date(at));
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
        case "people.reset_link_made": {
          const { person_id, by } = event.data;
          await audit.append(tx, { by, what: event.type, person_id });
          break;
        }
        case "people.office_offered": {
          const { by, role, uses_max } = event.data;
          await audit.append(tx, { by, what: event.type, detail: { role, uses_max } });
          break;
        }
        default:
          break;
      }
    }
  });
}

/** Officers may delete what is not theirs without a case. That, too, was done in the house's name, or in a space's. */
export function startFollowingDeletions({ log, audit, feed }: Pick<Ground, "log" | "audit" | "feed">): Disposable {
  const following = new DisposableStack();
  const note = (
    tx: Query,
    subject: { kind: string; id: string },
    by: PersonId,
    person_id: PersonId | null,
    space_id: SpaceId | null,
  ) => audit.append(tx, { by, what: `${subject.kind}.deleted`, person_id, space_id, subject });

  following.use(
    log.consume(
      FEED_TOPIC,
      GROUP,
      async (batch, tx) => {
        for (const stored of batch) {
          const event = stored as unknown as FeedEvent;
          if (event.type === "feed.post_deleted") {
            const { post_id: id, author_id, deleted_by, space_id } = event.data;
            if (deleted_by !== author_id) await note(tx, { kind: "post", id }, deleted_by, author_id, space_id);
          } else if (event.type === "feed.comment_deleted") {
            const { comment_id: id, author_id: host_id, person_id: by } = event.data;
            // Whoever the post belongs to keeps order under it in their own name.
            if (by === host_id) continue;
            const comment = await feed.subject(tx, "comment", id);
            if (comment?.author_id === by) continue;
            await note(tx, { kind: "comment", id }, by, comment?.author_id ?? null, comment?.space_id ?? null);
          }
        }
      },
      { from: "now" },
    ),
  );
  following.use(
    log.consume(
      MEDIA_TOPIC,
      GROUP,
      async (batch, tx) => {
        for (const stored of batch) {
          const event = stored as unknown as MediaEvent;
          if (event.type !== "media.video_deleted") continue;
          const { video_id: id, owner_id, by } = event.data;
          if (by !== owner_id) await note(tx, { kind: "video", id }, by, owner_id, null);
        }
      },
      { from: "now" },
    ),
  );
  return following;
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
