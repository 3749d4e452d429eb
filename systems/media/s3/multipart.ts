import { Problem } from "#kernel/errors.ts";
import type { UploadId } from "#kernel/ids.ts";

import { PARTS_MAX } from "../bounds.ts";
import { uploadBlob } from "../uploads/index.ts";
import type { UploadRow } from "../uploads/store.ts";
import * as uploads from "../uploads/store.ts";
import { beginUpload, namesOf } from "./begin.ts";
import type { S3Call, S3Needs } from "./index.ts";
import { payloadOf } from "./payload.ts";
import { promise } from "./promise.ts";
import { partsOf, xmlResponse } from "./xml.ts";

/** 10,000 parts with the checksums that some clients repeat. */
const COMPLETE_BYTES_MAX = 6 * 1024 * 1024;
const LIST_PARTS_MAX = 1_000;

/** The four calls of a multipart upload, and its list. An upload's id is ours. */
export function createMultipart(needs: S3Needs) {
  const { sql, blobs } = needs;

  const own = async ({ viewer, key }: S3Call, id: UploadId): Promise<UploadRow> => {
    const upload = await uploads.findUpload(sql.pool, id);
    if (
      upload?.owner_id !== viewer.person_id ||
      upload.door !== "s3" ||
      upload.object_key !== key ||
      upload.sized === (upload.state === "open")
    )
      throw new Problem(404, "s3.NoSuchUpload", "There is no such upload, or it is not yours.");
    return upload;
  };
  const open = async (call: S3Call, id: UploadId): Promise<UploadRow> => {
    const upload = await own(call, id);
    if (upload.state !== "open") throw new Problem(404, "s3.NoSuchUpload", "This upload was completed.");
    return upload;
  };

  return {
    async begin(call: S3Call): Promise<Response> {
      const upload = await beginUpload(call, null, needs);
      return xmlResponse("InitiateMultipartUploadResult", [
        ["Bucket", "uploads"],
        ["Key", call.key],
        ["UploadId", upload.id],
      ]);
    },

    async part(call: S3Call, id: UploadId): Promise<Response> {
      const part_number = Number(call.query.get("partNumber"));
      if (!Number.isInteger(part_number) || part_number < 1 || part_number > PARTS_MAX)
        throw new Problem(400, "s3.InvalidArgument", `Part numbers go from 1 to ${PARTS_MAX}.`);
      const upload = await open(call, id);
      const payload = payloadOf(call.request, call.signed, call.secret);
      await promise(upload, part_number, payload.size_bytes, needs);
      const { etag } = await blobs.multipart.putPart(
        uploadBlob(id),
        upload.multipart_id,
        part_number,
        payload.size_bytes,
        payload.chunks(),
      );
      await uploads.extendUpload(sql.pool, id, new Date(needs.clock.now() + needs.limits.upload_kept_ms));
      const sums = [...call.request.headers].filter(([name]) =>
        /^x-amz-checksum-(?:crc32c?|crc64nvme|sha1|sha256)$/.test(name),
      );
      return new Response(null, { headers: { etag: `"${etag}"`, ...Object.fromEntries(sums) } });
    },

    async complete(call: S3Call, id: UploadId): Promise<Response> {
      const upload = await own(call, id);
      const told = Number(call.request.headers.get("content-length") ?? COMPLETE_BYTES_MAX + 1);
      if (told > COMPLETE_BYTES_MAX)
        throw new Problem(400, "s3.MaxMessageLengthExceeded", "This list of parts is too long.");
      const chunks: Uint8Array[] = [];
      for await (const chunk of payloadOf(call.request, call.signed, call.secret).chunks()) chunks.push(chunk);
      const parts = partsOf(Buffer.concat(chunks).toString("utf8"));
      if (
        parts.length < 1 ||
        parts.length > PARTS_MAX ||
        parts.some(({ part_number, etag }) => part_number < 1 || etag === "")
      )
        throw new Problem(400, "s3.MalformedXML", "The body lists no parts, or not as S3 has it.");
      if (parts.some(({ part_number }, i) => part_number <= (parts[i - 1]?.part_number ?? 0)))
        throw new Problem(400, "s3.InvalidPartOrder", "The parts are not in order.");
      if (parts.some(({ part_number }, i) => part_number !== i + 1))
        throw new Problem(400, "s3.InvalidPart", "The parts have a gap: they go from 1 on.");
      // The first answer may have been lost; what is complete stays complete.
      if (upload.state === "open") await needs.uploads.seal(upload, parts);
      const video_id = await needs.intake.finish(id);
      const stored = await blobs.head(uploadBlob(id));
      return xmlResponse(
        "CompleteMultipartUploadResult",
        [
          ["Location", new URL(call.request.url).pathname],
          ["Bucket", "uploads"],
          ["Key", call.key],
          ["ETag", `"${stored?.etag ?? ""}"`],
        ],
        namesOf(id, video_id),
      );
    },

    async abort(call: S3Call, id: UploadId): Promise<Response> {
      await open(call, id);
      await needs.uploads.abort(call.viewer.person_id, id);
      return new Response(null, { status: 204 });
    },

    async list(call: S3Call, id: UploadId): Promise<Response> {
      const upload = await open(call, id);
      const after = Number(call.query.get("part-number-marker") ?? 0);
      const asked = Number(call.query.get("max-parts") ?? LIST_PARTS_MAX);
      const limit = Number.isInteger(asked) && asked > 0 ? Math.min(asked, LIST_PARTS_MAX) : LIST_PARTS_MAX;
      const parts = (await blobs.multipart.listParts(uploadBlob(id), upload.multipart_id)).filter(
        ({ part_number }) => part_number > after,
      );
      const page = parts.slice(0, limit);
      return xmlResponse("ListPartsResult", [
        ["Bucket", "uploads"],
        ["Key", call.key],
        ["UploadId", id],
        ["PartNumberMarker", after],
        ["NextPartNumberMarker", page.at(-1)?.part_number ?? after],
        ["MaxParts", limit],
        ["IsTruncated", String(parts.length > limit)],
        ...page.map(({ part_number, size_bytes, etag }): ["Part", [string, string | number][]] => [
          "Part",
          [
            ["PartNumber", part_number],
            ["LastModified", upload.created_at.toISOString()],
            ["ETag", `"${etag}"`],
            ["Size", size_bytes],
          ],
        ]),
      ]);
    },
  };
}
