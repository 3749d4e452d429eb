import type { VideoId } from "#kernel/ids.ts";
import type { Blobs } from "#ports/blobs/index.ts";
import type { Query } from "#ports/sql/index.ts";

import { segmentSeconds } from "../encode/grid.ts";
import type { Ladder } from "../encode/ladder.ts";
import { masterPlaylist, type Measured, mediaPlaylist, namesOf } from "../encode/playlist.ts";
import type { Place } from "../places.ts";
import { segmentsOf } from "./rungs.ts";

/** Playlists are small text beside the segments: players get them from where they get the bytes. Caches ask each time. */
const PLAYLIST = { media_type: "application/vnd.apple.mpegurl", cache_control: "no-cache" } as const;

const put = async (blobs: Blobs, name: string, text: string) => {
  await blobs.put(name, new TextEncoder().encode(text), PLAYLIST);
};

/** @param ready segments from the first on that are stored */
export function publishTrack(blobs: Blobs, place: Place, ladder: Ladder, track: string, ready: number): Promise<void> {
  return put(blobs, place + namesOf(ladder).playlist(track), mediaPlaylist(ladder, track, ready));
}

/** @param rungs those that can be played; a rung that still grows stands there only as long as it is the only one */
export function publishMaster(
  blobs: Blobs,
  place: Place,
  ladder: Ladder,
  rungs: Set<string>,
  measured: ReadonlyMap<string, Measured>,
): Promise<void> {
  return put(blobs, place + namesOf(ladder).master, masterPlaylist(ladder, { rungs, measured }));
}

/** What a finished rung really takes, from the sizes of its segments. */
export async function measure(q: Query, id: VideoId, ladder: Ladder, rung: string): Promise<Measured> {
  let bits = 0;
  let seconds = 0;
  let peak_bps = 0;
  for (const { k, bytes } of await segmentsOf(q, id, rung)) {
    const lasts_s = segmentSeconds(ladder.grid, k);
    bits += bytes * 8;
    seconds += lasts_s;
    // A short last segment says nothing of what a line must carry.
    if (lasts_s >= 1 || peak_bps === 0) peak_bps = Math.max(peak_bps, (bytes * 8) / lasts_s);
  }
  const average_bps = seconds === 0 ? 0 : bits / seconds;
  return { average_bps: Math.round(average_bps), peak_bps: Math.round(Math.max(peak_bps, average_bps)) };
}
