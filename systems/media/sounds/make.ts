import { Problem } from "#kernel/errors.ts";
import { MINUTE_MS } from "#kernel/time.ts";
import type { JobKind, JobRun } from "#ports/jobs/index.ts";
import type { Query } from "#ports/sql/index.ts";

import { makeSound } from "../encode/sound.ts";
import { MediaRefusal } from "../encode/tools.ts";
import { DELETE_PLACE } from "../places.ts";
import { openScratch } from "../scratch.ts";
import { uploadBlob } from "../uploads/index.ts";
import type { WorkNeeds } from "../work.ts";
import { MAKE_SOUND } from "./index.ts";
import { SOUND_FILE } from "./present.ts";
import * as store from "./store.ts";

/** Makes of what was sent what is played and what is drawn, and lets go of what was sent. Done again it writes the same name. */
export function makeSoundJob(needs: WorkNeeds): JobKind {
  const { sql, blobs, clock, tell, tools } = needs;
  return {
    name: MAKE_SOUND,
    // Its sender waits, and it takes a second: behind the films of a whole house it would take an hour.
    class: "interactive",
    tries_max: 4,
    lease_ms: 20_000,
    run_ms_max: 5 * MINUTE_MS,
    concurrency_max: 2,
    backoff: { base_ms: 500, delay_ms_max: 30_000 },
    onDead: (tx, payload) =>
      fail(
        tx,
        String(payload.sound_id),
        "media.gave_up",
        "This voice note could not be made ready, several times. Send it again.",
      ),
    async handle(payload, run) {
      const id: store.SoundId = String(payload.sound_id);
      const sound = await store.findSound(sql.pool, id);
      if (sound?.status !== "processing" || sound.upload_id === null) return;
      try {
        await make(sound, sound.upload_id, run);
      } catch (error) {
        if (run.signal.aborted) throw error;
        const refusal = refusalOf(error);
        if (!refusal) throw error;
        await run.fenced((tx) => fail(tx, id, refusal.code, refusal.detail));
      }
    },
  };

  async function make({ id, place, owner_id }: store.SoundRow, upload_id: string, run: JobRun): Promise<void> {
    // Another node may have what this one lacks: the job comes again.
    if (!tools) throw new Error("this node has no ffmpeg");
    await using scratch = await openScratch(needs.scratch_folder, run);
    await using file = await blobs.localFile(uploadBlob(upload_id));
    const made = await makeSound({ ...needs, tools }, file.path, scratch.path, {
      signal: run.signal,
      ms_max: needs.limits.sound_ms_max,
    });
    const { size_bytes: bytes } = await blobs.put(
      place + SOUND_FILE,
      { path: made.path },
      { media_type: "audio/mp4", cache_control: "immutable" },
    );
    const kept = await run.fenced(async (tx) => {
      const now = await store.lockSound(tx, id);
      if (now?.status !== "processing") return false;
      await store.markReady(tx, id, { ...made, bytes, at: new Date(clock.now()) });
      if (now.upload_id !== null) await needs.uploads.release(tx, now.upload_id);
      await tell(tx, { type: "media.sound_ready", version: 1, data: { sound_id: id, owner_id } });
      return true;
    });
    // It was deleted while it was being made, and its deletion's own job may have passed already.
    if (!kept && !(await store.findSound(sql.pool, id))) await blobs.deletePrefix(place);
  }

  async function fail(tx: Query, id: store.SoundId, code: string, detail: string): Promise<void> {
    const sound = await store.lockSound(tx, id);
    if (sound?.status !== "processing") return;
    await store.markFailed(tx, id, code, detail);
    await needs.jobs.enqueue(tx, DELETE_PLACE, { place: sound.place });
    if (sound.upload_id !== null) await needs.uploads.release(tx, sound.upload_id);
    await tell(tx, { type: "media.sound_failed", version: 1, data: { sound_id: id, owner_id: sound.owner_id, code } });
  }
}

function refusalOf(error: unknown): { code: string; detail: string } | null {
  if (error instanceof MediaRefusal && error.lasting) return error;
  if (error instanceof Problem && error.code === "blob.not_found")
    return { code: "media.source_gone", detail: "The uploaded file is not there any more. Send it again." };
  return null;
}
