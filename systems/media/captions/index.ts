import { notFound, Problem } from "#kernel/errors.ts";
import type { VideoId } from "#kernel/ids.ts";
import type { Clock } from "#ports/clock/index.ts";
import type { Jobs } from "#ports/jobs/index.ts";
import type { Query, Sql } from "#ports/sql/index.ts";

import { MOVED_KEPT_MS } from "../bounds.ts";
import type { Tell } from "../events.ts";
import { publishVideo } from "../videos/publish.ts";
import { lockVideo, touch } from "../videos/store.ts";
import { CAPTIONS_BYTES_MAX, CAPTIONS_MAX } from "./bounds.ts";
import type { CaptionsKind } from "./contract.ts";
import { labelOf } from "./languages.ts";
import { etagOf, fileOf, filesOf } from "./names.ts";
import { BrokenCaptions, checkCues, type Cue, parseCaptions } from "./parse.ts";
import * as store from "./store.ts";
import { writeWebvtt } from "./write.ts";

/** Puts the texts of a video where players find them. */
export const PUBLISH_TEXTS = "media.publish_texts";
/** Takes away, after a while, files of a video that nothing names any more. */
export const FORGET_FILES = "media.forget_files";

export interface CaptionsChange {
  text?: string | undefined;
  cues?: Cue[] | undefined;
  label?: string | undefined;
  kind?: CaptionsKind | undefined;
  is_default?: boolean | undefined;
}

export interface Captions {
  /** @throws Problem 422 `captions.…`, 412 `captions.changed` */
  put(
    video_id: VideoId,
    language: string,
    change: CaptionsChange,
    if_match: string | null,
  ): Promise<{ row: store.CaptionsRow; is_new: boolean }>;
  remove(video_id: VideoId, language: string): Promise<void>;
}

export interface CaptionsNeeds {
  sql: Sql;
  jobs: Jobs;
  clock: Clock;
  tell: Tell;
}

export function createCaptions({ sql, jobs, clock, tell }: CaptionsNeeds): Captions {
  return {
    async put(video_id, language, change, if_match) {
      const cues = wantedCues(change);
      const text = cues && wantedText(cues);
      return sql.tx(async (tx) => {
        const video = await lockVideo(tx, video_id);
        if (!video) throw notFound("video");
        const all = (await store.captionsOf(tx, [video_id])).get(video_id) ?? [];
        const before = await store.findCaptions(tx, video_id, language);
        if (
          if_match !== null &&
          if_match !== "*" &&
          if_match.replaceAll('"', "") !== (before && etagOf(before.content))
        ) {
          throw new Problem(412, "captions.changed", "Somebody changed these captions meanwhile. Look at them again.");
        }
        const content = text ?? before?.content;
        if (content === undefined) {
          throw new Problem(
            422,
            "captions.empty",
            "There are no captions in this language yet: send `text` or `cues`.",
          );
        }
        if (!before && all.length >= CAPTIONS_MAX) {
          throw new Problem(422, "captions.too_many", `A video has captions in at most ${CAPTIONS_MAX} languages.`);
        }
        const row = {
          video_id,
          language,
          kind: change.kind ?? before?.kind ?? "captions",
          label: change.label ?? before?.label ?? labelOf(language),
          is_default: change.is_default ?? before?.is_default ?? false,
          // Who writes them has them: the file's are not put over them.
          origin: "owner" as const,
          content,
          cue_count: cues?.length ?? before?.cue_count ?? 0,
          file: fileOf(language, content),
          changed_at: new Date(clock.now()),
        };
        await store.putCaptions(tx, row);
        // The words are there: it is what is said of them that changed.
        if (before?.published_file === row.file) await publishVideo(tx, jobs, video_id);
        else await touch(tx, video_id);
        await jobs.enqueue(tx, PUBLISH_TEXTS, { video_id });
        await tell(tx, { type: "media.video_changed", version: 1, data: { video_id, owner_id: video.owner_id } });
        return { row: { ...row, published_file: before?.published_file ?? null }, is_new: !before };
      });
    },

    remove: (video_id, language) =>
      sql.tx(async (tx) => {
        const video = await lockVideo(tx, video_id);
        if (!video) throw notFound("video");
        const gone = await store.deleteCaptions(tx, video_id, language);
        if (!gone) throw notFound("captions");
        await publishVideo(tx, jobs, video_id);
        if (gone.published_file !== null) await forgetLater(tx, jobs, video_id, filesOf(gone.published_file));
        await tell(tx, { type: "media.video_changed", version: 1, data: { video_id, owner_id: video.owner_id } });
      }),
  };
}

/** @throws Problem 422 `captions.broken`, with the line or the cue that is */
function wantedCues({ text, cues }: CaptionsChange): Cue[] | null {
  if (text === undefined && cues === undefined) return null;
  try {
    return text === undefined ? checkCues(cues ?? []) : parseCaptions(text);
  } catch (error) {
    if (!(error instanceof BrokenCaptions)) throw error;
    const where = text === undefined ? `Cue ${error.line}` : `Line ${error.line}`;
    throw new Problem(422, "captions.broken", `${where}: ${error.detail}.`, {
      errors: [
        { pointer: text === undefined ? `/cues/${error.line - 1}` : "/text", detail: `${where}: ${error.detail}` },
      ],
    });
  }
}

/** @throws Problem 413 `captions.too_large` */
function wantedText(cues: Cue[]): string {
  const text = writeWebvtt(cues);
  if (Buffer.byteLength(text) <= CAPTIONS_BYTES_MAX) return text;
  throw new Problem(413, "captions.too_large", "Captions have at most 1 MiB of text.");
}

/** Pages that are open may still ask for what they were told of. */
export async function forgetLater(tx: Query, jobs: Jobs, video_id: VideoId, files: string[]): Promise<void> {
  await jobs.enqueue(tx, FORGET_FILES, { video_id, files }, { delay_ms: MOVED_KEPT_MS });
}
