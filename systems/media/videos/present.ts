import type { PersonCard } from "#kernel/cards.ts";
import { rfc3339 } from "#kernel/time.ts";
import type { Blobs } from "#ports/blobs/index.ts";
import type { Clock } from "#ports/clock/index.ts";

import type { BesideAnswer } from "../beside.ts";
import type { Rendition, Video, VideoCard } from "../contract.ts";
import { MANIFEST, MASTER } from "../encode/playlist.ts";
import { addressesOf } from "../places.ts";
import type { SharingAnswer } from "../sharing/present.ts";
import { isAv1Rung, type RungRow } from "./rungs.ts";
import type { VideoRow } from "./store.ts";

interface Needs {
  blobs: Blobs;
  clock: Clock;
}

/** The name that a poster has where no row says another. */
const POSTER = "poster.jpg";
export const posterFile = (row: Pick<VideoRow, "poster_file">): string => row.poster_file ?? POSTER;

/** What the viewer adds to a video. */
export interface Seen {
  may_edit: boolean;
  position_ms: number | null;
}

export function presentVideo(
  row: VideoRow,
  owner: PersonCard,
  rungs: RungRow[],
  seen: Seen,
  needs: Needs,
): Omit<Video, keyof BesideAnswer | keyof SharingAnswer> {
  const { until_ms, ...shown } = videoCard(row, rungs, needs);
  return {
    ...shown,
    dash_url: shown.hls_url === null ? null : addressesOf(row.place, row.duration_ms ?? 0, needs).url(MANIFEST),
    owner_id: row.owner_id,
    owner,
    description: row.description,
    audience: row.audience,
    space_id: row.space_id,
    arriving: row.early,
    ...(seen.may_edit && row.failure_code !== null
      ? { failure: { code: row.failure_code, detail: row.failure_detail ?? "", can_retry: row.failure_can_retry } }
      : {}),
    urls_until: rfc3339(until_ms),
    renditions: rungs.filter(isShown).map((rung) => rendition(row, rung)),
    position_ms: seen.position_ms,
    may_edit: seen.may_edit,
    created_at: rfc3339(row.created_at),
    ready_at: row.ready_at && rfc3339(row.ready_at),
    version: row.version,
  };
}

export function videoCard(row: VideoRow, rungs: RungRow[], needs: Needs): VideoCard & { until_ms: number } {
  const { url, until_ms } = addressesOf(row.place, row.duration_ms ?? 0, needs);
  return {
    id: row.id,
    title: row.title,
    status: row.status,
    progress: row.status === "ready" ? 1 : progressOf(rungs),
    duration_ms: row.duration_ms,
    width: row.width,
    height: row.height,
    hls_url: canPlay(row, rungs) ? url(MASTER) : null,
    poster_url: row.poster_bytes === null ? null : url(posterFile(row)),
    placeholder: row.placeholder,
    view_count: row.view_count,
    until_ms,
  };
}

/** While it is made, from the first segment on; when it failed, only what was finished before. */
function canPlay(row: VideoRow, rungs: RungRow[]): boolean {
  if (row.playable_at === null) return false;
  if (row.status !== "failed") return true;
  return canPlayWhole(rungs);
}

/** The sound and at least one rung are whole. */
export function canPlayWhole(rungs: RungRow[]): boolean {
  const video = rungs.filter((rung) => rung.kind === "video");
  const sound = rungs.filter((rung) => rung.kind === "audio");
  return video.some((rung) => rung.complete_at) && sound.every((rung) => rung.complete_at);
}

/** Of what is made for every video. A rung's share is its pixels: that is what its encoding costs. */
export function progressOf(rungs: RungRow[]): number {
  let all = 0;
  let done = 0;
  for (const rung of rungs) {
    if (!rung.eager) continue;
    const cost = (rung.width ?? 100) * (rung.height ?? 100) * rung.segment_count;
    all += cost;
    done += rung.complete_at ? cost : (cost * rung.segments_done) / rung.segment_count;
  }
  return all === 0 ? 0 : Math.round((done / all) * 1000) / 1000;
}

/** What lists name. */
const isShown = (rung: RungRow): boolean => rung.kind === "video" && (rung.complete_at !== null || !isAv1Rung(rung));

const rendition = ({ ladder }: VideoRow, rung: RungRow): Rendition => ({
  rung: rung.rung,
  kind: ladder?.rungs.find(({ name }) => name === rung.rung)?.kind ?? "encode",
  width: rung.width ?? 0,
  height: rung.height ?? 0,
  bitrate_bps: rung.bitrate_bps,
  codecs: rung.codecs,
  progress: rung.complete_at ? 1 : Math.min(1, rung.segments_done / rung.segment_count),
});
