import type { VideoId } from "#kernel/ids.ts";
import { MINUTE_MS } from "#kernel/time.ts";
import type { Blobs } from "#ports/blobs/index.ts";
import type { Clock } from "#ports/clock/index.ts";
import type { JobKind, JobRun, Jobs } from "#ports/jobs/index.ts";
import type { Sql } from "#ports/sql/index.ts";

import { isAv1Track } from "../encode/av1.ts";
import { namesOf } from "../encode/playlist.ts";
import type { MediaLimits } from "../limits.ts";
import { isMakeable } from "../making/run.ts";
import { publishVideo } from "../videos/publish.ts";
import { isAv1Rung } from "../videos/rungs.ts";
import { lockVideo, setWanted } from "../videos/store.ts";
import {
  EVICT_EVERY_MS,
  EVICT_LEASE_MS,
  EVICT_SEGMENTS_MAX,
  EVICTED_AT_ONCE,
  RELIEF_SHARE,
  RELIEVE_EVERY_MS,
  WATCHED_JUST_NOW_MS,
} from "./bounds.ts";
import * as store from "./store.ts";

export interface EvictNeeds {
  sql: Sql;
  blobs: Blobs;
  clock: Clock;
  limits: MediaLimits;
  jobs: Jobs;
}

const KIND = {
  class: "maintenance",
  tries_max: 3,
  lease_ms: MINUTE_MS,
  run_ms_max: 30 * MINUTE_MS,
  concurrency_max: 1,
} as const;

/**
 * Lets go of what nobody watches, rung by rung from the top: the first after `cold_after_ms`, each further one after as
 * long again. The lowest rung and the sounds stay, and nothing is let go that cannot be made again from its source.
 */
export function evictColdJob(needs: EvictNeeds): JobKind {
  const { sql, clock, limits } = needs;
  return {
    ...KIND,
    name: "media.evict_cold",
    every_ms: EVICT_EVERY_MS,
    async handle(_payload, run) {
      const now_ms = clock.now();
      for (let after: store.Idle | null = null; ;) {
        run.signal.throwIfAborted();
        const idle_before = new Date(now_ms - limits.cold_after_ms);
        const page: store.Idle[] = await store.idleVideos(sql.pool, { idle_before, after, limit: EVICTED_AT_ONCE });
        for (const idle of page) {
          const steps = Math.floor((now_ms - idle.idle_since.getTime()) / limits.cold_after_ms);
          await evictRungs(idle.id, steps, idle_before, run, needs);
        }
        if (page.length < EVICTED_AT_ONCE) return;
        after = page.at(-1) ?? null;
      }
    },
  };
}

/** When the disk fills, what was watched longest ago gives way first, until there is room again. */
export function relievePressureJob(needs: EvictNeeds): JobKind {
  const { sql, blobs, clock, limits } = needs;
  return {
    ...KIND,
    name: "media.relieve_pressure",
    every_ms: RELIEVE_EVERY_MS,
    async handle(_payload, run) {
      const free_bytes = await blobs.freeBytes();
      if (free_bytes === null || free_bytes >= limits.pressure_free_bytes) return;
      let wanted_bytes = limits.pressure_free_bytes * RELIEF_SHARE - free_bytes;
      const idle_before = new Date(clock.now() - WATCHED_JUST_NOW_MS);
      for (let after: store.Idle | null = null; wanted_bytes > 0;) {
        run.signal.throwIfAborted();
        const page: store.Idle[] = await store.idleVideos(sql.pool, { idle_before, after, limit: EVICTED_AT_ONCE });
        for (const { id } of page) {
          if (wanted_bytes <= 0) return;
          wanted_bytes -= await evictRungs(id, Number.POSITIVE_INFINITY, idle_before, run, needs);
        }
        if (page.length < EVICTED_AT_ONCE) return;
        after = page.at(-1) ?? null;
      }
    },
  };
}

/** @returns bytes that were let go */
async function evictRungs(
  id: VideoId,
  rungs_max: number,
  idle_before: Date,
  run: JobRun,
  needs: EvictNeeds,
): Promise<number> {
  const rungs = await store.evictableRungs(needs.sql.pool, id);
  let bytes = 0;
  // Those in AV1 are one step, and the first.
  const av1 = rungs.filter(isAv1Rung);
  const steps = [...(av1.length > 0 ? [av1] : []), ...rungs.filter((rung) => !isAv1Rung(rung)).map((rung) => [rung])];
  for (const { rung } of steps.slice(0, rungs_max).flat()) {
    for (let more = true; more;) {
      run.signal.throwIfAborted();
      const gone = await evictSegments(id, rung, idle_before, needs);
      bytes += gone.bytes;
      more = gone.segments === EVICT_SEGMENTS_MAX;
    }
  }
  return bytes;
}

/**
 * Rows first, then blobs: from the first moment on whoever asks gets either the old blob or, once it is gone, one that is
 * made again. Leases keep makers away in between, so that no blob is deleted that was just made. A crash leaves blobs that
 * no row names, and the collector takes those.
 */
export async function evictSegments(
  id: VideoId,
  rung: string,
  idle_before: Date,
  { sql, blobs, clock, jobs }: Pick<EvictNeeds, "sql" | "blobs" | "clock" | "jobs">,
): Promise<{ segments: number; bytes: number }> {
  const token = `evict-${crypto.randomUUID()}`;
  const gone = await sql.tx(async (tx) => {
    const video = await lockVideo(tx, id);
    // Somebody came, it is being filled, or it could not be made again.
    if (!isMakeable(video) || video.status !== "ready" || video.job_id !== null) return null;
    if (!(await store.isIdle(tx, id, idle_before))) return null;
    const segments = await store.holdStored(tx, { video_id: id, rung, token }, EVICT_SEGMENTS_MAX, EVICT_LEASE_MS);
    if (segments.length === 0) return null;
    const bytes = await store.dropSegments(tx, { video_id: id, rung, ks: segments });
    await setWanted(tx, id, null);
    // It is not whole any more, so no list names it; who holds an older one is served all the same.
    if (isAv1Track(video.ladder, rung)) await publishVideo(tx, jobs, id);
    await store.noteEvicted(tx, id, rung, bytes, new Date(clock.now()));
    const names = namesOf(video.ladder);
    return { bytes, names: segments.map((k) => video.place + names.segment(rung, k)) };
  });
  if (!gone) return { segments: 0, bytes: 0 };
  try {
    await blobs.delete(gone.names);
  } finally {
    await store.endHold(sql.pool, { video_id: id, token });
  }
  return { segments: gone.names.length, bytes: gone.bytes };
}
