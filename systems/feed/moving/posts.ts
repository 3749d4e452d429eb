import { createHash } from "node:crypto";

import { Permanent, Problem } from "#kernel/errors.ts";
import { EPOCH_MS, type ImageId, type PersonId, type PostId, type VideoId } from "#kernel/ids.ts";
import type { JobKind, JobRun } from "#ports/jobs/index.ts";

import { POST_HASHTAGS_MAX, POST_MENTIONS_MAX } from "../bounds.ts";
import { type FeedEvent, tell } from "../events.ts";
import { setHashtags } from "../posts/store.ts";
import { hasMedia, placeOf } from "../posts/write.ts";
import { insertEntry } from "../timelines/store.ts";
import { marksOf } from "../tokens.ts";
import { type Archive, openArchive } from "./archive.ts";
import { IMPORT_FILE_BYTES_MAX, IMPORT_POSTS_MAX, IMPORT_RUN_MS_MAX } from "./bounds.ts";
import { ownPostId } from "./export.ts";
import * as store from "./imports-store.ts";
import type { MovingGround } from "./index.ts";
import { itemsIn } from "./items.ts";
import { standIn, steps } from "./lists.ts";
import { type OldPost, type Read, readItem } from "./note.ts";
import { ownThreads, placeOfTweet, readTweet } from "./tweet.ts";

export const POSTS_JOB = "feed.import_posts";
const LINES_PER_STEP = 20;

export const importBlob = (id: store.ImportId): string => `imports/${id}/archive`;

/** Posts of an archive, each in a transaction of its own with its line; who goes on begins behind the last line that counts. */
export function postsJob(ground: MovingGround): JobKind {
  const { sql, blobs, clock } = ground;
  return {
    name: POSTS_JOB,
    class: "batch",
    tries_max: 6,
    lease_ms: 60_000,
    run_ms_max: IMPORT_RUN_MS_MAX,
    concurrency_max: 1,
    tenant_concurrency_max: 1,
    async handle(payload, run) {
      const id = payload.import_id as store.ImportId;
      const row = await store.findImport(sql.pool, id);
      if (row?.state !== "working" || row.kind !== "posts") return;
      await using file = await blobs.localFile(importBlob(id));
      using archive = await openArchive(file.path);
      const lines = countOf(archive);
      const from = (run.cursor?.n as number | undefined) ?? 0;
      const hosts = new Set([String(payload.host)]);
      const read = readerFor(archive, row.audience ?? "private", () => clock.now());
      let n = 0;
      for (const item of allItems(archive)) {
        n += 1;
        run.signal.throwIfAborted();
        // Lines of before are read again only for the threads that they begin.
        const found = read(item);
        if (n <= from) continue;
        await one(ground, row, n, found, archive, hosts, run);
        if (n % LINES_PER_STEP === 0 && !(await steps(run, id, n, lines))) return;
      }
      await steps(run, id, n, lines);
      await run.fenced((tx) => store.setImportState(tx, id, ["working"], "done", { at: new Date(clock.now()) }));
      await blobs.delete([importBlob(id)]);
    },
    async onDead(tx, payload, reason) {
      const at = new Date(clock.now());
      await store.setImportState(tx, payload.import_id as store.ImportId, ["working"], "failed", { at, reason });
    },
  };
}

function* allItems({ lists }: Archive): Generator<unknown> {
  for (const list of lists) yield* itemsIn(list);
}

/** How items of this archive are read; it remembers what is one's own, for threads. */
function readerFor(archive: Archive, audience: OldPost["audience"], now: () => number): (item: unknown) => Read {
  if (archive.kind === "tweets") {
    const places: NonNullable<ReturnType<typeof placeOfTweet>>[] = [];
    for (const item of allItems(archive)) {
      const place = placeOfTweet(item);
      if (place) places.push(place);
    }
    const own = ownThreads(places);
    return (item) => readTweet(item, { audience, now_ms: now(), own });
  }
  const own_sources = new Set<string>();
  return (item) => {
    const found = readItem(item, { audience, now_ms: now(), own_sources });
    if ("take" in found) own_sources.add(found.take.source);
    return found;
  };
}

/** Looks through all of it before anything is taken: a list that breaks off in the middle brings nothing. */
function countOf(archive: Archive): number {
  let lines = 0;
  try {
    for (const _ of allItems(archive)) {
      lines += 1;
      if (lines > IMPORT_POSTS_MAX)
        throw new Permanent(
          `This archive has more than ${IMPORT_POSTS_MAX} posts. Split its outbox.json, and bring it in pieces.`,
        );
    }
  } catch (error) {
    if (error instanceof SyntaxError) throw new Permanent(`The list of posts in it cannot be read: ${error.message}.`);
    throw error;
  }
  return lines;
}

async function one(
  ground: MovingGround,
  row: store.ImportRow,
  n: number,
  read: Read,
  archive: Archive,
  hosts: ReadonlySet<string>,
  run: JobRun,
): Promise<void> {
  const { person_id } = row;
  const { pool } = ground.sql;
  const put = (outcome: "there" | "left", subject: string, detail: string | null) =>
    store.putLine(pool, row.id, { n, outcome, subject, detail, result_id: null });
  if ("leave" in read) return put("left", read.subject, read.leave);
  const { take } = read;
  // This attempt or one before it was cut off behind the commit.
  if (await store.hasTaken(pool, row.id, n)) return;
  const here = ownPostId(take.source, hosts);
  if (
    (here !== null && (await store.isOwnPost(pool, person_id, here))) ||
    (await store.isImported(pool, person_id, take.source))
  )
    return put("there", take.source, null);
  await standIn(ground, person_id);
  const media = await takeFiles(ground, person_id, take, archive, run.signal);
  if (take.text === "" && media.image_ids.length === 0 && media.video_id === null)
    return put("left", take.source, media.lost ?? "There is nothing in it.");
  await write(ground, row, n, take, media, run);
}

interface TakenFiles {
  image_ids: ImageId[];
  video_id: VideoId | null;
  lost: string | null;
}

/** Files that the archive has, sent through the same checks as any upload. What is refused is told, and the post comes without it. */
async function takeFiles(
  ground: MovingGround,
  owner_id: PersonId,
  { files }: OldPost,
  archive: Archive,
  signal: AbortSignal,
): Promise<TakenFiles> {
  const taken: TakenFiles = { image_ids: [], video_id: null, lost: null };
  for (const { name, media_type, alt } of files) {
    const file = archive.file(name);
    if (!file) {
      taken.lost = "A file of it is not in the archive.";
      continue;
    }
    if (file.size_bytes > IMPORT_FILE_BYTES_MAX) {
      taken.lost = "A file of it is too large.";
      continue;
    }
    try {
      const filename = name.split("/").at(-1)!.slice(-100);
      const body = await file.read();
      const made = await ground.files.takeIn(
        owner_id,
        { filename, media_type, size_bytes: file.size_bytes, alt, body },
        signal,
      );
      if (made.kind === "image") taken.image_ids.push(made.id);
      else taken.video_id = made.id;
    } catch (error) {
      if (error instanceof Permanent) throw error;
      if (!(error instanceof Problem) || error.status >= 500) throw error;
      taken.lost = `A file of it was not taken: ${error.detail}`;
    }
  }
  return taken;
}

/** The first minutes of 2025: ids of that time were given to nobody, so they stand for all that was before. */
const BEFORE_THE_HOUSE_MS = 9 * 60_000;

/**
 * Where an old post stands: at its own date, so that it is news to nobody. Ids of the house begin with 2025; what is older comes
 * before them all, still in its order. The rest of the id is made of its name, so that a second attempt makes the same.
 */
export function oldId(created_at_ms: number, person_id: PersonId, source: string, attempt: number): PostId {
  const digest = createHash("sha256").update(`${person_id}\n${source}\n${attempt}`).digest();
  const noise = BigInt(digest.readUInt32BE(0));
  if (created_at_ms > EPOCH_MS + BEFORE_THE_HOUSE_MS)
    return ((BigInt(created_at_ms - EPOCH_MS) << 22n) | (noise & 0x3f_ffffn)).toString();
  // Seconds since 1970 × 1,024: below 2^41, which is within those minutes.
  const seconds = BigInt(Math.max(1, Math.floor(created_at_ms / 1_000)));
  return ((seconds << 10n) | (noise & 0x3ffn)).toString();
}

const ID_TRIES_MAX = 50;

async function write(
  ground: MovingGround,
  row: store.ImportRow,
  n: number,
  take: OldPost,
  media: TakenFiles,
  run: JobRun,
): Promise<void> {
  const { person_id } = row;
  // Names of elsewhere are nobody here: what they mention stays words, and nobody is told.
  const { hashtags } = marksOf(take.text, { hashtags: POST_HASHTAGS_MAX, mentions: POST_MENTIONS_MAX });
  const event = await run.fenced(async (tx): Promise<FeedEvent | null> => {
    // Held until the commit: an undo begins before this post or behind it.
    if ((await store.lockImport(tx, row.id))?.state !== "working") return null;
    let id: PostId | null = null;
    for (let attempt = 0; id === null && attempt < ID_TRIES_MAX; attempt++) {
      const next = oldId(take.created_at_ms, person_id, take.source, attempt);
      if (!(await store.isTakenId(tx, next))) id = next;
    }
    if (id === null) throw new Error(`no id is free near ${take.created_at_ms}`);
    const post = {
      id,
      author_id: person_id,
      text: take.text,
      audience: take.audience,
      space_id: null,
      video_id: media.video_id,
      image_ids: media.image_ids,
      hashtags,
      content_warning: take.content_warning,
      sensitive: take.sensitive,
      created_at: new Date(take.created_at_ms),
    };
    await store.insertOldPost(tx, post);
    const at = new Date(ground.clock.now());
    await store.insertImported(tx, { post_id: id, import_id: row.id, person_id, source: take.source, imported_at: at });
    if (hasMedia(post)) await ground.media.claimForPost(tx, person_id, { ...placeOf(post), ...post, post_id: id });
    await setHashtags(tx, id, hashtags);
    await insertEntry(tx, { id, post_id: id, actor_id: person_id });
    const detail = [take.lost, media.lost].filter((one) => one !== null).join(" ");
    await store.putLine(tx, row.id, {
      n,
      outcome: "taken",
      subject: take.source,
      detail: detail === "" ? null : detail,
      result_id: id,
    });
    // Not `post_created`: that is news, and this is none. It is there, as a post that was brought back is.
    const told: FeedEvent = { type: "feed.post_restored", version: 1, data: { ...placeOf(post), mention_ids: [] } };
    await tell(ground.log, tx, told);
    return told;
  });
  if (event) ground.happened(event);
}
