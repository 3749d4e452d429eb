import type { VideoId } from "#kernel/ids.ts";
import type { Blobs } from "#ports/blobs/index.ts";
import type { Clock } from "#ports/clock/index.ts";
import type { Query, Sql } from "#ports/sql/index.ts";

import { sameTrack } from "../encode/boxes.ts";
import type { Ladder } from "../encode/ladder.ts";
import { isSound, namesOf, secondsOf } from "../encode/playlist.ts";
import type { MediaLimits } from "../limits.ts";
import { checkRoom, VideoGone } from "../videos/fail.ts";
import { publishVideo } from "../videos/publish.ts";
import { decideInit, insertSegment } from "../videos/rungs.ts";
import * as store from "../videos/store.ts";
import { endLease, type Hold, holdToStore, type Spot } from "./leases.ts";

export interface KeepNeeds {
  sql: Sql;
  blobs: Blobs;
  clock: Clock;
  jobs: Parameters<typeof publishVideo>[1];
  limits: MediaLimits;
}

/** What is made of a video belongs to one plan of it: another source has other names. */
export interface Planned {
  id: VideoId;
  ladder: Ladder;
}

export const mediaTypeOf = (ladder: Ladder, track: string): string =>
  isSound(ladder, track) ? "audio/mp4" : "video/mp4";

/**
 * The blob, then its row: a row says that the blob is whole. @returns false when the segment is another run's by now
 * @throws VideoGone when it was deleted or planned anew; MediaRefusal `media.no_space`
 */
export async function keepSegment(
  needs: KeepNeeds,
  video: Planned,
  hold: Hold,
  spot: Spot,
  bytes: Uint8Array,
): Promise<boolean> {
  const { ladder } = video;
  const { rung, k } = spot;
  await checkRoom(needs);
  if (!(await holdToStore(needs.sql.pool, hold, spot))) return false;
  const file = namesOf(ladder).segment(rung, k);
  const duration_ms = Math.max(1, Math.round(secondsOf(ladder, rung, k) * 1000));
  await putInPlace(needs, video, rung, file, bytes, async (tx) => {
    if (!(await endLease(tx, hold, spot))) return;
    const at = new Date(needs.clock.now());
    const { whole } = await insertSegment(tx, video.id, rung, { k, bytes: bytes.length, duration_ms }, at);
    // Its real size is known now, and players choose by it.
    if (whole) await publishVideo(tx, needs.jobs, video.id);
  });
  return true;
}

/**
 * An init has one content for all runs of its track: the first that was made. @returns the bytes that count
 * @throws Error when this run's segments would not fit to it
 */
export async function keepInit(
  needs: KeepNeeds,
  video: Planned,
  track: string,
  bytes: Uint8Array<ArrayBuffer>,
): Promise<Uint8Array<ArrayBuffer>> {
  const etag = new Bun.CryptoHasher("md5").update(bytes).digest("hex");
  const decided = await decideInit(needs.sql.pool, video.id, track, etag);
  if (decided === null) throw new VideoGone();
  const file = namesOf(video.ladder).init(track);
  const place = (await store.findVideo(needs.sql.pool, video.id))?.place;
  if (place === undefined) throw new VideoGone();
  if (decided === etag) {
    const stored = await needs.blobs.head(place + file);
    if (!stored) await putInPlace(needs, video, track, file, bytes, async () => {});
    return bytes;
  }
  const { body } = await needs.blobs.get(place + file);
  const kept = await new Response(body).bytes();
  if (sameTrack(kept, bytes)) return kept;
  throw new Error(`the encoder has changed: what it makes of ${track} now does not fit to what it made before`);
}

/** Puts a blob where the video lies, also when it moves meanwhile, and settles its row in the transaction that proves it. */
async function putInPlace(
  { sql, blobs }: Pick<KeepNeeds, "sql" | "blobs">,
  { id, ladder }: Planned,
  track: string,
  file: string,
  bytes: Uint8Array,
  settle: (tx: Query) => Promise<void>,
): Promise<void> {
  const folder = namesOf(ladder).folder(track);
  for (;;) {
    const place = (await store.findVideo(sql.pool, id))?.place;
    if (place === undefined) throw new VideoGone();
    await blobs.put(place + file, bytes, { media_type: mediaTypeOf(ladder, track) });
    const put = await sql.tx(async (tx) => {
      const now = await store.lockVideo(tx, id);
      if (!now?.ladder || now.status === "failed" || !hasFolder(now.ladder, track, folder)) return "gone" as const;
      if (now.place !== place) return "moved" as const;
      await settle(tx);
      return "kept" as const;
    });
    if (put === "kept") return;
    // Its deletion's job, or the one that empties the old place, may have passed before this blob was put.
    await blobs.delete([place + file]);
    if (put === "gone") throw new VideoGone();
  }
}

const hasFolder = (ladder: Ladder, track: string, folder: string): boolean =>
  [...ladder.sounds, ...ladder.rungs].some(({ name }) => name === track) && namesOf(ladder).folder(track) === folder;
