import { join } from "node:path";

import { Problem } from "#kernel/errors.ts";
import type { ImageId } from "#kernel/ids.ts";
import { MINUTE_MS } from "#kernel/time.ts";
import type { JobKind, JobRun } from "#ports/jobs/index.ts";
import type { Query } from "#ports/sql/index.ts";

import { makeImage } from "../encode/images.ts";
import { MediaRefusal } from "../encode/tools.ts";
import { belongsInPublic, DELETE_PLACE, isPublicPlace, type Place } from "../places.ts";
import { openScratch } from "../scratch.ts";
import { uploadBlob } from "../uploads/index.ts";
import type { WorkNeeds } from "../work.ts";
import { MAKE_IMAGE, MOVE_IMAGE } from "./index.ts";
import * as store from "./store.ts";

/** Makes a picture's sizes and lets go of what was sent, EXIF and all. */
export function makeImageJob(needs: WorkNeeds): JobKind {
  const { sql, blobs, sandbox, clock, tell } = needs;
  return {
    name: MAKE_IMAGE,
    class: "interactive",
    tries_max: 4,
    lease_ms: 20_000,
    run_ms_max: 3 * MINUTE_MS,
    concurrency_max: 2,
    backoff: { base_ms: 500, delay_ms_max: 30_000 },
    onDead: (tx, payload) =>
      fail(
        tx,
        String(payload.image_id) as ImageId,
        "media.gave_up",
        "This picture could not be made ready, several times. Upload it again.",
      ),
    async handle(payload, run) {
      const id = String(payload.image_id) as ImageId;
      const image = await store.findImage(sql.pool, id);
      if (image?.status !== "processing" || image.upload_id === null) return;
      try {
        await make(image, image.upload_id, run);
      } catch (error) {
        if (run.signal.aborted) throw error;
        const refusal = refusalOf(error);
        if (!refusal) throw error;
        await run.fenced((tx) => fail(tx, id, refusal.code, refusal.detail));
      }
    },
  };

  async function make({ id, place, owner_id }: store.ImageRow, upload_id: string, run: JobRun): Promise<void> {
    await using scratch = await openScratch(needs.scratch_folder, run);
    await using file = await blobs.localFile(uploadBlob(upload_id));
    const made = await makeImage({ sandbox }, file.path, scratch.path, { signal: run.signal });
    const variants: store.StoredVariant[] = [];
    for (const variant of made.variants) {
      const { size_bytes } = await blobs.put(
        place + variant.file,
        { path: join(scratch.path, variant.file) },
        { media_type: "image/webp" },
      );
      variants.push({ ...variant, bytes: size_bytes });
    }
    const kept = await run.fenced(async (tx) => {
      const now = await store.lockImage(tx, id);
      if (now?.status !== "processing") return false;
      const { width, height, placeholder } = made;
      await store.markReady(tx, id, { width, height, placeholder, variants, at: new Date(clock.now()) });
      if (now.upload_id !== null) await needs.uploads.release(tx, now.upload_id);
      // A post may have claimed it while it was being made.
      if (belongsInPublic(now) !== isPublicPlace(now.place)) await needs.jobs.enqueue(tx, MOVE_IMAGE, { image_id: id });
      await tell(tx, { type: "media.image_ready", version: 1, data: { image_id: id, owner_id } });
      return true;
    });
    if (!kept) await dropUnlessKept(id, place);
  }

  /** It was deleted while it was being made, and its deletion's own job may have passed already. */
  async function dropUnlessKept(id: ImageId, place: Place) {
    if (!(await store.findImage(sql.pool, id))) await blobs.deletePrefix(place);
  }

  async function fail(tx: Query, id: ImageId, code: string, detail: string): Promise<void> {
    const image = await store.lockImage(tx, id);
    if (image?.status !== "processing") return;
    await store.markFailed(tx, id, code, detail);
    await needs.jobs.enqueue(tx, DELETE_PLACE, { place: image.place });
    if (image.upload_id !== null) await needs.uploads.release(tx, image.upload_id);
    await tell(tx, { type: "media.image_failed", version: 1, data: { image_id: id, owner_id: image.owner_id, code } });
  }
}

function refusalOf(error: unknown): { code: string; detail: string } | null {
  if (error instanceof MediaRefusal && error.lasting) return error;
  if (error instanceof Problem && error.code === "blob.not_found") {
    return { code: "media.source_gone", detail: "The uploaded file is not there any more. Upload it again." };
  }
  return null;
}
