import { Problem } from "#kernel/errors.ts";
import type { UploadId } from "#kernel/ids.ts";

import { kindOf } from "../uploads/admission.ts";
import { becomesOf, filenameOf, typeOf } from "../uploads/becomes.ts";
import type { UploadRow } from "../uploads/store.ts";
import type { S3Call, S3Needs } from "./index.ts";

/** S3's own bound for what a client says of an object. */
export const META_CHARS_MAX = 2_048;

/** Admission as of every upload. `size_bytes` is null where it comes in parts that nobody has counted. */
export async function beginUpload(
  { request, viewer, key }: S3Call,
  size_bytes: number | null,
  needs: Pick<S3Needs, "uploads" | "videos">,
): Promise<UploadRow> {
  const filename = filenameOf(key);
  const media_type = typeOf(request.headers.get("content-type"), filename);
  const told = metaOf(request.headers);
  const said = {
    title: told.title,
    description: told.description,
    audience: told.audience,
    space_id: told["space-id"] ?? told.space_id,
    as: told.as,
  };
  const becomes = becomesOf(said, kindOf(media_type), filename);
  if (becomes) await needs.videos.check(viewer.person_id, becomes);
  return needs.uploads.open(
    viewer.person_id,
    { filename, size_bytes, media_type },
    { door: "s3", becomes, space_id: becomes?.space_id ?? null, told, object_key: key },
  );
}

/** What became of an upload, beside what S3 says. */
export const namesOf = (upload_id: UploadId, video_id: string | null): Record<string, string> => ({
  "folkhus-upload-id": upload_id,
  ...(video_id === null ? {} : { "folkhus-video-id": video_id }),
});

/** @throws Problem 400 `s3.MetadataTooLarge` */
function metaOf(headers: Headers): Record<string, string> {
  const told: Record<string, string> = {};
  let chars = 0;
  for (const [name, value] of headers) {
    if (!name.startsWith("x-amz-meta-")) continue;
    chars += name.length + value.length;
    if (chars > META_CHARS_MAX)
      throw new Problem(400, "s3.MetadataTooLarge", `Metadata has ${META_CHARS_MAX} bytes at most.`);
    told[name.slice("x-amz-meta-".length)] = decoded(value);
  }
  return told;
}

/** Words that are not ASCII come as RFC 2047 has it, or as bare UTF-8. */
function decoded(value: string): string {
  const word = /^=\?utf-8\?([bq])\?([^?]*)\?=$/i.exec(value.trim());
  if (word?.[1]?.toLowerCase() === "b") return Buffer.from(word[2] ?? "", "base64").toString("utf8");
  if (word) {
    const bytes = (word[2] ?? "")
      .replaceAll("_", " ")
      .replaceAll(/=([0-9A-F]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
    return Buffer.from(bytes, "latin1").toString("utf8");
  }
  if (!/[\x80-\xff]/.test(value)) return value;
  const text = Buffer.from(value, "latin1").toString("utf8");
  return text.includes("\ufffd") ? value : text;
}
