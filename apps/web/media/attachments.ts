import { useSyncExternalStore } from "react";

import type { Audience } from "#kernel/wire.ts";
import { createImage, createVideo, getImage, patchImage, patchVideo } from "#systems/media/contract.ts";

import { sentenceOf } from "../client.ts";
import { call } from "../shell/house.ts";
import { sorry } from "../shell/toasts.ts";
import { AT_REST, kindOf, mediaTypeOf, titleOf, uploaderFor } from "./sending.ts";
import { FILE_KEPT_BYTES_MAX, fingerprintOf, shelf, type Shelved } from "./shelf.ts";
import type { Uploader, UploadProgress } from "./uploader.ts";

/** A file on its way into a post. `needs_file`: the browser let go of it at the reload; its owner picks it again. */
export interface Attachment {
  key: string;
  kind: "video" | "image";
  name: string;
  size_bytes: number;
  alt: string;
  preview_url: string | null;
  upload: UploadProgress;
  stage: "uploading" | "making" | "ready" | "failed" | "needs_file";
  problem: string | null;
  media_id: string | null;
}

interface Kept {
  shelved: Shelved;
  file: File | null;
  uploader: Uploader | null;
  /** The house said that this one cannot be begun early; undefined while nobody asked. */
  not_early?: boolean;
  shown: Attachment;
}

export const IMAGES_AT_ONCE_MAX = 3;

const kept = new Map<string, Kept>();
let list: readonly Attachment[] = [];
let audienceNow: () => { audience: Audience; space_id: string | null } = () => ({
  audience: "private",
  space_id: null,
});
const listeners = new Set<() => void>();

/** The composer says for whom the draft is, so that a video is never open to more people than its post. */
export const attachFor = (source: typeof audienceNow) => void (audienceNow = source);

function tell() {
  list = [...kept.values()].map((one) => one.shown);
  for (const listener of listeners) listener();
}

function show(one: Kept, change: Partial<Attachment>) {
  one.shown = { ...one.shown, ...change };
  if (kept.get(one.shown.key) === one) tell();
}

export const attachmentsNow = () => list;
const subscribe = (listener: () => void) => {
  listeners.add(listener);
  return () => void listeners.delete(listener);
};
export const onAttachments = subscribe;
export const useAttachments = () => useSyncExternalStore(subscribe, () => list);

export { kindOf } from "./sending.ts";

export async function addFile(file: File, handle: FileSystemFileHandle | null = null): Promise<void> {
  const kind = kindOf(file);
  if (!kind) return sorry(`${file.name} is neither a picture nor a video that the house takes.`);
  const shelved: Shelved = {
    key: crypto.randomUUID(),
    upload_id: null,
    kind,
    name: file.name,
    media_type: mediaTypeOf(file),
    size_bytes: file.size,
    fingerprint: await fingerprintOf(file),
    alt: "",
    media_id: null,
    file: file.size <= FILE_KEPT_BYTES_MAX ? file : null,
    handle,
    at: kept.size,
  };
  const one = keep(shelved, file);
  await shelf.put(shelved);
  await send(one);
}

/** What the house has already, from a draft that was begun elsewhere. */
export function adopt(media: {
  id: string;
  kind: "video" | "image";
  name: string;
  alt: string;
  preview_url: string | null;
}) {
  const shelved: Shelved = {
    key: crypto.randomUUID(),
    upload_id: null,
    kind: media.kind,
    name: media.name,
    media_type: "",
    size_bytes: 0,
    fingerprint: "",
    alt: media.alt,
    media_id: media.id,
    file: null,
    handle: null,
    at: kept.size,
  };
  const one = keep(shelved, null);
  show(one, { preview_url: media.preview_url });
  void shelf.put(shelved);
}

function keep(shelved: Shelved, file: File | null): Kept {
  const done = shelved.media_id !== null;
  const one: Kept = {
    shelved,
    file,
    uploader: null,
    shown: {
      key: shelved.key,
      kind: shelved.kind,
      name: shelved.name,
      size_bytes: shelved.size_bytes,
      alt: shelved.alt,
      preview_url: file ? URL.createObjectURL(file) : null,
      upload: {
        ...AT_REST,
        size_bytes: shelved.size_bytes,
        state: done ? "done" : "waiting",
        sent_bytes: done ? shelved.size_bytes : 0,
      },
      stage: done ? "ready" : file ? "uploading" : "needs_file",
      problem: null,
      media_id: shelved.media_id,
    },
  };
  kept.set(shelved.key, one);
  tell();
  return one;
}

/** Brings back what a reload interrupted, and goes on with what can go on. */
export async function restore(): Promise<void> {
  if (kept.size > 0) return;
  const found = (await shelf.all()).filter((shelved) => !shelved.studio).sort((a, b) => a.at - b.at);
  const ones = found.filter((shelved) => !kept.has(shelved.key)).map((shelved) => keep(shelved, shelved.file));
  await Promise.all(
    ones.map(async (one) => {
      if (one.shown.stage === "ready") return;
      if (!one.file && one.shelved.handle && (await permission(one.shelved.handle, "query")))
        give(one, await one.shelved.handle.getFile());
      if (one.file) await send(one);
    }),
  );
}

type Permitting = FileSystemFileHandle & {
  queryPermission?: (of: { mode: "read" }) => Promise<string>;
  requestPermission?: (of: { mode: "read" }) => Promise<string>;
};
async function permission(handle: Permitting, how: "query" | "request"): Promise<boolean> {
  const asked = how === "query" ? handle.queryPermission : handle.requestPermission;
  return (await asked?.call(handle, { mode: "read" }).catch(() => "denied")) === "granted";
}

function give(one: Kept, file: File) {
  one.file = file;
  show(one, { preview_url: URL.createObjectURL(file), stage: "uploading", problem: null });
}

/** Asks the browser for the file it once gave; false where its owner has to pick it. */
export async function reopen(key: string): Promise<boolean> {
  const one = kept.get(key);
  if (!one?.shelved.handle || !(await permission(one.shelved.handle, "request"))) return false;
  give(one, await one.shelved.handle.getFile());
  void send(one);
  return true;
}

/** @returns false where it is another file than the one that was begun */
export async function repick(key: string, file: File): Promise<boolean> {
  const one = kept.get(key);
  if (!one || (await fingerprintOf(file)) !== one.shelved.fingerprint) return false;
  give(one, file);
  void send(one);
  return true;
}

async function send(one: Kept): Promise<void> {
  const { file, shelved } = one;
  if (!file) return;
  one.uploader ??= uploaderFor({
    shelved,
    file,
    ...(shelved.kind === "video" ? { begin: (upload_id) => videoOf(one, upload_id, true) } : {}),
    notEarly: (refused) => (one.not_early = refused),
    renewed: () => delete one.not_early,
    changed: (upload) =>
      show(one, { upload, ...(upload.state === "failed" ? { stage: "failed", problem: upload.problem } : {}) }),
  });
  show(one, { stage: "uploading", problem: null });
  const upload_id = await one.uploader.run();
  if (upload_id !== null) await make(one, upload_id);
}

async function videoOf({ shelved }: Kept, upload_id: string, early: boolean): Promise<string> {
  const { audience, space_id } = audienceNow();
  const made = await call(createVideo, {
    body: {
      upload_id,
      title: titleOf(shelved.name),
      audience: audience === "space" && space_id === null ? "private" : audience,
      ...(audience === "space" && space_id !== null ? { space_id } : {}),
      ...(early ? { early } : {}),
    },
    once: `${shelved.key}:${audience}${early ? ":early" : ""}`,
  });
  return made.id;
}

const IMAGE_POLL_MS = 800;

/** The bytes are there: now it becomes a picture or a video, which the house goes on with by itself. */
async function make(one: Kept, upload_id: string): Promise<void> {
  const { shelved } = one;
  show(one, { stage: "making" });
  try {
    if (shelved.kind === "video") {
      shelved.media_id = shelved.early_id ?? (await videoOf(one, upload_id, one.not_early === false));
    } else {
      let image = await call(createImage, { body: { upload_id, alt: shelved.alt }, once: shelved.key });
      while (image.status === "processing") {
        await new Promise((resolve) => setTimeout(resolve, IMAGE_POLL_MS));
        image = await call(getImage, { params: { image_id: image.id } });
      }
      if (image.status === "failed") throw new Error(image.failure?.detail ?? "This picture could not be read.");
      shelved.media_id = image.id;
    }
    await shelf.put(shelved);
    show(one, { stage: "ready", media_id: shelved.media_id });
  } catch (error) {
    show(one, {
      stage: "failed",
      problem: error instanceof Error && error.constructor === Error ? error.message : sentenceOf(error),
    });
  }
}

export function pauseUpload(key: string) {
  kept.get(key)?.uploader?.pause();
}

/** Goes on after a pause or a failure. */
export function goOn(key: string) {
  const one = kept.get(key);
  if (one) void send(one);
}

/** Takes a file out of the draft; what the house already has of it is freed. */
export function removeAttachment(key: string) {
  const one = kept.get(key);
  if (!one) return;
  forget(one);
  if (one.shelved.media_id === null) void one.uploader?.cancel().catch(() => {});
}

function forget(one: Kept) {
  kept.delete(one.shown.key);
  if (one.shown.preview_url) URL.revokeObjectURL(one.shown.preview_url);
  void shelf.remove(one.shown.key);
  tell();
}

/** After the post is out. */
export function clearAttachments() {
  for (const one of Array.from(kept.values())) forget(one);
}

export function setAlt(key: string, alt: string) {
  const one = kept.get(key);
  if (!one) return;
  one.shelved.alt = alt;
  show(one, { alt });
}

/** Right before posting: the words for the pictures and who may see the video are what they are now. */
export async function settleAttachments(): Promise<{ video_id: string | null; image_ids: string[] }> {
  const { audience, space_id } = audienceNow();
  for (const { shelved } of kept.values()) {
    if (shelved.media_id === null) continue;
    if (shelved.kind === "video") {
      await call(patchVideo, {
        params: { video_id: shelved.media_id },
        body: { audience, ...(audience === "space" && space_id !== null ? { space_id } : {}) },
      });
    } else if (shelved.alt !== "") {
      await call(patchImage, { params: { image_id: shelved.media_id }, body: { alt: shelved.alt } });
    }
  }
  const ids = (kind: "video" | "image") =>
    [...kept.values()].filter((one) => one.shelved.kind === kind).map((one) => one.shelved.media_id ?? "");
  return { video_id: ids("video")[0] ?? null, image_ids: ids("image") };
}
