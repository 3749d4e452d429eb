import { notFound } from "#kernel/errors.ts";

import { roomOf } from "../limits.ts";
import { checkQuota, checkSize } from "../uploads/admission.ts";
import { checkSpaceRoom } from "../uploads/space-room.ts";
import type { UploadRow } from "../uploads/store.ts";
import * as uploads from "../uploads/store.ts";
import type { S3Needs } from "./index.ts";
import * as store from "./store.ts";

/**
 * A part's bytes count against the person's room from before they come; one sent again counts once.
 * @throws Problem 413 where the whole grew too large or the room is used up
 */
export async function promise(
  { id, owner_id, kind }: UploadRow,
  part_number: number,
  size_bytes: number,
  { sql, limits, spaces }: Pick<S3Needs, "sql" | "limits" | "spaces">,
): Promise<void> {
  const bytes_max = await roomOf(limits, owner_id);
  await sql.tx(async (tx) => {
    await uploads.lockRoom(tx, owner_id);
    const upload = await uploads.lockUpload(tx, id);
    if (upload?.state !== "open") throw notFound("upload");
    const before_bytes = await store.promised(tx, id, part_number);
    const more_bytes = size_bytes - before_bytes;
    checkSize(kind, upload.size_bytes + more_bytes, limits);
    if (more_bytes > 0) await checkQuota(tx, owner_id, more_bytes, bytes_max, limits, { begun: true });
    if (upload.space_id !== null) await checkSpaceRoom(tx, spaces, upload.space_id, more_bytes);
    if (more_bytes !== 0) await store.setPromised(tx, id, part_number, size_bytes, more_bytes);
  });
}
