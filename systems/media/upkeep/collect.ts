import type { ImageId, UploadId, VideoId } from "#kernel/ids.ts";
import { isId } from "#kernel/ids.ts";
import { MINUTE_MS } from "#kernel/time.ts";
import type { Blobs } from "#ports/blobs/index.ts";
import type { Clock } from "#ports/clock/index.ts";
import type { JobKind, Jobs } from "#ports/jobs/index.ts";
import type { Query, Sql } from "#ports/sql/index.ts";

import { COLLECT_EVERY_MS, MOVED_KEPT_MS, ORPHAN_AGE_MS } from "../bounds.ts";
import { isPlace } from "../edits/store.ts";
import * as images from "../images/store.ts";
import type { Place } from "../places.ts";
import { sweepScratch } from "../scratch.ts";
import * as sounds from "../sounds/store.ts";
import * as uploads from "../uploads/store.ts";
import * as videos from "../videos/store.ts";
import { collectUnnamed } from "./unnamed.ts";

export interface CollectNeeds {
  sql: Sql;
  jobs: Jobs;
  scratch_folder: string;
  blobs: Blobs;
  clock: Clock;
}

type StoreNeeds = Pick<CollectNeeds, "sql" | "blobs" | "clock">;

/** What one sweep found that no row knows. */
export interface Collected {
  multiparts: number;
  blobs: number;
  places: number;
  /** In places that are named. */
  unnamed: number;
}

/** Frees what crashes left behind: rows are the truth, and what no row names is nobody's after an hour. */
export function collectOrphansJob(needs: CollectNeeds): JobKind {
  return {
    name: "media.collect_orphans",
    class: "maintenance",
    tries_max: 3,
    lease_ms: MINUTE_MS,
    run_ms_max: 60 * MINUTE_MS,
    concurrency_max: 1,
    every_ms: COLLECT_EVERY_MS,
    async handle(_payload, run) {
      await collectOrphans(needs, run.signal);
      await needs.blobs.sweep(needs.clock.now() - ORPHAN_AGE_MS);
      await sweepScratch(needs.scratch_folder, needs.jobs, needs.clock);
    },
  };
}

/**
 * Safe while everything else runs: an age is looked at before a row, so what was written and got its row in between is
 * never taken, and a name that a row once had and has not now was never given to anything else.
 */
export async function collectOrphans(needs: StoreNeeds, signal: AbortSignal): Promise<Collected> {
  const multiparts = await collectMultiparts(needs, signal);
  const blobs = await collectUploads(needs, signal);
  let places = 0;
  for (const kind of ["videos", "images", "sounds"] as const) {
    for (const root of [`${kind}/`, `public/${kind}/`]) places += await collectPlaces(root, kind, needs, signal);
  }
  const unnamed = await collectUnnamed(needs, signal);
  return { multiparts, blobs, places, unnamed };
}

async function collectMultiparts({ sql, blobs, clock }: StoreNeeds, signal: AbortSignal): Promise<number> {
  let freed = 0;
  for (const { name, multipart_id } of await blobs.multipart.listOpen(clock.now() - ORPHAN_AGE_MS)) {
    signal.throwIfAborted();
    const id = name.startsWith("uploads/") ? name.slice("uploads/".length) : "";
    if (!isId(id)) continue;
    const known = await uploads.findUpload(sql.pool, id);
    if (known?.multipart_id === multipart_id) continue;
    await blobs.multipart.abort(name, multipart_id);
    freed += 1;
  }
  return freed;
}

async function collectUploads({ sql, blobs, clock }: StoreNeeds, signal: AbortSignal): Promise<number> {
  let freed = 0;
  let after: string | undefined;
  for (;;) {
    signal.throwIfAborted();
    const { names, next_after } = await blobs.list("uploads/", after === undefined ? {} : { after });
    const ids = names.map((name) => name.slice("uploads/".length)).filter(isId);
    const old: UploadId[] = [];
    const known_before = await uploads.knownUploads(sql.pool, ids);
    for (const id of ids) {
      if (known_before.has(id)) continue;
      const head = await blobs.head(`uploads/${id}`);
      if (head && head.modified_at.getTime() < clock.now() - ORPHAN_AGE_MS) old.push(id);
    }
    const known = await uploads.knownUploads(sql.pool, old);
    const orphans = old.filter((id) => !known.has(id));
    await blobs.delete(orphans.map((id) => `uploads/${id}`));
    freed += orphans.length;
    if (next_after === null) return freed;
    after = next_after;
  }
}

const PLACES = {
  videos: (q: Query, id: string) => videos.placesOf(q, [id as VideoId]),
  images: (q: Query, id: string) => images.placesOf(q, [id as ImageId]),
  sounds: (q: Query, id: string) => sounds.placesOf(q, [id]),
};

/** One look per folder `<root><id>/<key>/`: below it, names are skipped. */
async function collectPlaces(
  root: string,
  kind: "videos" | "images" | "sounds",
  needs: StoreNeeds,
  signal: AbortSignal,
): Promise<number> {
  const { sql, blobs, clock } = needs;
  let freed = 0;
  let after: string | undefined;
  for (;;) {
    signal.throwIfAborted();
    const { names } = await blobs.list(root, { limit: 1, ...(after === undefined ? {} : { after }) });
    const name = names[0];
    if (name === undefined) return freed;
    const [id = "", key = ""] = name.slice(root.length).split("/");
    const place: Place = `${root}${id}/${key}/`;
    // "~" stands behind every character that a name can have.
    after = `${place}~`;
    if (!isId(id)) continue;
    const head = await blobs.head(name);
    if (!head) continue;
    const age_ms = clock.now() - head.modified_at.getTime();
    if (age_ms < ORPHAN_AGE_MS) continue;
    const row = await PLACES[kind](sql.pool, id);
    const known = row.get(id);
    // A film that is being prepared for this one lies in a place that carries this one's id.
    if (known === place || (kind === "videos" && (await isPlace(sql.pool, place)))) continue;
    // It moved: its old place has a job that deletes it, and a move under way has a place that no row names yet.
    if (known !== undefined && age_ms < MOVED_KEPT_MS + ORPHAN_AGE_MS) continue;
    await blobs.deletePrefix(place);
    freed += 1;
  }
}
