import type { VideoId } from "#kernel/ids.ts";
import type { Clock } from "#ports/clock/index.ts";
import type { Query } from "#ports/sql/index.ts";

import { fileOf } from "../captions/names.ts";
import { type Cue, parseCaptions } from "../captions/parse.ts";
import * as captions from "../captions/store.ts";
import { writeWebvtt } from "../captions/write.ts";
import type { Chapter } from "../chapters/contract.ts";
import * as chapters from "../chapters/store.ts";
import { chaptersFile } from "../chapters/write.ts";
import type { EditRow } from "./store.ts";

/**
 * What is said in a film whose file changed: kept, moved by what was cut off, or thrown away. None of it lies beside the new
 * file yet; who looks there writes it.
 */
export async function keepTexts(tx: Query, edit: EditRow, { clock }: { clock: Clock }): Promise<void> {
  const { video_id, upload_id } = edit;
  const at = new Date(clock.now());
  if (!edit.keep_texts) {
    await captions.forgetAll(tx, video_id);
    await chapters.forget(tx, video_id);
    return;
  }
  // What is in the new file is not read: its owner has chosen what is said.
  await captions.markRead(tx, video_id, upload_id, at);
  if (edit.cut_start_ms !== null && edit.cut_end_ms !== null)
    await moveTexts(tx, video_id, video_id, edit.cut_start_ms, edit.cut_end_ms, at);
  await captions.unpublish(tx, video_id);
  await chapters.unpublish(tx, video_id);
}

/** Captions and chapters of a part of a film, for that film itself or for one that was made of it. */
export async function moveTexts(
  tx: Query,
  from_id: VideoId,
  to_id: VideoId,
  start_ms: number,
  end_ms: number,
  changed_at: Date,
): Promise<void> {
  for (const row of await captions.contentsOf(tx, from_id)) {
    const cues = cutCues(parseCaptions(row.content, "skip"), start_ms, end_ms);
    if (cues.length === 0) {
      if (to_id === from_id) await captions.deleteCaptions(tx, to_id, row.language);
      continue;
    }
    const content = writeWebvtt(cues);
    const file = fileOf(row.language, content);
    await captions.putCaptions(tx, { ...row, video_id: to_id, content, cue_count: cues.length, file, changed_at });
  }
  const found = (await chapters.chaptersOf(tx, [from_id])).get(from_id);
  if (!found) return;
  const items = cutChapters(found.items, start_ms, end_ms);
  await chapters.putChapters(tx, { ...found, video_id: to_id, items, file: chaptersFile(items), changed_at });
}

/** Those that are seen within the part, from its beginning on; one that reaches over an end is cut there. */
export const cutCues = (cues: readonly Cue[], start_ms: number, end_ms: number): Cue[] =>
  cues.flatMap((cue) => {
    const from = Math.max(cue.start_ms, start_ms) - start_ms;
    const to = Math.min(cue.end_ms, end_ms) - start_ms;
    return to > from ? [{ ...cue, start_ms: from, end_ms: to }] : [];
  });

/** The chapter that the part begins in is its first; one alone is none. */
export function cutChapters(items: readonly Chapter[], start_ms: number, end_ms: number): Chapter[] {
  const first = items.findLast(({ at_ms }) => at_ms <= start_ms);
  const rest = items.filter(({ at_ms }) => at_ms > start_ms && at_ms < end_ms);
  const kept = [...(first ? [first] : []), ...rest].map((item) => ({
    ...item,
    at_ms: Math.max(0, item.at_ms - start_ms),
  }));
  return kept.length > 1 ? kept : [];
}
