import { DataStore, type Lock, Upload } from "@tus/server";

import { notFound, Problem } from "#kernel/errors.ts";
import type { UploadId, VideoId } from "#kernel/ids.ts";
import type { SignedIn } from "#kernel/viewer.ts";

import { BODY_SILENT_MS } from "../bounds.ts";
import { kindOf } from "../uploads/admission.ts";
import { becomesOf, filenameOf, typeOf } from "../uploads/becomes.ts";
import { ownUpload } from "../uploads/intake.ts";
import type { UploadRow } from "../uploads/store.ts";
import type { TusNeeds } from "./index.ts";

/** One call and what came of it. */
export interface TusCall {
  viewer: SignedIn;
  /** From the address; of the upload that a POST made, from then on. */
  upload_id: UploadId | null;
  body: AsyncIterable<Uint8Array> | null;
  length: number | null;
  check: { algorithm: string; digest: Uint8Array } | null;
  signal: AbortSignal;
  failure: Error | null;
  video_id: VideoId | null;
  expires_at: Date | null;
}

/** The library's idea of a store, over ours: the same rows, admission, expiry and blobs as every other upload. */
export function createTusStore(call: TusCall, needs: TusNeeds): DataStore {
  const own = async (): Promise<UploadRow> => {
    if (call.upload_id === null) throw notFound("upload");
    const upload = await ownUpload(needs.sql, call.viewer.person_id, call.upload_id);
    if (upload.door !== "tus") throw notFound("upload");
    call.expires_at = upload.expires_at;
    if (upload.used_at === null && upload.expires_at.getTime() <= needs.clock.now())
      throw new Problem(410, "upload.gone", "This upload has expired. Begin a new one.");
    return upload;
  };

  class Store extends DataStore {
    override extensions = ["creation", "creation-with-upload", "expiration", "termination", "checksum"];

    override getExpiration(): number {
      return needs.limits.upload_kept_ms;
    }

    override async create(upload: Upload): Promise<Upload> {
      const told = upload.metadata ?? {};
      const filename = filenameOf(told.filename ?? told.name);
      const media_type = typeOf(told.filetype ?? told.type, filename);
      const becomes = becomesOf(
        {
          title: told.title,
          description: told.description,
          audience: told.audience,
          space_id: told.space_id,
          as: told.as,
        },
        kindOf(media_type),
        filename,
      );
      if (becomes) await needs.videos.check(call.viewer.person_id, becomes);
      const row = await needs.uploads.open(
        call.viewer.person_id,
        { filename, size_bytes: upload.size ?? 0, media_type },
        { door: "tus", becomes, space_id: becomes?.space_id ?? null, told },
      );
      call.upload_id = row.id;
      call.expires_at = row.expires_at;
      upload.id = row.id;
      return upload;
    }

    override async getUpload(): Promise<Upload> {
      const upload = await own();
      // The last byte came and its answer did not: then this is the call that says what became of it.
      if (upload.offset_bytes === upload.size_bytes && call.body === null) {
        call.video_id = await needs.intake.finish(upload.id).catch(() => null);
      }
      return new Upload({
        id: upload.id,
        size: upload.size_bytes,
        offset: upload.state === "complete" ? upload.size_bytes : upload.offset_bytes,
        ...(upload.told ? { metadata: upload.told } : {}),
        // The library counts from the creation, we from the last sign of life; and it has a clock of its own.
        creation_date: new Date(
          Date.parse(upload.expires_at.toISOString()) - needs.limits.upload_kept_ms,
        ).toISOString(),
      });
    }

    override async write(stream: AsyncIterable<unknown>, _id: string, offset: number): Promise<number> {
      // Empty, and read to its end because the library waits for that.
      for await (const _ of stream);
      const { offset_bytes } = await needs.intake.write(call.upload_id!, offset, call.body, {
        length: call.length,
        check: call.check,
        signal: call.signal,
      });
      return offset_bytes;
    }

    override async remove(): Promise<void> {
      const upload = await own();
      await needs.intake.interrupt(upload.id);
      await needs.uploads.abort(call.viewer.person_id, upload.id);
    }
  }
  return new Store();
}

/**
 * Writers lock for themselves, where they write. Who only comes to ask lets a silent line be cut first, so that what came over
 * it is counted and the place is free; one over which bytes still come is left alone.
 */
export function lockOf(call: TusCall, needs: TusNeeds): Lock {
  return {
    async lock() {
      if (call.upload_id === null) return;
      await ownUpload(needs.sql, call.viewer.person_id, call.upload_id);
      await needs.intake.interrupt(call.upload_id, BODY_SILENT_MS);
    },
    async unlock() {},
  };
}
