import type { VideoId } from "#kernel/ids.ts";
import { MINUTE_MS } from "#kernel/time.ts";
import type { Blobs, PutOptions } from "#ports/blobs/index.ts";
import type { JobKind, Jobs } from "#ports/jobs/index.ts";
import type { Query, Sql } from "#ports/sql/index.ts";

import { subtitleLinesOf } from "../captions/master.ts";
import { isAv1 } from "../encode/av1.ts";
import { dashManifest } from "../encode/dash.ts";
import type { Ladder } from "../encode/ladder.ts";
import {
  listedTracks,
  masterPlaylist,
  type Measured,
  mediaPlaylist,
  namesOf,
  secondsOf,
  type TextLines,
} from "../encode/playlist.ts";
import { belongsInPublic, isPublicPlace, type Place } from "../places.ts";
import { isAv1Rung, type RungRow, rungsOf, segmentsOf } from "./rungs.ts";
import * as store from "./store.ts";

export const PUBLISH_VIDEO = "media.publish_video";

/** Playlists are small text beside the segments: players get them from where they get the bytes. Caches ask each time. */
const PLAYLIST = { media_type: "application/vnd.apple.mpegurl", cache_control: "no-cache" } as const;
const MANIFEST = { media_type: "application/dash+xml", cache_control: "no-cache" } as const;

/** Writes a video's lists anew, once this transaction has committed: for whoever changes what they show. */
export async function publishVideo(tx: Query, jobs: Jobs, id: VideoId): Promise<void> {
  const version = await store.wantLists(tx, id);
  // One job for each version: one that runs already may have read its rows before this change.
  if (version !== null)
    await jobs.enqueue(
      tx,
      PUBLISH_VIDEO,
      { video_id: id },
      { unique_key: `${PUBLISH_VIDEO}:${id}:${version}`, class: "interactive" },
    );
}

export function publishVideoJob({ sql, blobs }: { sql: Sql; blobs: Blobs }): JobKind {
  return {
    name: PUBLISH_VIDEO,
    class: "interactive",
    tries_max: 10,
    lease_ms: 20_000,
    run_ms_max: 5 * MINUTE_MS,
    concurrency_max: 2,
    async handle(payload, run) {
      let id = String(payload.video_id) as VideoId;
      for (;;) {
        run.signal.throwIfAborted();
        const video = await store.findVideo(sql.pool, id);
        if (!video?.ladder) return;
        const rungs = (await rungsOf(sql.pool, [id])).get(id) ?? [];
        await writeLists(blobs, video.place, video.ladder, {
          rungs: listedOf(video, rungs),
          measured: await measure(sql.pool, id, video.ladder, rungs),
          texts: await subtitleLinesOf(sql.pool, id),
        });
        const now = await store.findVideo(sql.pool, id);
        if (now && now.place === video.place && now.lists_version === video.lists_version) return;
        // Where no film has this id any more, another may have taken its place over: what was just written there is of rows
        // that are its own now, some or none of them read, so it is written anew as that film's.
        const heir = now ? null : await store.filmAt(sql.pool, video.place);
        if (heir !== null) {
          id = heir;
          continue;
        }
        // It was deleted, or left the open, while this wrote: whoever empties that place at once may have passed before. From
        // any other place nothing is taken: its addresses work on for hours, and its own job empties it then.
        if (!now || (isPublicPlace(video.place) && !belongsInPublic(now)))
          await blobs.delete(listNames(video.ladder).map((name) => video.place + name));
      }
    },
  };
}

const listNames = (ladder: Ladder): string[] => {
  const names = namesOf(ladder);
  return [names.master, names.manifest, ...listedTracks(ladder).map((track) => names.playlist(track))];
};

/** Of what failed only what is whole, and so of AV1 always: it is too slow to be made for somebody who waits. */
function listedOf({ status }: store.VideoRow, rungs: RungRow[]): Set<string> {
  const listed = rungs.filter((rung) => rung.complete_at || (status !== "failed" && !isAv1Rung(rung)));
  return new Set(listed.map(({ rung }) => rung));
}

/**
 * Master, manifest and lists of a ladder. Complete from the start: what they name is made when it is asked for. Without
 * `rungs` all are named but those in AV1.
 */
export async function writeLists(
  blobs: Blobs,
  place: Place,
  ladder: Ladder,
  shown: { rungs?: ReadonlySet<string>; measured?: ReadonlyMap<string, Measured>; texts?: TextLines } = {},
): Promise<void> {
  const names = namesOf(ladder);
  const rungs = shown.rungs ?? new Set(ladder.rungs.filter((rung) => !isAv1(rung)).map(({ name }) => name));
  // Who holds an older master goes on with its lists: one that is named no more stays where it is.
  const hidden = new Set(ladder.rungs.filter((rung) => isAv1(rung) && !rungs.has(rung.name)).map(({ name }) => name));
  const tracks = listedTracks(ladder).filter((track) => !hidden.has(track));
  const put = (name: string, text: string, as: PutOptions = PLAYLIST) =>
    blobs.put(place + name, new TextEncoder().encode(text), as);
  await Promise.all([
    ...tracks.map((track) => put(names.playlist(track), mediaPlaylist(ladder, track))),
    put(names.manifest, dashManifest(ladder, { ...shown, rungs, texts: shown.texts?.tracks ?? [] }), MANIFEST),
  ]);
  await put(names.master, masterPlaylist(ladder, { ...shown, rungs }));
}

/** What finished rungs really take, from the sizes of their segments. */
export async function measure(q: Query, id: VideoId, ladder: Ladder, rungs: RungRow[]): Promise<Map<string, Measured>> {
  const measured = new Map<string, Measured>();
  for (const { rung, kind, complete_at } of rungs) {
    if (kind !== "video" || !complete_at) continue;
    let bits = 0;
    let seconds = 0;
    let peak_bps = 0;
    for (const { k, bytes } of await segmentsOf(q, id, rung)) {
      const lasts_s = secondsOf(ladder, rung, k);
      bits += bytes * 8;
      seconds += lasts_s;
      // A short last segment says nothing of what a line must carry.
      if (lasts_s >= 1 || peak_bps === 0) peak_bps = Math.max(peak_bps, (bytes * 8) / lasts_s);
    }
    if (seconds === 0) continue;
    const average_bps = Math.round(bits / seconds);
    measured.set(rung, { average_bps, peak_bps: Math.round(Math.max(peak_bps, average_bps)) });
  }
  return measured;
}
