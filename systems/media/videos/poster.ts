import { mkdir } from "node:fs/promises";
import { join } from "node:path";

import type { VideoId } from "#kernel/ids.ts";
import { MINUTE_MS } from "#kernel/time.ts";
import type { JobKind } from "#ports/jobs/index.ts";

import { makeImage } from "../encode/images.ts";
import { makePoster } from "../encode/poster.ts";
import { MediaRefusal } from "../encode/tools.ts";
import { openScratch } from "../scratch.ts";
import { uploadBlob } from "../uploads/index.ts";
import type { WorkNeeds } from "../work.ts";
import { POSTER } from "./present.ts";
import * as store from "./store.ts";

export const MAKE_POSTER = "media.poster";

/** A picture of the video and a blur of it. Without one the video plays all the same, so its failure fails nothing else. */
export function posterJob(needs: WorkNeeds): JobKind {
  const { sql, blobs, sandbox, clock, tools } = needs;
  return {
    name: MAKE_POSTER,
    class: "interactive",
    tries_max: 3,
    lease_ms: 20_000,
    run_ms_max: 5 * MINUTE_MS,
    concurrency_max: 2,
    async handle(payload, run) {
      const id = String(payload.video_id) as VideoId;
      const video = await store.findVideo(sql.pool, id);
      if (!video?.source || video.upload_id === null || video.status === "failed" || video.poster_bytes !== null)
        return;
      if (!tools) throw new Error("there is no ffmpeg on this node");
      await using scratch = await openScratch(needs.scratch_folder, run);
      await using file = await blobs.localFile(uploadBlob(video.upload_id));
      const folder = join(scratch.path, "poster");
      const sizes = join(scratch.path, "sizes");
      await mkdir(folder);
      await mkdir(sizes);
      let made;
      try {
        const poster = await makePoster({ sandbox, clock, tools }, file.path, video.source, folder, {
          signal: run.signal,
        });
        const { placeholder } = await makeImage({ sandbox }, poster.path, sizes, { signal: run.signal });
        made = { path: poster.path, placeholder };
      } catch (error) {
        // What is wrong with the file is said by the transcoding, which looks at all of it.
        if (error instanceof MediaRefusal && error.lasting) return;
        throw error;
      }
      await keep(id, made);

      async function keep(id: VideoId, { path, placeholder }: { path: string; placeholder: string }) {
        for (;;) {
          const place = (await store.findVideo(sql.pool, id))?.place;
          if (place === undefined) return;
          const { size_bytes } = await blobs.put(place + POSTER, { path }, { media_type: "image/jpeg" });
          const kept = await run.fenced(async (tx) => {
            const now = await store.lockVideo(tx, id);
            if (!now || now.status === "failed") return "unwanted" as const;
            // It moved meanwhile: the copy may or may not have had the poster in it.
            if (now.place !== place) return "moved" as const;
            await store.setPoster(tx, id, size_bytes, placeholder);
            await needs.tell(tx, {
              type: "media.video_changed",
              version: 1,
              data: { video_id: id, owner_id: now.owner_id },
            });
            return "kept" as const;
          });
          if (kept === "kept") return;
          await blobs.delete([place + POSTER]);
          if (kept === "unwanted") return;
        }
      }
    },
  };
}
