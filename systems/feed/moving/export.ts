import { Readable } from "node:stream";

import { ZipFile } from "yazl";

import type { PersonCard } from "#kernel/cards.ts";
import { Permanent } from "#kernel/errors.ts";
import type { PostId } from "#kernel/ids.ts";
import type { JsonObject } from "#kernel/json.ts";
import { rfc3339 } from "#kernel/time.ts";
import type { Blobs } from "#ports/blobs/index.ts";
import type { JobKind, JobRun } from "#ports/jobs/index.ts";
import type { Query } from "#ports/sql/index.ts";

import { activityOf, CONTEXT, pathOf } from "./activity.ts";
import * as b from "./bounds.ts";
import { csvOf } from "./csv.ts";
import type { MovingGround } from "./index.ts";
import { actorOf, keepsakesOf, readme } from "./keepsakes.ts";
import * as store from "./store.ts";

export const EXPORT_JOB = "feed.export";
export const MOVING_TOPIC = "feed_moving";
const FREE_BYTES_RESERVE = 512 * 1024 ** 2;

/** Where an archive lies, and its pieces while it is made. */
export const exportFolder = (id: store.ExportId): string => `exports/${id}/`;
export const archiveName = (id: store.ExportId): string => `${exportFolder(id)}archive.zip`;

/** The bytes of an archive that is ready, for who runs the house. */
export const exportedArchive = async (
  blobs: Pick<Blobs, "get">,
  id: store.ExportId,
): Promise<ReadableStream<Uint8Array>> => (await blobs.get(archiveName(id))).body;

/** What is read step by step; each step leaves a piece in the store, so that who goes on begins behind the last. */
const PHASES = ["posts", "comments", "likes", "bookmarks", "reposts"] as const;
type Phase = (typeof PHASES)[number];

/** How far it is: what the next attempt goes on with. */
interface Cursor extends JsonObject {
  phase: number;
  after: string;
  piece: number;
  rows: number;
  counts: { [phase: string]: number };
  /** What did not fit. */
  left_out: number;
}
const START: Cursor = { phase: 0, after: "0", piece: 0, rows: 0, counts: {}, left_out: 0 };

/** Makes an archive in two halves: pieces of rows, resumable; then one zip of the pieces and the files, begun anew when it is cut off. */
export function exportJob(ground: MovingGround): JobKind {
  const { sql, blobs, clock } = ground;

  return {
    name: EXPORT_JOB,
    class: "batch",
    tries_max: 6,
    lease_ms: 60_000,
    run_ms_max: b.EXPORT_RUN_MS_MAX,
    concurrency_max: 1,
    tenant_concurrency_max: 1,
    async handle(payload, run) {
      const id = payload.export_id as store.ExportId;
      const row = await store.findExport(sql.pool, id);
      if (row?.state !== "working") return;
      const person = (await ground.people.cards([row.person_id])).get(row.person_id);
      if (!person) throw new Permanent("There is no such account any more.");
      let cursor = (run.cursor as Cursor | null) ?? START;
      while (cursor.phase < PHASES.length) {
        run.signal.throwIfAborted();
        cursor = await step(ground, row, person, cursor);
        await run.checkpoint(cursor);
        // Half of the way is the rows, half is the zip.
        await store.setExportProgress(sql.pool, id, (cursor.phase / PHASES.length) * 0.5);
      }
      const made = await pack(ground, row, person, cursor, run);
      const at = clock.now();
      const done = await run.fenced(async (tx) => {
        const times = { ready_at: new Date(at), expires_at: new Date(at + b.EXPORT_KEPT_MS) };
        if (!(await store.setExportReady(tx, id, { ...made, ...times }))) return false;
        for (const older of await store.olderExports(tx, row.person_id, id))
          await store.endExport(tx, older, "gone", null);
        await ground.log.append(tx, MOVING_TOPIC, `person:${row.person_id}`, {
          type: "feed.export_ready",
          version: 1,
          data: { export_id: id, person_id: row.person_id },
        });
        return true;
      });
      // Stopped by its owner meanwhile: nothing is kept.
      if (!done) await blobs.deletePrefix(exportFolder(id));
      else await blobs.deletePrefix(`${exportFolder(id)}pieces/`);
    },
    async onDead(tx: Query, payload, reason) {
      const id = payload.export_id as store.ExportId;
      await store.endExport(tx, id, "failed", reason);
    },
  };
}

const pieceName = (id: store.ExportId, what: string, n: number) =>
  `${exportFolder(id)}pieces/${what}-${String(n).padStart(6, "0")}`;

async function step(ground: MovingGround, row: store.ExportRow, person: PersonCard, cursor: Cursor): Promise<Cursor> {
  const phase = PHASES[cursor.phase]!;
  const { lines, files, after, is_last } = await read(ground, row, person, phase, cursor.after);
  const rows = cursor.rows + lines.length;
  const full = rows >= b.EXPORT_ROWS_MAX;
  if (lines.length > 0) await put(ground, pieceName(row.id, phase, cursor.piece), lines);
  if (files.length > 0) await put(ground, pieceName(row.id, "files", cursor.piece), files);
  const counts = { ...cursor.counts, [phase]: (cursor.counts[phase] ?? 0) + lines.length };
  if (!is_last && !full) return { ...cursor, after, rows, counts, piece: cursor.piece + 1 };
  // One list that is full leaves the rest of it out, and says so.
  return {
    phase: cursor.phase + 1,
    after: "0",
    rows: 0,
    counts,
    piece: cursor.piece + 1,
    left_out: cursor.left_out + (full && !is_last ? 1 : 0),
  };
}

async function read(ground: MovingGround, row: store.ExportRow, person: PersonCard, phase: Phase, after: string) {
  const { pool } = ground.sql;
  const max = b.EXPORT_ROWS_PER_STEP_MAX;
  const url = (post_id: string) => `${row.origin}/posts/${post_id}`;
  if (phase === "posts") {
    const posts = await store.ownPosts(pool, row.person_id, after, max);
    const known = await ground.files.filesOf({
      video_ids: posts.flatMap((post) => post.video_id ?? []),
      image_ids: posts.flatMap((post) => post.image_ids),
    });
    const byId = new Map(known.map((file) => [file.id as string, file]));
    const filesOf = (post: store.OwnPostRow) =>
      [post.video_id, ...post.image_ids].flatMap((id) => (id === null ? [] : (byId.get(id) ?? [])));
    return {
      lines: posts.map((post) => activityOf(post, filesOf(post), { origin: row.origin, handle: person.handle })),
      files: known.map((file) => ({ blob: file.blob, path: pathOf(file), size_bytes: file.size_bytes })),
      after: posts.at(-1)?.id ?? after,
      is_last: posts.length < max,
    };
  }
  if (phase === "comments") {
    const comments = await store.ownComments(pool, row.person_id, after, max);
    return {
      lines: comments.map(({ id, post_id, parent_id, text, content_warning, sensitive, created_at, edited_at }) => ({
        id: `${row.origin}/comments/${id}`,
        post: url(post_id),
        answers: parent_id === null ? null : `${row.origin}/comments/${parent_id}`,
        ...(content_warning === null ? {} : { summary: content_warning }),
        ...(sensitive ? { sensitive } : {}),
        text,
        published: rfc3339(created_at),
        updated: edited_at === null ? null : rfc3339(edited_at),
      })),
      files: [],
      after: comments.at(-1)?.id ?? after,
      is_last: comments.length < max,
    };
  }
  const acts = await store.ownActs(pool, phase, row.person_id, after, max);
  return {
    lines: acts.map(({ post_id, at }) => ({ post: url(post_id), at: rfc3339(at) })),
    files: [],
    after: acts.at(-1)?.post_id ?? after,
    is_last: acts.length < max,
  };
}

async function put({ blobs }: MovingGround, name: string, lines: readonly object[]): Promise<void> {
  const text = lines.map((line) => `${JSON.stringify(line)}\n`).join("");
  await blobs.put(name, new TextEncoder().encode(text), {
    media_type: "application/x-ndjson",
    cache_control: "no-cache",
  });
}

async function* linesIn(ground: MovingGround, id: store.ExportId, what: string): AsyncGenerator<string> {
  let after: string | undefined;
  const folder = `${exportFolder(id)}pieces/`;
  for (;;) {
    const { names, next_after } = await ground.blobs.list(folder, after === undefined ? {} : { after });
    for (const name of names) {
      if (!name.startsWith(`${folder}${what}-`)) continue;
      const { body } = await ground.blobs.get(name);
      for (const line of (await new Response(body).text()).split("\n")) if (line !== "") yield line;
    }
    if (next_after === null) return;
    after = next_after;
  }
}

interface PackedFile {
  blob: string;
  path: string;
  size_bytes: number;
}

/** What of the files fits, each once. */
async function choose(
  ground: MovingGround,
  id: store.ExportId,
): Promise<{ files: PackedFile[]; left_out: PackedFile[] }> {
  const files = new Map<string, PackedFile>();
  const left_out: PackedFile[] = [];
  let bytes = 0;
  for await (const line of linesIn(ground, id, "files")) {
    const file = JSON.parse(line) as PackedFile;
    if (files.has(file.path)) continue;
    const head = await ground.blobs.head(file.blob);
    const fits =
      head !== null && files.size < b.EXPORT_FILES_MAX && bytes + head.size_bytes <= b.EXPORT_FILES_BYTES_MAX;
    if (!fits) {
      left_out.push(file);
      continue;
    }
    bytes += head.size_bytes;
    files.set(file.path, { ...file, size_bytes: head.size_bytes });
  }
  const free_bytes = await ground.blobs.freeBytes();
  if (free_bytes !== null && free_bytes < bytes + FREE_BYTES_RESERVE)
    throw new Permanent("There is no room for your archive in this house now. Tell whoever runs it.");
  return { files: [...files.values()], left_out };
}

async function pack(ground: MovingGround, row: store.ExportRow, person: PersonCard, cursor: Cursor, run: JobRun) {
  const { id, origin } = row;
  const { files, left_out } = await choose(ground, id);
  const mtime = row.created_at;
  const small = await keepsakesOf(ground, row);
  const zip = new ZipFile();
  const broken = Promise.withResolvers<never>();
  broken.promise.catch(() => {});
  zip.on("error", (error: Error) => broken.reject(error));
  run.signal.addEventListener("abort", () => broken.reject(run.signal.reason as Error), { once: true });
  const text = (name: string, content: string) => zip.addBuffer(Buffer.from(content), name, { mtime });
  /** Opened when its turn comes: thousands of files are not open at once. */
  const lazily = (name: string, open: () => AsyncGenerator<Uint8Array | string>, compress: boolean) =>
    zip.addReadStreamLazy(name, { mtime, compress }, (done) =>
      done(null, Readable.from(open(), { objectMode: false })),
    );
  const collection = (name: string, what: string, items: (line: string) => string) =>
    lazily(`${name}.json`, () => collected(ground, row, `${name}.json`, what, cursor.counts[what] ?? 0, items), true);

  text("README.txt", readme(person, row));
  text("actor.json", JSON.stringify(actorOf(person, origin), null, 1));
  collection("outbox", "posts", (line) => line);
  collection("comments", "comments", (line) => line);
  for (const what of ["likes", "bookmarks", "reposts"])
    collection(what, what, (line) => JSON.stringify((JSON.parse(line) as { post: string }).post));
  lazily(
    "bookmarks.csv",
    () => mapped(linesIn(ground, id, "bookmarks"), (line) => csvOf([[(JSON.parse(line) as { post: string }).post]])),
    true,
  );
  for (const [name, content] of small) text(name, content);
  if (left_out.length > 0)
    text("left_out.csv", csvOf([["File", "Bytes"], ...left_out.map((file) => [file.path, file.size_bytes])]));
  for (const { path, blob } of files) {
    lazily(
      path,
      () => bytesOf(ground, blob, run.signal),
      // Pictures and films are as small as they get.
      false,
    );
  }
  zip.end();
  const stream = Readable.toWeb(zip.outputStream as unknown as Readable) as unknown as ReadableStream<Uint8Array>;
  const head = await Promise.race([
    ground.blobs.put(archiveName(id), stream, { media_type: "application/zip", cache_control: "no-cache" }),
    broken.promise,
  ]);
  return {
    posts: cursor.counts.posts ?? 0,
    files: files.length,
    left_out: left_out.length + cursor.left_out,
    size_bytes: head.size_bytes,
  };
}

async function* collected(
  ground: MovingGround,
  row: store.ExportRow,
  name: string,
  what: string,
  total: number,
  item: (line: string) => string,
): AsyncGenerator<string> {
  const head = JSON.stringify({ "@context": CONTEXT, id: name, type: "OrderedCollection", totalItems: total });
  yield `${head.slice(0, -1)},"orderedItems":[`;
  let first = true;
  for await (const line of linesIn(ground, row.id, what)) {
    yield `${first ? "" : ","}\n${item(line)}`;
    first = false;
  }
  yield "\n]}\n";
}

async function* bytesOf(ground: MovingGround, blob: string, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  signal.throwIfAborted();
  const { body } = await ground.blobs.get(blob);
  yield* body as unknown as AsyncIterable<Uint8Array>;
}

async function* mapped(lines: AsyncGenerator<string>, map: (line: string) => string): AsyncGenerator<string> {
  for await (const line of lines) yield map(line);
}

/** The id of a post by its address in this house; null for any other address. */
export function ownPostId(source: string, hosts: ReadonlySet<string>): PostId | null {
  if (!URL.canParse(source)) return null;
  const url = new URL(source);
  const [, id] = /^\/posts\/([1-9]\d{0,18})$/.exec(url.pathname) ?? [];
  return id !== undefined && hosts.has(url.host) ? id : null;
}
