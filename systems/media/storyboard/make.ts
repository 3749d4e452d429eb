import { createHash } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";

import type { VideoId } from "#kernel/ids.ts";
import { MINUTE_MS } from "#kernel/time.ts";
import type { JobKind } from "#ports/jobs/index.ts";

import { type MadeStoryboard, makeStoryboard } from "../encode/storyboard.ts";
import { MediaRefusal } from "../encode/tools.ts";
import type { Place } from "../places.ts";
import { openScratch } from "../scratch.ts";
import { uploadBlob } from "../uploads/index.ts";
import { findVideo, lockVideo, touch } from "../videos/store.ts";
import type { WorkNeeds } from "../work.ts";
import { putStoryboard, sheetFile, storyboardsOf, tilesFile } from "./store.ts";
import { thumbnailList } from "./thumbnail-list.ts";

export const MAKE_STORYBOARD = "media.storyboard";

/** After everything that somebody waits for. A video without one plays all the same, so its failure fails nothing else. */
export function storyboardJob(needs: WorkNeeds): JobKind {
  const { sql, blobs, sandbox, clock, tools } = needs;
  return {
    name: MAKE_STORYBOARD,
    class: "maintenance",
    tries_max: 4,
    lease_ms: 20_000,
    run_ms_max: 60 * MINUTE_MS,
    concurrency_max: 1,
    backoff: { base_ms: 5_000, delay_ms_max: 10 * MINUTE_MS },
    async handle(payload, run) {
      // Whoever waits for the first frame has the machine to himself for that long.
      await needs.making.quiet.wait(run.signal);
      const id = String(payload.video_id) as VideoId;
      const video = await findVideo(sql.pool, id);
      const upload_id = video?.upload_id ?? null;
      if (!video?.source || video.early || video.status === "failed" || upload_id === null) return;
      const before = (await storyboardsOf(sql.pool, [id])).get(id);
      // A move copies it; a making that began anew may have taken it away.
      if (before?.upload_id === upload_id && (await blobs.head(video.place + tilesFile(before.folder)))) return;
      if (!tools) throw new Error("there is no ffmpeg on this node");
      await using scratch = await openScratch(needs.scratch_folder, run);
      const folder = join(scratch.path, "storyboard");
      await mkdir(folder);
      let made: MadeStoryboard;
      {
        await using file = await blobs.localFile(uploadBlob(upload_id));
        try {
          made = await makeStoryboard({ sandbox, clock, tools }, file.path, video.source, folder, {
            signal: run.signal,
          });
        } catch (error) {
          // What is wrong with the file is said by the transcoding, which looks at all of it.
          if (error instanceof MediaRefusal && error.lasting) return;
          throw error;
        }
      }
      const { plan, sheets } = made;
      const duration_ms = video.source.duration_ms;
      const bodies = await Promise.all(sheets.map((path) => Bun.file(path).bytes()));
      const hash = createHash("sha256").update(JSON.stringify(plan));
      for (const body of bodies) hash.update(body);
      const at = `storyboard/${hash.digest("hex").slice(0, 16)}/`;
      for (;;) {
        run.signal.throwIfAborted();
        const place = (await findVideo(sql.pool, id))?.place;
        if (place === undefined) return;
        await put(place, at);
        const kept = await run.fenced(async (tx) => {
          const now = await lockVideo(tx, id);
          if (!now || now.status === "failed" || now.upload_id !== upload_id) return "unwanted" as const;
          // It moved meanwhile: the copy may or may not have had these.
          if (now.place !== place) return "moved" as const;
          await putStoryboard(tx, {
            video_id: id,
            upload_id,
            folder: at,
            grid_columns: plan.columns,
            grid_rows: plan.rows,
            tile_width: plan.tile_width,
            tile_height: plan.tile_height,
            interval_ms: plan.interval_ms,
            tiles: plan.count,
            bytes: bodies.reduce((sum, body) => sum + body.length, 0),
            made_at: new Date(clock.now()),
          });
          await touch(tx, id);
          await needs.tell(tx, {
            type: "media.video_changed",
            version: 1,
            data: { video_id: id, owner_id: now.owner_id },
          });
          return "kept" as const;
        });
        if (kept === "kept") return;
        await blobs.deletePrefix(place + at);
        if (kept === "unwanted") return;
      }

      async function put(place: Place, at: string): Promise<void> {
        for (const [sheet, body] of bodies.entries())
          await blobs.put(place + sheetFile(at, sheet), body, { media_type: "image/jpeg" });
        const list = new TextEncoder().encode(thumbnailList(plan, duration_ms));
        await blobs.put(place + tilesFile(at), list, { media_type: "text/vtt; charset=utf-8" });
      }
    },
  };
}
