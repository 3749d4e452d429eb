import {
  abortUpload,
  completeUpload,
  createUpload,
  deleteVideo,
  getUpload,
  IMAGE_TYPES,
  signParts,
  VIDEO_TYPES,
} from "#systems/media/contract.ts";

import { mayRetry, Refusal, sentenceOf } from "../client.ts";
import { call } from "../shell/house.ts";
import { putPart } from "./put-part.ts";
import { shelf, type Shelved } from "./shelf.ts";
import { createUploader, type Uploader, type UploadProgress } from "./uploader.ts";

/** What has not begun to be sent. */
export const AT_REST: Omit<UploadProgress, "size_bytes"> = {
  state: "waiting",
  sent_bytes: 0,
  bytes_per_s: 0,
  left_ms: null,
  problem: null,
};

export const kindOf = (file: Pick<File, "type" | "name">): "video" | "image" | null => {
  if ((IMAGE_TYPES as readonly string[]).includes(file.type)) return "image";
  if (
    (VIDEO_TYPES as readonly string[]).includes(file.type) ||
    /\.(?:mp4|mov|webm|mkv|avi|mpe?g|ts|3gp|ogv|m4v)$/i.test(file.name)
  )
    return "video";
  return null;
};

/** Browsers do not know every film's type; the house looks at the truth later. */
export const mediaTypeOf = (file: Pick<File, "type" | "name">) => {
  if (file.type !== "" && file.type !== "video/x-m4v")
    return file.type === "video/avi" || file.type === "video/vnd.avi" ? "video/x-msvideo" : file.type;
  return /\.mkv$/i.test(file.name) ? "video/x-matroska" : /\.avi$/i.test(file.name) ? "video/x-msvideo" : "video/mp4";
};

/** What a film is called until somebody calls it something else. */
export const titleOf = (filename: string) =>
  filename
    .replace(/\.[a-z0-9]{2,5}$/i, "")
    .slice(0, 120)
    .trim() || "Video";

export interface SendingNeeds {
  shelved: Shelved;
  file: File;
  changed: (upload: UploadProgress) => void;
  /** Begins a video while its file is on its way; absent where nothing begins early. @returns the video's id */
  begin?: (upload_id: string) => Promise<string>;
  /** The house said that this one cannot be begun early, or did not answer. */
  notEarly?: (refused: boolean) => void;
  /** Told when the upload has a name of its own, which begins anew. */
  renewed?: () => void;
}

/** Sends a file that stands on the shelf, and keeps on the shelf how far it is. */
export function uploaderFor({ shelved, file, changed, begin, notEarly, renewed }: SendingNeeds): Uploader {
  return createUploader({
    size_bytes: file.size,
    slice: (from, to) => file.slice(from, to),
    ...(shelved.upload_id === null ? {} : { id: shelved.upload_id }),
    house: {
      create: () =>
        call(createUpload, {
          body: { filename: shelved.name.slice(-255), size_bytes: file.size, media_type: shelved.media_type },
        }),
      look: async (upload_id) => {
        const upload = await call(getUpload, { params: { upload_id } });
        return { ...upload, complete: upload.status !== "open" };
      },
      sign: async (upload_id, part_numbers) =>
        (await call(signParts, { params: { upload_id }, body: { part_numbers } })).parts,
      complete: (upload_id, parts) => call(completeUpload, { params: { upload_id }, body: { parts } }),
      early: async (upload_id) => {
        if (!begin || shelved.early_id !== undefined) return;
        try {
          shelved.early_id = await begin(upload_id);
          await shelf.put(shelved);
        } catch (error) {
          // It becomes a video at its end, as ever; only an answer that was lost is asked for again then.
          notEarly?.(error instanceof Refusal);
        }
      },
      abort: (upload_id) =>
        shelved.early_id === undefined
          ? call(abortUpload, { params: { upload_id } })
          : call(deleteVideo, { params: { video_id: shelved.early_id } }),
    },
    put: putPart,
    named: (upload_id) => {
      shelved.upload_id = upload_id;
      // A new upload is nothing's beginning yet.
      delete shelved.early_id;
      renewed?.();
      void shelf.put(shelved);
    },
    changed,
    sentence: sentenceOf,
    mayRetry: (error) => mayRetry(error) || error instanceof TypeError,
    now: () => performance.now(),
    random: Math.random,
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        const timer = setTimeout(resolve, ms);
        signal.addEventListener("abort", () => {
          clearTimeout(timer);
          reject(signal.reason as Error);
        });
      }),
  });
}
