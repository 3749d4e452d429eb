import type { PersonId } from "#kernel/ids.ts";
import { MINUTE_MS } from "#kernel/time.ts";
import type { Clock } from "#ports/clock/index.ts";
import type { JobKind, Jobs } from "#ports/jobs/index.ts";
import type { Log, StoredEvent } from "#ports/log/index.ts";
import type { Query, Sql } from "#ports/sql/index.ts";
import { PEOPLE_TOPIC } from "#systems/people/index.ts";

import { deleteCollectionsOf } from "../collections/follow.ts";
import type { Tell } from "../events.ts";
import { forgetPerson } from "../history/store.ts";
import { MOVE_IMAGE, removeImage } from "../images/index.ts";
import * as images from "../images/store.ts";
import { removeSound } from "../sounds/index.ts";
import * as sounds from "../sounds/store.ts";
import type { Uploads } from "../uploads/index.ts";
import { MOVE_VIDEO, removeVideo } from "../videos/index.ts";
import * as videos from "../videos/store.ts";
import { type OwnerState, setOwner } from "./owners.ts";

export const DELETE_OF_PERSON = "media.delete_of_person";
const AT_ONCE = 50;

/** Suspensions and departures, which people tell by event; effect and position commit together. */
export function followPeople(needs: { log: Log; jobs: Jobs; clock: Clock }): Disposable {
  return needs.log.consume(PEOPLE_TOPIC, "media", async (batch, tx) => {
    for (const event of batch) await onPeople(event, tx);
  });

  async function onPeople({ type, data }: StoredEvent, tx: Query) {
    const person_id = String(data.person_id) as PersonId;
    if (type === "people.suspended") return become(tx, person_id, { suspended: true });
    if (type === "people.reinstated") return become(tx, person_id, { suspended: false });
    if (type === "people.privacy_changed") return become(tx, person_id, { private: data.private === true });
    if (type === "people.deleted")
      await needs.jobs.enqueue(tx, DELETE_OF_PERSON, { person_id }, { unique_key: `${DELETE_OF_PERSON}:${person_id}` });
  }

  /** What somebody suspended or private has leaves the open. The face of who is private stays, as their name does. */
  async function become(tx: Query, owner_id: PersonId, change: Partial<OwnerState>) {
    const at = new Date(needs.clock.now());
    const now = await setOwner(tx, owner_id, change, at);
    const things_at = now.suspended || now.private ? at : null;
    for (const video_id of await videos.setHidden(tx, owner_id, things_at))
      await needs.jobs.enqueue(tx, MOVE_VIDEO, { video_id });
    for (const image_id of await images.setHidden(tx, owner_id, { things_at, face_at: now.suspended ? at : null }))
      await needs.jobs.enqueue(tx, MOVE_IMAGE, { image_id });
  }
}

/** Somebody left the house: what they uploaded goes with them, some at a time. */
export function deleteOfPersonJob(needs: {
  sql: Sql;
  jobs: Jobs;
  clock: Clock;
  tell: Tell;
  uploads: Uploads;
}): JobKind {
  return {
    name: DELETE_OF_PERSON,
    class: "maintenance",
    tries_max: 20,
    lease_ms: MINUTE_MS,
    run_ms_max: 30 * MINUTE_MS,
    concurrency_max: 1,
    async handle(payload, run) {
      const owner_id = String(payload.person_id) as PersonId;
      for (;;) {
        run.signal.throwIfAborted();
        const gone = await needs.sql.tx(async (tx) => {
          const some = await videos.lockOfOwner(tx, owner_id, AT_ONCE);
          for (const video of some) await removeVideo(tx, video, owner_id, needs);
          const pictures = await images.lockOfOwner(tx, owner_id, AT_ONCE);
          for (const image of pictures) await removeImage(tx, image, owner_id, needs);
          const notes = await sounds.lockOfOwner(tx, owner_id, AT_ONCE);
          for (const sound of notes) await removeSound(tx, sound, owner_id, needs);
          const begun = await needs.uploads.releaseUnused(tx, owner_id, AT_ONCE);
          const lists = await deleteCollectionsOf(tx, owner_id, AT_ONCE, needs.tell);
          await forgetPerson(tx, owner_id);
          return some.length + pictures.length + notes.length + begun + lists;
        });
        if (gone === 0) return;
      }
    },
  };
}
