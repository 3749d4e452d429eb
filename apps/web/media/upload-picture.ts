import {
  abortUpload,
  completeUpload,
  createImage,
  createUpload,
  getImage,
  signParts,
} from "#systems/media/contract.ts";

import { call } from "../shell/house.ts";
import { putPart } from "./put-part.ts";

const POLL_MS = 700;

/** One small picture, at once: for avatars. @returns the image's id when the house has made it */
export async function uploadPicture(file: File): Promise<string> {
  const upload = await call(createUpload, {
    body: { filename: file.name.slice(-255), size_bytes: file.size, media_type: file.type },
  });
  const params = { upload_id: upload.id };
  try {
    const numbers = Array.from({ length: upload.part_count }, (_, at) => at + 1);
    const { parts } = await call(signParts, { params, body: { part_numbers: numbers } });
    const done: { part_number: number; etag: string }[] = [];
    for (const { part_number, url } of parts) {
      const from = (part_number - 1) * upload.part_size_bytes;
      done.push({
        part_number,
        etag: await putPart(
          url,
          file.slice(from, from + upload.part_size_bytes),
          () => {},
          AbortSignal.timeout(120_000),
        ),
      });
    }
    await call(completeUpload, { params, body: { parts: done } });
  } catch (error) {
    // The house frees it by itself in time; this only makes it sooner.
    await call(abortUpload, { params }).catch(() => {});
    throw error;
  }
  let image = await call(createImage, { body: { upload_id: upload.id } });
  while (image.status === "processing") {
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    image = await call(getImage, { params: { image_id: image.id } });
  }
  if (image.status === "failed") throw new PictureFailed(image.failure?.detail);
  return image.id;
}

class PictureFailed extends Error {
  constructor(detail = "This picture could not be read. Try another one.") {
    super(detail);
  }
}
