import { notFound, Problem } from "#kernel/errors.ts";
import type { VideoId } from "#kernel/ids.ts";
import type { Clock } from "#ports/clock/index.ts";
import type { Jobs } from "#ports/jobs/index.ts";
import type { Sql } from "#ports/sql/index.ts";

import { PUBLISH_TEXTS } from "../captions/index.ts";
import type { Tell } from "../events.ts";
import { lockVideo, touch } from "../videos/store.ts";
import type { Chapter } from "./contract.ts";
import * as store from "./store.ts";
import { wrongAt } from "./times.ts";
import { chaptersFile } from "./write.ts";

/** Sets what its owner wants, none too. @throws Problem 422 `chapters.order`, `chapters.beyond` */
export async function setChapters(
  { sql, jobs, clock, tell }: { sql: Sql; jobs: Jobs; clock: Clock; tell: Tell },
  video_id: VideoId,
  items: Chapter[],
): Promise<store.ChaptersRow> {
  return sql.tx(async (tx) => {
    const video = await lockVideo(tx, video_id);
    if (!video) throw notFound("video");
    const wrong = wrongAt(items, video.duration_ms);
    if (wrong) throw refusal(wrong, items[wrong.at]!);
    const row = {
      video_id,
      origin: "owner" as const,
      items,
      file: chaptersFile(items),
      changed_at: new Date(clock.now()),
    };
    await store.putChapters(tx, row);
    await touch(tx, video_id);
    await jobs.enqueue(tx, PUBLISH_TEXTS, { video_id });
    await tell(tx, { type: "media.video_changed", version: 1, data: { video_id, owner_id: video.owner_id } });
    return { ...row, published_file: null };
  });
}

function refusal({ at, why }: { at: number; why: "order" | "beyond" }, { title }: Chapter): Problem {
  const detail =
    why === "beyond"
      ? `"${title}" begins after the film has ended.`
      : at === 0
        ? "The first chapter begins at 0."
        : `"${title}" does not begin after the chapter before it.`;
  return new Problem(422, `chapters.${why}`, detail, { errors: [{ pointer: `/items/${at}/at_ms`, detail }] });
}
