import type { JobRun } from "#ports/jobs/index.ts";

import { borrowSource } from "../early/view.ts";
import { fitLadder, likenessOf, pairsOf } from "../encode/study.ts";
import { MediaRefusal } from "../encode/tools.ts";
import { openScratch } from "../scratch.ts";
import { VideoGone } from "../videos/fail.ts";
import { measure, publishVideo } from "../videos/publish.ts";
import { deleteRungs, planRungAnew, rungsOf, untouchedRungs } from "../videos/rungs.ts";
import * as store from "../videos/store.ts";
import type { WorkNeeds } from "../work.ts";
import type { Makeable } from "./run.ts";

/**
 * Once its small rungs are made, a film's upper ones are planned for what it is: those that add nothing go, caps come down to
 * what it needs. A rung that somebody has asked for stays as it is, and who holds the lists of before goes on with them.
 */
export async function fitUpperRungs(video: Makeable, run: JobRun, needs: WorkNeeds): Promise<void> {
  const { sql, jobs, clock, sandbox, tools } = needs;
  const { id } = video;
  if (!tools) throw new Error("there is no ffmpeg on this node");
  const pairs = pairsOf(video.ladder, await untouchedRungs(sql.pool, id));
  const likeness = await look();
  await run.fenced(async (tx) => {
    const now = await store.lockVideo(tx, id);
    if (!now?.ladder || now.status !== "processing") throw new VideoGone();
    const rungs = (await rungsOf(tx, [id])).get(id) ?? [];
    const free = await untouchedRungs(tx, id);
    const taken = await measure(tx, id, now.ladder, rungs);
    const fitted = fitLadder(now.ladder, { free, likeness, taken });
    await store.setLadder(tx, id, fitted);
    const names = new Set(fitted.rungs.map(({ name }) => name));
    await deleteRungs(
      tx,
      id,
      now.ladder.rungs.map(({ name }) => name).filter((name) => !names.has(name)),
    );
    for (const { name, maxrate_bps } of fitted.rungs) if (free.has(name)) await planRungAnew(tx, id, name, maxrate_bps);
    await publishVideo(tx, jobs, id);
  });

  async function look(): Promise<Map<string, number>> {
    if (pairs.length === 0) return new Map();
    await using scratch = await openScratch(needs.scratch_folder, run);
    await using file = await borrowSource({ sql, blobs: needs.blobs, sources: needs.making.ground.sources }, video);
    try {
      const options = { folder: scratch.path, signal: run.signal };
      return await likenessOf({ sandbox, clock, tools: tools! }, file.path, video.source, pairs, options);
    } catch (error) {
      // Without a look every rung stays; a film is not refused for what only saves work.
      if (error instanceof MediaRefusal && error.lasting) return new Map();
      throw error;
    }
  }
}
