import { Problem } from "#kernel/errors.ts";
import type { ImageId, PersonId, VideoId } from "#kernel/ids.ts";
import type { Sql } from "#ports/sql/index.ts";

import { ALT_CHARS_MAX, TITLE_CHARS_MAX } from "./bounds.ts";
import type { Images } from "./images/index.ts";
import { findImages } from "./images/store.ts";
import { kindOf } from "./uploads/admission.ts";
import { uploadBlob, type Uploads } from "./uploads/index.ts";
import type { Intake } from "./uploads/intake.ts";
import { findUpload } from "./uploads/store.ts";
import type { Videos } from "./videos/index.ts";
import { findVideos } from "./videos/store.ts";

/** For who takes their things along: the bytes of their pictures and films, out of the house and into it. */
export interface MediaMoving {
  /** The best there is of each: a film as it was sent, a picture in its largest size. What is not there any more is missing. */
  filesOf(things: { video_ids: readonly VideoId[]; image_ids: readonly ImageId[] }): Promise<MovedFile[]>;
  /**
   * A file that comes through us, with the same checks, room and jobs as one that is sent by hand. What is then not put in a
   * post goes after a day (pictures), or stays with its owner (films, private).
   * @throws Problem as an upload does
   */
  takeIn(
    owner_id: PersonId,
    file: { filename: string; media_type: string; size_bytes: number; alt: string; body: AsyncIterable<Uint8Array> },
    signal: AbortSignal,
  ): Promise<{ kind: "image"; id: ImageId } | { kind: "video"; id: VideoId }>;
}

export interface MovedFile {
  id: ImageId | VideoId;
  blob: string;
  media_type: string;
  size_bytes: number;
  alt: string;
  width: number | null;
  height: number | null;
}

export function createMediaMoving(needs: {
  sql: Sql;
  uploads: Uploads;
  intake: Intake;
  images: Images;
  videos: Videos;
}): MediaMoving {
  const { sql, uploads, intake, images, videos } = needs;
  return {
    async filesOf({ video_ids, image_ids }) {
      const files: MovedFile[] = [];
      for (const video of await findVideos(sql.pool, [...video_ids])) {
        const upload = video.upload_id === null || video.early ? null : await findUpload(sql.pool, video.upload_id);
        if (!upload) continue;
        const { id, title: alt, width, height } = video;
        const { media_type, size_bytes } = upload;
        files.push({ id, blob: uploadBlob(upload.id), media_type, size_bytes, alt, width, height });
      }
      for (const image of await findImages(sql.pool, [...image_ids])) {
        const largest = image.variants.at(-1);
        if (!largest) continue;
        const { file, width, height, bytes: size_bytes } = largest;
        files.push({
          id: image.id,
          blob: image.place + file,
          media_type: "image/webp",
          size_bytes,
          alt: image.alt,
          width,
          height,
        });
      }
      return files;
    },

    async takeIn(owner_id, { filename, media_type, size_bytes, alt, body }, signal) {
      if (kindOf(media_type) === "sound")
        throw new Problem(415, "upload.type_refused", "Posts show no sound alone. Send a picture or a film.");
      const upload = await uploads.open(owner_id, { filename, media_type, size_bytes }, { door: "import" });
      const came = await intake.write(upload.id, 0, body, { signal });
      if (came.broken !== null) throw new Error(`a file of an archive broke off: ${came.broken}`);
      await intake.finish(upload.id);
      if (upload.kind === "image")
        return {
          kind: "image",
          id: (await images.create(owner_id, { upload_id: upload.id, alt: alt.slice(0, ALT_CHARS_MAX) }, signal)).id,
        };
      const title = (alt || filename).slice(0, TITLE_CHARS_MAX);
      const { id } = await videos.create(owner_id, {
        upload_id: upload.id,
        title,
        description: "",
        audience: "private",
        space_id: undefined,
      });
      return { kind: "video", id };
    },
  };
}
