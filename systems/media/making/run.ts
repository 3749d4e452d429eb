import type { Blobs } from "#ports/blobs/index.ts";
import type { Clock } from "#ports/clock/index.ts";
import type { Sql } from "#ports/sql/index.ts";

import { LEASE_MS } from "../bounds.ts";
import { borrowSource, isWhole } from "../early/view.ts";
import type { Ladder } from "../encode/ladder.ts";
import { copiedOf } from "../encode/playlist.ts";
import type { Probe } from "../encode/probe.ts";
import type { MadeFile } from "../encode/transcode.ts";
import { MAKE, openScratch } from "../scratch.ts";
import type { VideoRow } from "../videos/store.ts";
import { type Hold, renewLeases } from "./leases.ts";
import type { Makers, TrackMaker } from "./makers.ts";
import type { Sources } from "./sources.ts";

/** A video of which something can be made: it is planned, and its source is here. */
export type Makeable = VideoRow & { source: Probe; ladder: Ladder; upload_id: NonNullable<VideoRow["upload_id"]> };

export const isMakeable = (video: VideoRow | null): video is Makeable =>
  video !== null && video.status !== "failed" && !!video.source && !!video.ladder && video.upload_id !== null;

export interface RunNeeds {
  sql: Sql;
  clock: Clock;
  makers: Makers;
  sources: Sources;
  blobs: Blobs;
  scratch_folder: string;
}

export interface Run {
  tracks: string[];
  from: number;
  until: number;
  inits_only?: boolean;
  onFile(file: MadeFile): Promise<void>;
  onProgress?(share: number): void;
  signal: AbortSignal;
  /** 0 for who waits, 15 for what nobody waits for. */
  nice: number;
  notice_ms?: number;
}

export const isCopied = (ladder: Ladder, track: string): boolean => copiedOf(ladder, track) !== null;

/** A track says how it is made. Those of one run are made in one way. */
export function makerOf({ makers }: Pick<RunNeeds, "makers">, ladder: Ladder, tracks: readonly string[]): TrackMaker {
  const copied = tracks.some((track) => isCopied(ladder, track));
  return copied ? makers.copy : makers.encode;
}

/** One run of a maker over a part of a film. With a hold, its leases are renewed while it runs; its owner gives them back. */
export async function runMaker(needs: RunNeeds, video: Makeable, run: Run, hold: Hold | null): Promise<void> {
  const { sql, clock } = needs;
  let renewing: Promise<void> = Promise.resolve();
  using _beat = clock.every(LEASE_MS / 3, () => {
    // A beat that fails is made up for by the next; leases that run out are another's to take.
    if (hold) renewing = renewLeases(sql.pool, hold).catch(() => {});
  });
  try {
    await using scratch = await openScratch(needs.scratch_folder, { id: MAKE });
    await using file = await borrowSource(needs, video);
    const { tracks, from, until, onFile, onProgress, signal, nice, notice_ms } = run;
    const making = makerOf(needs, video.ladder, tracks).make({
      source_path: file.path,
      probe: video.source,
      ladder: video.ladder,
      tracks,
      from,
      until,
      folder: scratch.path,
      onFile,
      signal,
      nice,
      ...(onProgress ? { onProgress } : {}),
      ...(run.inits_only ? { inits_only: true } : {}),
      ...(notice_ms === undefined ? {} : { notice_ms }),
    });
    await making.catch(async (error: unknown) => {
      // Its path was another's a moment later, when the last part had come: that says nothing of the film.
      if (file.partial && (await isWhole(needs, video)))
        throw new Error("its file was completed meanwhile", { cause: error });
      throw error;
    });
  } finally {
    _beat[Symbol.dispose]();
    await renewing;
  }
}
