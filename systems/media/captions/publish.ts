import type { VideoId } from "#kernel/ids.ts";
import { MINUTE_MS } from "#kernel/time.ts";
import type { JobKind } from "#ports/jobs/index.ts";
import type { Query } from "#ports/sql/index.ts";

import { chaptersOf, setPublished as setChaptersPublished } from "../chapters/store.ts";
import { writeChapters } from "../chapters/write.ts";
import { storyboardFiles, storyboardsOf } from "../storyboard/store.ts";
import { posterFile } from "../videos/present.ts";
import { publishVideo } from "../videos/publish.ts";
import { findVideo, lockVideo, type VideoRow } from "../videos/store.ts";
import type { WorkNeeds } from "../work.ts";
import { FORGET_FILES, forgetLater, PUBLISH_TEXTS } from "./index.ts";
import { filesOf, listOf } from "./names.ts";
import { captionsOf, findCaptions, setPublished } from "./store.ts";
import { asSegment, subtitlePlaylist } from "./write.ts";

type Needs = Pick<WorkNeeds, "sql" | "jobs" | "blobs" | "tell">;

const KIND = {
  class: "interactive",
  tries_max: 8,
  lease_ms: 20_000,
  run_ms_max: 5 * MINUTE_MS,
  concurrency_max: 2,
} as const;
const WEBVTT = { media_type: "text/vtt; charset=utf-8" } as const;
const LIST = { media_type: "application/vnd.apple.mpegurl", cache_control: "no-cache" } as const;

/**
 * Writes the texts that rows name and the store has not, then says so. Blobs first: what a row calls published is there.
 * `lists`: they may have been written without. Run twice, or by two at once, it writes the same names with the same bytes.
 */
export function publishTextsJob(needs: Needs): JobKind {
  const { sql, jobs } = needs;
  return {
    ...KIND,
    name: PUBLISH_TEXTS,
    async handle(payload, run) {
      const id = String(payload.video_id) as VideoId;
      const lists = payload.lists === true;
      for (;;) {
        run.signal.throwIfAborted();
        const video = await findVideo(sql.pool, id);
        // Without a length there is nothing to play yet; the probe's end brings it here again.
        if (!video?.playable_at || video.duration_ms === null) return;
        const written = await write(video, lists, needs);
        const settled = await run.fenced(async (tx) => {
          const now = await lockVideo(tx, id);
          // It moved meanwhile: the copy may not have had these.
          if (now && now.place !== video.place) return false;
          if (!now) return true;
          for (const text of written) {
            await text.mark(tx);
            if (text.before !== null && text.before !== text.file)
              await forgetLater(tx, jobs, id, filesOf(text.before));
          }
          const texts = (await captionsOf(tx, [id])).get(id) ?? [];
          if (written.length === 0 && (!lists || texts.length === 0)) return true;
          await publishVideo(tx, jobs, id);
          await needs.tell(tx, {
            type: "media.video_changed",
            version: 1,
            data: { video_id: id, owner_id: now.owner_id },
          });
          return true;
        });
        if (settled) return;
      }
    },
  };
}

interface Written {
  file: string;
  before: string | null;
  mark(tx: Query): Promise<void>;
}

/** Puts what is not there. What is called published is looked for too: a move may have left it behind. */
async function write(video: VideoRow, lists: boolean, { sql, blobs }: Needs): Promise<Written[]> {
  const { id, place } = video;
  const written: Written[] = [];
  const put = async (name: string, text: string, options: typeof WEBVTT | typeof LIST) => {
    await blobs.put(place + name, new TextEncoder().encode(text), options);
  };
  for (const row of (await captionsOf(sql.pool, [id])).get(id) ?? []) {
    const found = await findCaptions(sql.pool, id, row.language);
    if (!found) continue;
    const is_there = found.published_file === found.file && (await blobs.head(place + found.file)) !== null;
    // Its list says how long the film is, and a film can become another.
    if (is_there && !lists) continue;
    await put(listOf(found.file), subtitlePlaylist(found.file.split("/").at(-1)!, video.duration_ms ?? 0), LIST);
    if (is_there) continue;
    await put(found.file, asSegment(found.content), WEBVTT);
    const { file, published_file: before, language } = found;
    written.push({ file, before, mark: (tx) => setPublished(tx, id, language, file) });
  }
  const chapters = (await chaptersOf(sql.pool, [id])).get(id);
  if (chapters && chapters.items.length > 0) {
    const { file, published_file: before } = chapters;
    if (before !== file || !(await blobs.head(place + file))) {
      await put(file, writeChapters(chapters.items), WEBVTT);
      written.push({ file, before, mark: (tx) => setChaptersPublished(tx, id, file) });
    }
  }
  return written;
}

/** What was replaced goes when nobody can still hold an address of it; what came back meanwhile stays. */
export function forgetFilesJob({ sql, blobs }: Pick<WorkNeeds, "sql" | "blobs">): JobKind {
  return {
    ...KIND,
    class: "maintenance",
    name: FORGET_FILES,
    async handle(payload) {
      const id = String(payload.video_id) as VideoId;
      const video = await findVideo(sql.pool, id);
      if (!video || !Array.isArray(payload.files)) return;
      const named = await namedFiles(video, sql.pool);
      const gone = payload.files.map(String).filter((file) => !named.has(file));
      await blobs.delete(gone.map((file) => video.place + file));
    },
  };
}

async function namedFiles(video: VideoRow, q: Query): Promise<Set<string>> {
  const captions = (await captionsOf(q, [video.id])).get(video.id) ?? [];
  const chapters = (await chaptersOf(q, [video.id])).get(video.id);
  const storyboard = (await storyboardsOf(q, [video.id])).get(video.id);
  const texts = [...captions, ...(chapters ? [chapters] : [])].flatMap(({ file, published_file }) => [
    ...filesOf(file),
    ...(published_file === null ? [] : filesOf(published_file)),
  ]);
  return new Set([...texts, posterFile(video), ...(storyboard ? storyboardFiles(storyboard) : [])]);
}
