import type { UploadState } from "../uploader.ts";

/** A file, as far as it matters whose turn it is. */
export interface Waiting {
  key: string;
  stage: "queued" | "uploading" | "making" | "failed" | "needs_file";
  upload: { state: UploadState };
}

/** Each sends four parts at a time; more files would only slow each other down. */
export const FILES_AT_ONCE_MAX = 2;

/** The files whose turn it is now, in their order. Who pauses one lets the next begin. */
export function beginNext(files: readonly Waiting[]): ReadonlySet<string> {
  const busy = files.filter(
    ({ stage, upload }) => stage === "making" || (stage === "uploading" && upload.state !== "paused"),
  ).length;
  const queued = files.filter(({ stage }) => stage === "queued");
  return new Set(queued.slice(0, Math.max(0, FILES_AT_ONCE_MAX - busy)).map(({ key }) => key));
}
