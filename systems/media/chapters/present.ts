import type { PresentNeeds } from "../captions/present.ts";
import { addressesOf } from "../places.ts";
import type { VideoRow } from "../videos/store.ts";
import type { Chapters } from "./contract.ts";
import type { ChaptersRow } from "./store.ts";
import { chaptersIn } from "./times.ts";

export function presentChapters(video: VideoRow, row: ChaptersRow | undefined, needs: PresentNeeds): Chapters {
  return {
    items: row?.items ?? [],
    origin: row?.origin ?? null,
    suggested: chaptersIn(video.description, video.duration_ms),
    url: chaptersUrl(video, row, needs),
  };
}

/** An older list is not shown beside newer chapters: it is a moment until theirs is there. */
export const chaptersUrl = (
  video: Pick<VideoRow, "place" | "duration_ms">,
  row: ChaptersRow | undefined,
  needs: PresentNeeds,
): string | null =>
  row && row.items.length > 0 && row.published_file === row.file
    ? addressesOf(video.place, video.duration_ms ?? 0, needs).url(row.file)
    : null;
