import { notFound, Problem } from "#kernel/errors.ts";
import type { Ids, PersonId, SpaceId, UploadId } from "#kernel/ids.ts";
import { decodeCursor, encodeCursor, type Page } from "#kernel/paging.ts";
import { rfc3339 } from "#kernel/time.ts";
import type { Blobs, PartInfo } from "#ports/blobs/index.ts";
import { onOwnTime } from "#ports/calls/index.ts";
import type { Clock } from "#ports/clock/index.ts";
import type { Jobs } from "#ports/jobs/index.ts";
import type { Query, Sql } from "#ports/sql/index.ts";

import { PART_URL_MS, SHA256_BYTES_MAX } from "../bounds.ts";
import type { MediaKind, Upload } from "../contract.ts";
import type { Tell } from "../events.ts";
import { type MediaLimits, roomOf } from "../limits.ts";
import type { SpaceFacts } from "../rules.ts";
import { type Acceptance, checkQuota, checkSize, checkSpace, kindOf, sizeText } from "./admission.ts";
import { checkAllThere, checkNumbers, cutOf, partBytes, plainEtag } from "./parts.ts";
import { checkSpaceRoom } from "./space-room.ts";
import * as store from "./store.ts";

export interface Uploads {
  open(owner_id: PersonId, file: UploadedFile, how?: How): Promise<store.UploadRow>;
  /**
   * All bytes are in the store: makes them the upload's. Harmless when it is done again.
   * @throws Problem 422 `upload.size_mismatch`, 410 `upload.gone`, 404
   */
  seal(upload: store.UploadRow, parts: { part_number: number; etag: string }[], sha256?: string): Promise<void>;
  get(owner_id: PersonId, id: UploadId): Promise<Upload>;
  list(owner_id: PersonId, page: { limit: number; cursor?: string | undefined }): Promise<Page<Omit<Upload, "parts">>>;
  sign(
    owner_id: PersonId,
    id: UploadId,
    numbers: number[],
  ): Promise<{ parts: { part_number: number; url: string; size_bytes: number }[]; expires_at: string }>;
  /** @param sha256 of the whole, in hex: checked before the upload counts as complete */
  complete(
    owner_id: PersonId,
    id: UploadId,
    parts: { part_number: number; etag: string }[],
    sha256?: string,
  ): Promise<void>;
  abort(owner_id: PersonId, id: UploadId): Promise<void>;
  /**
   * Takes a completed upload for a video, a picture or a sound, in the transaction that makes it; with `early` also one that is
   * still open, for a video.
   * @throws Problem 404 `upload.not_found`, 409 `upload.not_complete` or `upload.in_use`, 422 `upload.wrong_kind`
   */
  take(
    tx: Query,
    owner_id: PersonId,
    id: UploadId,
    kind: MediaKind,
    how?: { early: boolean },
  ): Promise<store.UploadRow>;
  /** Begins to free an upload, whatever uses it; its bytes go by a job. */
  release(tx: Query, id: UploadId): Promise<void>;
  /** The same for what a person began and never used, some at a time. @returns how many */
  releaseUnused(tx: Query, owner_id: PersonId, limit: number): Promise<number>;
}

export interface UploadedFile {
  filename: string;
  /** Null while nobody knows. */
  size_bytes: number | null;
  media_type: string;
}

/** What differs between the doors that files come through. */
export interface How {
  door: store.DoorKind;
  state?: "open" | "importing";
  space_id?: SpaceId | null;
  becomes?: store.Becomes | null;
  told?: Record<string, string | null> | null;
  object_key?: string | null;
  source_url?: string | null;
}

export interface UploadsNeeds {
  sql: Sql;
  jobs: Jobs;
  blobs: Blobs;
  clock: Clock;
  ids: Ids;
  tell: Tell;
  limits: MediaLimits;
  spaces: Pick<SpaceFacts, "storageMax">;
  accepts: (kind: MediaKind) => Acceptance;
  early: EarlyVideos;
}

/** Videos that were begun with an upload that is still open. */
export interface EarlyVideos {
  /** Held before the upload's own row, as everybody does who changes both. */
  lock(tx: Query, id: UploadId): Promise<void>;
  /** All bytes are there, in the transaction that says so. */
  arrived(tx: Query, id: UploadId): Promise<void>;
  /** They will not come. @returns whether there is such a video: it ends, and frees the upload */
  end(tx: Query, id: UploadId): Promise<boolean>;
}

export const uploadBlob = (id: UploadId) => `uploads/${id}`;
export const FREE_UPLOAD = "media.free_upload";
export const FINISH_UPLOAD = "media.finish_upload";

export function createUploads(needs: UploadsNeeds): Uploads {
  const { sql, jobs, blobs, clock, limits } = needs;

  const mine = async (q: Query, owner_id: PersonId, id: UploadId) => {
    const upload = await store.findUpload(q, id);
    if (upload?.owner_id !== owner_id) throw notFound("upload");
    return upload;
  };
  const release = async (tx: Query, id: UploadId) => {
    await store.markFreeing(tx, id);
    await jobs.enqueue(tx, FREE_UPLOAD, { upload_id: id }, { unique_key: `${FREE_UPLOAD}:${id}` });
  };

  async function openAdmitted(
    owner_id: PersonId,
    kind: MediaKind,
    file: UploadedFile,
    how: How,
  ): Promise<store.UploadRow> {
    await checkSpace(sql.pool, blobs, owner_id, kind, file.size_bytes ?? 0, limits);
    const room_bytes = await roomOf(limits, owner_id);
    const id = needs.ids.next<"upload">();
    // What is fetched without a length is cut by us all the same; an S3 client cuts as it likes.
    const cut =
      file.size_bytes === null
        ? { part_size_bytes: how.door === "s3" ? 0 : cutOf(limits.video_bytes_max).part_size_bytes, part_count: 0 }
        : cutOf(file.size_bytes);
    const media_type = file.media_type.toLowerCase().split(";", 1)[0]!.trim();
    // The store first: a crash between the two leaves an upload that no row knows, which the collector frees.
    const { multipart_id } = await blobs.multipart.create(uploadBlob(id), {
      media_type,
      ...(cut.part_size_bytes === 0 ? {} : { part_size_bytes: cut.part_size_bytes }),
    });
    const now_ms = clock.now();
    const row: store.UploadRow = {
      ...cut,
      filename: file.filename,
      size_bytes: file.size_bytes ?? 0,
      sized: file.size_bytes !== null,
      id,
      owner_id,
      kind,
      media_type,
      multipart_id,
      created_at: new Date(now_ms),
      expires_at: new Date(now_ms + limits.upload_kept_ms),
      used_at: null,
      offset_bytes: 0,
      source_etag: null,
      job_id: null,
      failure_code: null,
      failure_detail: null,
      door: how.door,
      state: how.state ?? "open",
      space_id: how.space_id ?? null,
      becomes: how.becomes ?? null,
      told: how.told ?? null,
      object_key: how.object_key ?? null,
      source_url: how.source_url ?? null,
    };
    try {
      await sql.tx(async (tx) => {
        await checkQuota(tx, owner_id, row.size_bytes, room_bytes, limits);
        if (row.space_id !== null) await checkSpaceRoom(tx, needs.spaces, row.space_id, row.size_bytes);
        await store.insertUpload(tx, row);
      });
    } catch (error) {
      await onOwnTime(() => blobs.multipart.abort(uploadBlob(id), multipart_id));
      throw error;
    }
    return row;
  }

  return {
    release,
    async releaseUnused(tx, owner_id, limit) {
      const unused = await store.listUnused(tx, owner_id, null, limit);
      for (const { id } of unused) await release(tx, id);
      return unused.length;
    },

    async open(owner_id, file, how = { door: "parts" }) {
      const kind = kindOf(file.media_type);
      if (file.size_bytes !== null) checkSize(kind, file.size_bytes, limits);
      const { accepted, because } = needs.accepts(kind);
      if (!accepted) throw new Problem(503, "media.no_ffmpeg", because);
      const takeBack = await limits.begin_upload(owner_id);
      return openAdmitted(owner_id, kind, file, how).catch(async (error: unknown) => {
        await takeBack?.();
        throw error;
      });
    },

    async get(owner_id, id) {
      const upload = await mine(sql.pool, owner_id, id);
      const parts =
        upload.state === "open" && upload.door === "parts"
          ? await blobs.multipart.listParts(uploadBlob(id), upload.multipart_id)
          : [];
      return { ...present(upload), parts: parts.map(partOf) };
    },

    async list(owner_id, { limit, cursor }) {
      const before = cursor === undefined ? null : String(decodeCursor(cursor, ["id"])[0]);
      const rows = await store.listUnused(sql.pool, owner_id, before, limit + 1);
      const items = rows.slice(0, limit);
      const last = items.at(-1);
      return { items: items.map(present), next_cursor: rows.length > limit && last ? encodeCursor([last.id]) : null };
    },

    async sign(owner_id, id, numbers) {
      const upload = await mine(sql.pool, owner_id, id);
      if (upload.state !== "open")
        throw new Problem(409, "upload.closed", "This upload is complete and takes no more parts.");
      if (upload.door !== "parts") throw otherDoor();
      checkNumbers(upload.part_count, numbers);
      const now_ms = clock.now();
      const expires_at_ms = now_ms + PART_URL_MS;
      const parts: { part_number: number; url: string; size_bytes: number }[] = [];
      for (const part_number of numbers) {
        const size_bytes = partBytes(upload, part_number);
        const url = await blobs.multipart.signPart(
          uploadBlob(id),
          upload.multipart_id,
          part_number,
          size_bytes,
          expires_at_ms,
        );
        parts.push({ part_number, url, size_bytes });
      }
      await store.extendUpload(sql.pool, id, new Date(now_ms + limits.upload_kept_ms));
      return { parts, expires_at: rfc3339(expires_at_ms) };
    },

    async complete(owner_id, id, parts, sha256) {
      const upload = await mine(sql.pool, owner_id, id);
      if (upload.door !== "parts") throw otherDoor();
      checkAllThere(
        upload.part_count,
        parts.map((part) => part.part_number),
      );
      // The first answer may have been lost; what is complete stays complete.
      if (upload.state === "complete") return;
      const wanted = parts
        .map(({ part_number, etag }) => ({ part_number, etag: plainEtag(etag) }))
        .sort((a, b) => a.part_number - b.part_number);
      const arrived = await blobs.multipart.listParts(uploadBlob(id), upload.multipart_id);
      if (arrived.length > 0) checkArrived(upload, wanted, arrived);
      if (sha256 !== undefined && upload.size_bytes > SHA256_BYTES_MAX) {
        throw new Problem(
          422,
          "upload.checksum_too_large",
          `The SHA-256 of a whole file is checked up to ${sizeText(SHA256_BYTES_MAX)}. Send checksums with its parts, and complete without.`,
        );
      }
      await this.seal(upload, wanted, sha256);
    },

    async seal(upload, parts, sha256) {
      const { id, owner_id } = upload;
      // Idempotent in the store: a crash after it and before the row is healed by the same call made again.
      const head = await blobs.multipart.complete(uploadBlob(id), upload.multipart_id, parts);
      const intact = sha256 === undefined || (await sha256Of(blobs, uploadBlob(id))) === sha256;
      const whole = intact && (!upload.sized || head.size_bytes === upload.size_bytes);
      await sql.tx(async (tx) => {
        await needs.early.lock(tx, id);
        if (!whole) {
          // A video that was begun early ends, and frees it.
          if ((await store.lockUpload(tx, id)) && !(await needs.early.end(tx, id))) await release(tx, id);
        } else if (await store.markComplete(tx, id, new Date(clock.now()))) {
          await needs.early.arrived(tx, id);
          // Whoever sent the last byte may be gone before it becomes what it was sent as.
          if (upload.becomes)
            await jobs.enqueue(tx, FINISH_UPLOAD, { upload_id: id }, { unique_key: `${FINISH_UPLOAD}:${id}` });
          if (!upload.sized) await store.setSize(tx, id, { size_bytes: head.size_bytes, ...cutOf(head.size_bytes) });
          await needs.tell(tx, {
            type: "media.upload_completed",
            version: 1,
            data: { upload_id: id, owner_id, kind: upload.kind },
          });
        } else if ((await store.findUpload(tx, id)) === null) {
          throw notFound("upload");
        }
      });
      if (!intact) {
        throw new Problem(
          422,
          "upload.checksum_mismatch",
          "The file that came is not the one whose SHA-256 you sent. The upload was freed; begin again.",
        );
      }
      if (!whole) {
        throw new Problem(
          422,
          "upload.size_mismatch",
          `${upload.size_bytes} bytes were announced and ${head.size_bytes} came. The upload was freed; begin again.`,
        );
      }
    },

    async abort(owner_id, id) {
      const { multipart_id } = await sql.tx(async (tx) => {
        const upload = await store.lockUpload(tx, id);
        if (upload?.owner_id !== owner_id) throw notFound("upload");
        const early = upload.used_at !== null && upload.state === "open" && (await needs.early.end(tx, id));
        if (upload.used_at !== null && !early)
          throw new Problem(409, "upload.in_use", "A video or picture was made of this upload. Delete that instead.");
        if (!early) await release(tx, id);
        if (upload.job_id !== null) await jobs.cancel(tx, upload.job_id);
        return upload;
      });
      // The job frees it whatever happens here; this closes its part URLs before the answer.
      await blobs.multipart.abort(uploadBlob(id), multipart_id);
    },

    async take(tx, owner_id, id, kind, how) {
      const upload = await store.lockUpload(tx, id);
      if (upload?.owner_id !== owner_id) throw notFound("upload");
      const early = how?.early === true && upload.state === "open" && kind === "video";
      if (upload.state !== "complete" && !early)
        throw new Problem(409, "upload.not_complete", "Complete this upload first.");
      if (upload.used_at)
        throw new Problem(409, "upload.in_use", "This upload was used already. Upload the file again.");
      if (upload.kind !== kind) {
        throw new Problem(
          422,
          "upload.wrong_kind",
          `This upload was announced as ${upload.media_type}; it cannot become ${{ video: "a video", image: "a picture", sound: "a sound" }[kind]}.`,
        );
      }
      await store.markUsed(tx, id, new Date(clock.now()));
      return upload;
    },
  };
}

/** Names the parts that are to be sent again, where the store would only say no. */
function checkArrived(
  upload: store.UploadRow,
  wanted: { part_number: number; etag: string }[],
  arrived: PartInfo[],
): void {
  const byNumber = new Map(arrived.map((part) => [part.part_number, part]));
  const missing = wanted.filter((part) => !byNumber.has(part.part_number)).map((part) => part.part_number);
  if (missing.length > 0) {
    throw new Problem(
      422,
      "upload.part_missing",
      `${missing.length} parts did not arrive: ${missing.slice(0, 10).join(", ")}${missing.length > 10 ? ", …" : ""}. Send them and complete again.`,
    );
  }
  const wrong = wanted.find(({ part_number, etag }) => {
    const part = byNumber.get(part_number)!;
    return plainEtag(part.etag) !== etag || part.size_bytes !== partBytes(upload, part_number);
  });
  if (wrong) {
    throw new Problem(
      422,
      "upload.part_mismatch",
      `Part ${wrong.part_number} is not the one that arrived. Send it again and use the ETag of that answer.`,
    );
  }
}

async function sha256Of(blobs: Blobs, name: string): Promise<string> {
  const hasher = new Bun.CryptoHasher("sha256");
  const { body } = await blobs.get(name);
  for await (const chunk of body) hasher.update(chunk);
  return hasher.digest("hex");
}

const otherDoor = () =>
  new Problem(409, "upload.other_door", "This upload comes by another protocol and goes on there.");

const partOf = ({ part_number, size_bytes, etag }: PartInfo) => ({ part_number, size_bytes, etag });

const present = (row: store.UploadRow): Omit<Upload, "parts"> => ({
  id: row.id,
  kind: row.kind,
  filename: row.filename,
  media_type: row.media_type,
  size_bytes: row.size_bytes,
  part_size_bytes: row.part_size_bytes,
  part_count: row.part_count,
  status: row.state === "freeing" ? "complete" : row.state,
  door: row.door,
  received_bytes: row.state === "complete" ? row.size_bytes : row.offset_bytes,
  source_url: row.source_url,
  ...(row.failure_code === null
    ? {}
    : { failure: { code: row.failure_code, detail: row.failure_detail ?? "", can_retry: false } }),
  expires_at: rfc3339(row.expires_at),
  created_at: rfc3339(row.created_at),
});
