import type { UploadId } from "#kernel/ids.ts";
import type { Query } from "#ports/sql/index.ts";

import type { MediaKind } from "../contract.ts";

export async function setJob(q: Query, id: UploadId, job_id: string): Promise<void> {
  await q`UPDATE media_uploads SET job_id = ${job_id} WHERE id = ${id} AND state = 'importing'`;
}

/** What the other side says of it. */
export async function setSource(
  q: Query,
  id: UploadId,
  source: { media_type: string; kind: MediaKind; etag: string | null },
): Promise<void> {
  await q`UPDATE media_uploads SET media_type = ${source.media_type}, kind = ${source.kind}, source_etag = ${source.etag},
    becomes = CASE WHEN ${source.kind} = 'video' THEN becomes END WHERE id = ${id} AND state = 'importing'`;
}

/** What is promised of one whose length nobody told. */
export async function setPromised(q: Query, id: UploadId, size_bytes: number): Promise<void> {
  await q`UPDATE media_uploads SET size_bytes = ${size_bytes} WHERE id = ${id} AND state = 'importing' AND NOT sized`;
}

/** From the first byte again, into a new place. */
export async function setAnew(q: Query, id: UploadId, multipart_id: string): Promise<boolean> {
  const set =
    await q`UPDATE media_uploads SET multipart_id = ${multipart_id}, offset_bytes = 0, source_etag = NULL, sized = false, size_bytes = 0,
    part_count = 0 WHERE id = ${id} AND state = 'importing'`;
  return set.count === 1;
}

/** Its bytes go; the row stays for a while and says why. @returns false when somebody gave it up before */
export async function setFailed(
  q: Query,
  id: UploadId,
  code: string,
  detail: string,
  expires_at: Date,
): Promise<boolean> {
  const set =
    await q`UPDATE media_uploads SET state = 'failed', failure_code = ${code.slice(0, 64)}, failure_detail = ${detail.slice(0, 500)},
    sized = false, size_bytes = 0, part_count = 0, offset_bytes = 0, expires_at = ${expires_at}, writer = NULL, written_until = NULL
    WHERE id = ${id} AND state = 'importing'`;
  return set.count === 1;
}
