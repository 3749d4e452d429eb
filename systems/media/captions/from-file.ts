import { mkdir } from "node:fs/promises";
import { join } from "node:path";

import type { VideoId } from "#kernel/ids.ts";
import { MINUTE_MS } from "#kernel/time.ts";
import type { JobKind } from "#ports/jobs/index.ts";
import type { Query } from "#ports/sql/index.ts";

import type { Chapter } from "../chapters/contract.ts";
import { chaptersOf, putChapters } from "../chapters/store.ts";
import { chaptersFromFile } from "../chapters/times.ts";
import { chaptersFile } from "../chapters/write.ts";
import { extractTexts, findTexts, type TextTrack } from "../encode/texts.ts";
import { MediaRefusal } from "../encode/tools.ts";
import { openScratch } from "../scratch.ts";
import { uploadBlob } from "../uploads/index.ts";
import { findVideo, lockVideo, touch } from "../videos/store.ts";
import type { WorkNeeds } from "../work.ts";
import { CAPTIONS_BYTES_MAX, CAPTIONS_MAX, LABEL_CHARS_MAX } from "./bounds.ts";
import type { CaptionsKind } from "./contract.ts";
import { PUBLISH_TEXTS } from "./index.ts";
import { labelOf, trackLanguage } from "./languages.ts";
import { fileOf } from "./names.ts";
import { parseCaptions } from "./parse.ts";
import { captionsOf, markRead, putCaptions, readUpload } from "./store.ts";
import { writeWebvtt } from "./write.ts";

export const READ_TEXTS = "media.read_texts";

/** One language out of a file. */
interface FoundText {
  language: string;
  kind: CaptionsKind;
  label: string;
  content: string;
  cue_count: number;
}

/**
 * Captions and chapters that came in the file, once for each source. What its owner has written stays; what they threw out
 * does not come back. Without them the video plays all the same, so a failure fails nothing else.
 */
export function readTextsJob(needs: WorkNeeds): JobKind {
  const { sql, blobs, sandbox, clock, tools } = needs;
  return {
    name: READ_TEXTS,
    class: "batch",
    tries_max: 4,
    lease_ms: 20_000,
    run_ms_max: 20 * MINUTE_MS,
    concurrency_max: 1,
    backoff: { base_ms: 2_000, delay_ms_max: 5 * MINUTE_MS },
    async handle(payload, run) {
      // Whoever waits for the first frame has the machine to himself for that long.
      await needs.making.quiet.wait(run.signal);
      const id = String(payload.video_id) as VideoId;
      const video = await findVideo(sql.pool, id);
      const upload_id = video?.upload_id ?? null;
      if (!video?.source || video.early || video.status === "failed" || upload_id === null) return;
      if ((await readUpload(sql.pool, id)) === upload_id) return;
      if (!tools) throw new Error("there is no ffmpeg on this node");
      await using scratch = await openScratch(needs.scratch_folder, run);
      const folder = join(scratch.path, "texts");
      await mkdir(folder);
      const texts: FoundText[] = [];
      const chapters: Chapter[] = [];
      try {
        await using file = await blobs.localFile(uploadBlob(upload_id));
        const on = { sandbox, clock, tools };
        const found = await findTexts(on, file.path, { signal: run.signal });
        chapters.push(...chaptersFromFile(found.chapters, video.source.duration_ms));
        const tracks = oneByLanguage(found.tracks);
        if (tracks.length > 0) {
          const raw = await extractTexts(on, file.path, tracks, folder, { signal: run.signal });
          for (const track of tracks) texts.push(...textOf(track, raw.get(track.stream)));
        }
      } catch (error) {
        if (!(error instanceof MediaRefusal) || !error.lasting) throw error;
      }
      await run.fenced(async (tx) => {
        const now = await lockVideo(tx, id);
        if (!now || now.status === "failed" || now.upload_id !== upload_id) return;
        const changed_at = new Date(clock.now());
        await markRead(tx, id, upload_id, changed_at);
        const kept = [await keepTexts(tx, id, texts, changed_at), await keepChapters(tx, id, chapters, changed_at)];
        if (!kept.includes(true)) return;
        await touch(tx, id);
        await needs.jobs.enqueue(tx, PUBLISH_TEXTS, { video_id: id });
        await needs.tell(tx, {
          type: "media.video_changed",
          version: 1,
          data: { video_id: id, owner_id: now.owner_id },
        });
      });
    },
  };
}

/** All that is said before what is only foreign; for those who do not hear before what is only spoken. */
function oneByLanguage(tracks: readonly TextTrack[]): TextTrack[] {
  const best = new Map<string, TextTrack>();
  const worth = (track: TextTrack) => (track.is_forced ? 0 : 2) + (track.is_for_deaf ? 1 : 0);
  for (const track of tracks) {
    const language = trackLanguage(track.language);
    const before = best.get(language);
    if (!before || worth(track) > worth(before)) best.set(language, track);
  }
  return [...best.values()];
}

function textOf(track: TextTrack, raw: string | undefined): FoundText[] {
  const cues = raw === undefined ? [] : parseCaptions(raw, "skip");
  const content = writeWebvtt(cues);
  if (cues.length === 0 || Buffer.byteLength(content) > CAPTIONS_BYTES_MAX) return [];
  const language = trackLanguage(track.language);
  // What ffmpeg and Apple call a track that nobody named.
  const named = /^(?:SubtitleHandler|Core Media .*)?$/.test(track.title) ? "" : track.title;
  const label = named
    .toWellFormed()
    .replaceAll(/[\p{Cc}\p{Cf}]+/gu, " ")
    .trim()
    .slice(0, LABEL_CHARS_MAX)
    .trim();
  return [
    {
      language,
      kind: track.is_for_deaf ? "captions" : "subtitles",
      label: label || labelOf(language),
      content,
      cue_count: cues.length,
    },
  ];
}

async function keepTexts(tx: Query, video_id: VideoId, texts: FoundText[], changed_at: Date): Promise<boolean> {
  const there = (await captionsOf(tx, [video_id])).get(video_id) ?? [];
  const theirs = new Set(there.filter((row) => row.origin === "owner").map((row) => row.language));
  const room = CAPTIONS_MAX - there.length;
  const kept = texts.filter(({ language }) => !theirs.has(language)).slice(0, Math.max(0, room));
  for (const text of kept) {
    const file = fileOf(text.language, text.content);
    // Nothing of a file is shown without being asked for: its maker's wish is not the viewer's.
    await putCaptions(tx, { ...text, video_id, is_default: false, origin: "file", file, changed_at });
  }
  return kept.length > 0;
}

async function keepChapters(tx: Query, video_id: VideoId, items: Chapter[], changed_at: Date): Promise<boolean> {
  const there = (await chaptersOf(tx, [video_id])).get(video_id);
  if (items.length === 0 || there?.origin === "owner") return false;
  await putChapters(tx, { video_id, origin: "file", items, file: chaptersFile(items), changed_at });
  return true;
}
