import type { VideoId } from "#kernel/ids.ts";
import type { Jobs } from "#ports/jobs/index.ts";
import type { Log } from "#ports/log/index.ts";
import type { Query } from "#ports/sql/index.ts";

import { READ_TEXTS } from "./captions/from-file.ts";
import { PUBLISH_TEXTS } from "./captions/index.ts";
import { presentCaptions, type PresentNeeds } from "./captions/present.ts";
import { captionsOf, type CaptionsRow } from "./captions/store.ts";
import { chaptersUrl } from "./chapters/present.ts";
import { chaptersOf, type ChaptersRow } from "./chapters/store.ts";
import { chaptersIn } from "./chapters/times.ts";
import type { Video } from "./contract.ts";
import { MEDIA_TOPIC } from "./events.ts";
import { MAKE_STORYBOARD } from "./storyboard/make.ts";
import { presentStoryboard } from "./storyboard/present.ts";
import { type StoryboardRow, storyboardsOf } from "./storyboard/store.ts";
import type { VideoRow } from "./videos/store.ts";

/** What goes with a video, beside its picture and its sound. */
export interface Beside {
  captions: CaptionsRow[];
  chapters: ChaptersRow | undefined;
  storyboard: StoryboardRow | undefined;
}

/** Of many videos at once: three queries. */
export async function besideOf(q: Query, ids: VideoId[]): Promise<(id: VideoId) => Beside> {
  const [captions, chapters, storyboards] = await Promise.all([
    captionsOf(q, ids),
    chaptersOf(q, ids),
    storyboardsOf(q, ids),
  ]);
  return (id) => ({ captions: captions.get(id) ?? [], chapters: chapters.get(id), storyboard: storyboards.get(id) });
}

export type BesideAnswer = Pick<Video, "captions" | "chapters" | "chapters_url" | "storyboard">;

export function presentBeside(
  video: VideoRow,
  { captions, chapters, storyboard }: Beside,
  needs: PresentNeeds,
): BesideAnswer {
  return {
    captions: captions.map((row) => presentCaptions(video, row, needs)),
    // Where nobody set any, the description's own list stands.
    chapters: chapters?.items ?? chaptersIn(video.description, video.duration_ms),
    chapters_url: chaptersUrl(video, chapters, needs),
    storyboard:
      storyboard && storyboard.upload_id === video.upload_id ? presentStoryboard(video, storyboard, needs) : null,
  };
}

/** The first segments, which somebody waits for, have the machine to themselves. */
const READ_DELAY_MS = 1_000;
const STORYBOARD_DELAY_MS = 1_500;

/** Looks that everything which should lie beside a video is there, and makes what is not. */
export async function lookBeside(tx: Query, jobs: Jobs, video_id: VideoId): Promise<void> {
  await jobs.enqueue(tx, PUBLISH_TEXTS, { video_id, lists: true });
  await jobs.enqueue(tx, READ_TEXTS, { video_id }, { delay_ms: READ_DELAY_MS });
  await jobs.enqueue(tx, MAKE_STORYBOARD, { video_id }, { delay_ms: STORYBOARD_DELAY_MS });
}

/** As soon as a video can be played; a file that took another's place is told of the same way. */
export function followPlayable({ log, jobs }: { log: Log; jobs: Jobs }): Disposable {
  return log.consume(MEDIA_TOPIC, "media_beside", async (batch, tx) => {
    for (const { type, data } of batch)
      if (type === "media.video_playable") await lookBeside(tx, jobs, String(data.video_id) as VideoId);
  });
}
