import { Problem } from "#kernel/errors.ts";
import type { PersonId, UploadId } from "#kernel/ids.ts";
import type { Blobs } from "#ports/blobs/index.ts";
import { onOwnTime } from "#ports/calls/index.ts";
import type { Sql } from "#ports/sql/index.ts";

import type { MediaKind } from "../contract.ts";
import { bytesMaxOf, type MediaLimits, roomOf } from "../limits.ts";
import { checkQuota, checkSize, checkSpace, kindOf, sizeText } from "../uploads/admission.ts";
import { filenameOf, typeOf } from "../uploads/becomes.ts";
import type { Uploads } from "../uploads/index.ts";
import type { Intake } from "../uploads/intake.ts";
import * as uploads from "../uploads/store.ts";
import * as store from "./store.ts";

/** A file that comes in one body whose length nobody told: of a form that another system's door reads. */
export interface Receive {
  /**
   * Straight into the store: nothing of it is whole in memory. What breaks off, is empty or grows too large leaves nothing.
   * @throws Problem as every upload, 400 `upload.broken_off`
   */
  (
    owner_id: PersonId,
    file: { filename: string | null; media_type: string },
    body: AsyncIterable<Uint8Array>,
    signal: AbortSignal,
  ): Promise<{ upload_id: UploadId; kind: Exclude<MediaKind, "sound"> }>;
}

/** Where it comes from, as an import's row says it. */
const FROM_A_FORM = "form:";

export function createReceive(needs: {
  sql: Sql;
  blobs: Blobs;
  limits: MediaLimits;
  uploads: Uploads;
  intake: Intake;
}): Receive {
  const { sql, limits } = needs;

  const growing = (id: UploadId, owner_id: PersonId, bytes_max: number) => async (to_bytes: number) => {
    const room_bytes = await roomOf(limits, owner_id);
    await sql.tx(async (tx) => {
      await uploads.lockRoom(tx, owner_id);
      const row = await uploads.lockUpload(tx, id);
      if (row?.state !== "importing") throw new Problem(410, "upload.gone", "This upload was given up.");
      const next = Math.min(to_bytes, bytes_max);
      if (row.sized || row.size_bytes >= next) return;
      await checkQuota(tx, owner_id, next - row.size_bytes, room_bytes, limits, { begun: true });
      await store.setPromised(tx, id, next);
    });
  };

  return async (owner_id, file, body, signal) => {
    const filename = filenameOf(file.filename);
    const media_type = typeOf(file.media_type, filename);
    const kind = kindOf(media_type);
    // Nothing that reads forms shows sound alone.
    if (kind === "sound")
      throw new Problem(415, "upload.type_refused", "Sound alone is not taken here. Send a picture or a film.");
    const bytes_max = bytesMaxOf(kind, limits);
    await checkSpace(sql.pool, needs.blobs, owner_id, kind, 1, limits);
    const { id } = await needs.uploads.open(
      owner_id,
      { filename, size_bytes: null, media_type },
      { door: "import", state: "importing", source_url: FROM_A_FORM },
    );
    let bytes = 0;
    async function* counted() {
      for await (const chunk of body) {
        bytes += chunk.byteLength;
        if (bytes > bytes_max)
          throw new Problem(413, "upload.too_large", `A ${kind} may have ${sizeText(bytes_max)} at most.`);
        yield chunk;
      }
    }
    try {
      const came = await needs.intake.write(id, 0, counted(), {
        ends: true,
        grow: growing(id, owner_id, bytes_max),
        signal,
      });
      if (came.broken !== null)
        throw new Problem(400, "upload.broken_off", "The file broke off before its end. Send it again.");
      checkSize(kind, bytes, limits);
      await needs.intake.finish(id);
      return { upload_id: id, kind };
    } catch (error) {
      // What cannot be given up now expires by itself.
      await onOwnTime(() => needs.uploads.abort(owner_id, id)).catch(() => {});
      throw error;
    }
  };
}
