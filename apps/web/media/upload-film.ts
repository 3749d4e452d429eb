import {
  abortUpload,
  completeUpload,
  createSound,
  createUpload,
  createVideo,
  deleteSound,
  deleteVideo,
  getUpload,
  signParts,
} from "#systems/media/contract.ts";

import { mayRetry, sentenceOf } from "../client.ts";
import { call } from "../shell/house.ts";
import { putPart } from "./put-part.ts";
import { mediaTypeOf, titleOf } from "./sending.ts";
import { createUploader } from "./uploader.ts";

/** A film or voice note on its way into a message. Nothing of it is kept by the browser: whoever closes the page sends it again. */
export interface FilmUpload {
  /** Resolves to its id once its last byte is there, or to null where it was cancelled. The house goes on making it by itself. */
  done: Promise<string | null>;
  /** What was sent goes, also when it is a film already. */
  cancel(): Promise<void>;
}

/** @param changed told of the share that was sent, 0 to 1 */
export const uploadFilm = (file: File, changed: (share: number) => void): FilmUpload =>
  upload(file, changed, {
    make: (upload_id) =>
      call(createVideo, { body: { upload_id, title: titleOf(file.name), audience: "private" } }).then(({ id }) => id),
    remove: (video_id) => call(deleteVideo, { params: { video_id } }),
  });

/** The same for a voice note. */
export const uploadSound = (file: File, changed: (share: number) => void): FilmUpload =>
  upload(file, changed, {
    make: (upload_id) => call(createSound, { body: { upload_id } }).then(({ id }) => id),
    remove: (sound_id) => call(deleteSound, { params: { sound_id } }),
  });

interface Becomes {
  make(upload_id: string): Promise<string>;
  remove(id: string): Promise<unknown>;
}

function upload(file: File, changed: (share: number) => void, becomes: Becomes): FilmUpload {
  let problem: string | null = null;
  const uploader = createUploader({
    size_bytes: file.size,
    slice: (from, to) => file.slice(from, to),
    house: {
      create: () =>
        call(createUpload, {
          body: { filename: file.name.slice(-255), size_bytes: file.size, media_type: mediaTypeOf(file) },
        }),
      look: async (upload_id) => {
        const found = await call(getUpload, { params: { upload_id } });
        return { ...found, complete: found.status !== "open" };
      },
      sign: async (upload_id, part_numbers) =>
        (await call(signParts, { params: { upload_id }, body: { part_numbers } })).parts,
      complete: (upload_id, parts) => call(completeUpload, { params: { upload_id }, body: { parts } }),
      abort: (upload_id) => call(abortUpload, { params: { upload_id } }),
    },
    put: putPart,
    named() {},
    changed(now) {
      problem = now.problem;
      changed(now.size_bytes === 0 ? 0 : now.sent_bytes / now.size_bytes);
    },
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
  let made: string | null = null;
  const send = async (): Promise<string | null> => {
    const upload_id = await uploader.run();
    if (upload_id !== null) {
      made = await becomes.make(upload_id);
      return made;
    }
    if (problem !== null) throw new Error(problem);
    return null;
  };
  return {
    done: send(),
    async cancel() {
      if (made === null) await uploader.cancel();
      else await becomes.remove(made);
    },
  };
}
