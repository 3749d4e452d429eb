import { conflict, notFound, Problem } from "#kernel/errors.ts";
import type { Ids, PersonId, UploadId } from "#kernel/ids.ts";
import type { Clock } from "#ports/clock/index.ts";
import type { Jobs } from "#ports/jobs/index.ts";
import type { Query, Sql } from "#ports/sql/index.ts";

import { SOUND_WAIT_MS_MAX } from "../bounds.ts";
import type { Tell } from "../events.ts";
import { newPlace } from "../places.ts";
import type { Acceptance } from "../uploads/admission.ts";
import type { Uploads } from "../uploads/index.ts";
import * as store from "./store.ts";

export interface Sounds {
  /** Makes a sound of an upload and waits a little for it: a voice note of a minute is ready before the answer. */
  create(owner_id: PersonId, upload_id: UploadId, signal: AbortSignal): Promise<store.SoundRow>;
  /** @throws Problem 404 for another person's */
  own(owner_id: PersonId, id: store.SoundId): Promise<store.SoundRow>;
  findMany(ids: readonly store.SoundId[]): Promise<store.SoundRow[]>;
  /** @throws Problem 404, 409 `sound.in_use` while a message carries it */
  remove(owner_id: PersonId, id: store.SoundId): Promise<void>;
}

export interface SoundsNeeds {
  sql: Sql;
  jobs: Jobs;
  clock: Clock;
  ids: Ids;
  tell: Tell;
  uploads: Uploads;
  acceptsSound: () => Acceptance;
}

export const MAKE_SOUND = "media.sound";
export const DELETE_SOUND = "media.delete_sound";

const POLL_MS = 40;

export function createSounds(needs: SoundsNeeds): Sounds {
  const { sql, jobs, clock } = needs;
  return {
    async create(owner_id, upload_id, signal) {
      const { accepted, because } = needs.acceptsSound();
      if (!accepted) throw new Problem(503, "media.no_ffmpeg", because);
      const id = needs.ids.next<"sound">();
      await sql.tx(async (tx) => {
        await needs.uploads.take(tx, owner_id, upload_id, "sound");
        const place = newPlace("sounds", id, false);
        await store.insertSound(tx, { id, owner_id, upload_id, place, created_at: new Date(clock.now()) });
        await jobs.enqueue(tx, MAKE_SOUND, { sound_id: id }, { tenant: owner_id, unique_key: `${MAKE_SOUND}:${id}` });
      });
      const until = clock.monotonic() + SOUND_WAIT_MS_MAX;
      for (;;) {
        const sound = await store.findSound(sql.pool, id);
        if (!sound) throw notFound("sound");
        if (sound.status !== "processing" || signal.aborted || clock.monotonic() >= until) return sound;
        await clock.sleep(POLL_MS);
      }
    },
    async own(owner_id, id) {
      const sound = await store.findSound(sql.pool, id);
      if (sound?.owner_id !== owner_id) throw notFound("sound");
      return sound;
    },
    findMany: (ids) => store.findSounds(sql.pool, ids),
    remove: (owner_id, id) =>
      sql.tx(async (tx) => {
        const sound = await store.lockSound(tx, id);
        if (sound?.owner_id !== owner_id) throw notFound("sound");
        if (sound.holder !== null)
          throw conflict("sound.in_use", "A message carries this voice note. Delete the message.");
        await removeSound(tx, sound, owner_id, needs);
      }),
  };
}

/** Out of hearing at once, by every address; its blob and, if it is still there, its source go by jobs. */
export async function removeSound(
  tx: Query,
  sound: store.SoundRow,
  by: PersonId,
  { jobs, clock, tell, uploads }: Pick<SoundsNeeds, "jobs" | "clock" | "tell"> & { uploads: Pick<Uploads, "release"> },
): Promise<void> {
  await store.markDeleted(tx, sound.id, new Date(clock.now()));
  if (sound.upload_id !== null) await uploads.release(tx, sound.upload_id);
  await jobs.enqueue(tx, DELETE_SOUND, { sound_id: sound.id }, { unique_key: `${DELETE_SOUND}:${sound.id}` });
  const { id: sound_id, owner_id } = sound;
  await tell(tx, { type: "media.sound_deleted", version: 1, data: { sound_id, owner_id, by } });
}
