import { useSyncExternalStore } from "react";

import type { Audience } from "#kernel/wire.ts";
import { abortUpload, createVideo, deleteVideo, replaceVideo } from "#systems/media/contract.ts";

import { sentenceOf } from "../../client.ts";
import { call, queries } from "../../shell/house.ts";
import { FORGET } from "../../shell/session.ts";
import { sorry } from "../../shell/toasts.ts";
import { AT_REST, kindOf, mediaTypeOf, titleOf, uploaderFor } from "../sending.ts";
import { FILE_KEPT_BYTES_MAX, fingerprintOf, shelf, type Shelved } from "../shelf.ts";
import type { Uploader, UploadProgress } from "../uploader.ts";
import { beginNext, type Waiting } from "./turns.ts";

/** A file that becomes a film of its own, or takes the place of one. */
export interface StudioUpload extends Waiting {
  name: string;
  size_bytes: number;
  upload: UploadProgress;
  problem: string | null;
  /** The film that it is already, where it was begun early. */
  video_id: string | null;
  replaces: string | null;
}

interface Kept {
  shelved: Shelved;
  file: File | null;
  uploader: Uploader | null;
  not_early: boolean | null;
  shown: StudioUpload;
}

export const FILES_MAX = 50;

const kept = new Map<string, Kept>();
const listeners = new Set<() => void>();
let list: readonly StudioUpload[] = [];
let restored = false;

function tell() {
  list = [...kept.values()].map((one) => one.shown);
  for (const listener of listeners) listener();
}

const subscribe = (listener: () => void) => {
  listeners.add(listener);
  return () => void listeners.delete(listener);
};
export const useStudioUploads = () => useSyncExternalStore(subscribe, () => list);

function show(one: Kept, change: Partial<StudioUpload>) {
  one.shown = { ...one.shown, ...change };
  if (kept.get(one.shown.key) === one) tell();
}

let listening = false;

/** From the first file on: what is sent goes with its sender, and a page that is left while files are sent says so first. */
function listen() {
  if (listening) return;
  listening = true;
  addEventListener(FORGET, () => {
    for (const one of kept.values()) one.uploader?.pause();
    kept.clear();
    restored = false;
    tell();
  });
  addEventListener("beforeunload", (event) => {
    if (list.some((file) => file.stage === "uploading" && file.upload.state === "sending")) event.preventDefault();
  });
}

export interface For {
  audience: Audience;
  space_id: string | null;
  /** The film whose file this one replaces. */
  replaces?: string;
}

export async function sendFiles(files: readonly File[], { audience, space_id, replaces }: For): Promise<void> {
  const films = files.filter((file) => kindOf(file) === "video");
  for (const other of files.filter((file) => !films.includes(file)))
    sorry(`${other.name} is no video that the house takes.`);
  for (const file of films) {
    if (kept.size >= FILES_MAX) return sorry(`${FILES_MAX} files at a time. Send the others when these have arrived.`);
    const shelved: Shelved = {
      key: crypto.randomUUID(),
      upload_id: null,
      kind: "video",
      name: file.name,
      media_type: mediaTypeOf(file),
      size_bytes: file.size,
      fingerprint: await fingerprintOf(file),
      alt: "",
      media_id: null,
      file: file.size <= FILE_KEPT_BYTES_MAX ? file : null,
      handle: null,
      at: kept.size,
      studio: { audience, space_id, replaces: replaces ?? null },
    };
    keep(shelved, file);
    await shelf.put(shelved);
  }
  goOnWithNext();
}

function keep(shelved: Shelved, file: File | null): Kept {
  const one: Kept = {
    shelved,
    file,
    uploader: null,
    not_early: null,
    shown: {
      key: shelved.key,
      name: shelved.name,
      size_bytes: shelved.size_bytes,
      upload: { ...AT_REST, size_bytes: shelved.size_bytes },
      stage: file ? "queued" : "needs_file",
      problem: null,
      video_id: shelved.early_id ?? null,
      replaces: shelved.studio?.replaces ?? null,
    },
  };
  listen();
  kept.set(shelved.key, one);
  tell();
  return one;
}

/** Brings back what a reload interrupted; large files have to be picked again. */
export async function restoreUploads(): Promise<void> {
  if (restored) return;
  restored = true;
  const found = (await shelf.all()).filter((shelved) => shelved.studio && !kept.has(shelved.key));
  for (const shelved of found.sort((a, b) => a.at - b.at)) keep(shelved, shelved.file);
  goOnWithNext();
}

function goOnWithNext() {
  const all = [...kept.values()];
  const begin = beginNext(all.map(({ shown }) => shown));
  for (const one of all) if (begin.has(one.shown.key)) void send(one);
}

/** Never rejects: what went wrong stands beside the file. */
async function send(one: Kept): Promise<void> {
  const { file, shelved } = one;
  if (!file) return;
  const replaces = shelved.studio?.replaces ?? null;
  one.uploader ??= uploaderFor({
    shelved,
    file,
    ...(replaces === null
      ? {
          begin: async (upload_id) => {
            const id = await videoOf(one, upload_id, true);
            show(one, { video_id: id });
            void filmsChanged();
            return id;
          },
        }
      : {}),
    notEarly: (refused) => (one.not_early = refused),
    renewed: () => (one.not_early = null),
    changed: (upload) =>
      show(one, { upload, ...(upload.state === "failed" ? { stage: "failed", problem: upload.problem } : {}) }),
  });
  show(one, { stage: "uploading", problem: null });
  const upload_id = await one.uploader.run();
  if (upload_id !== null) await make(one, upload_id, replaces);
  goOnWithNext();
}

async function make(one: Kept, upload_id: string, replaces: string | null): Promise<void> {
  show(one, { stage: "making" });
  try {
    if (replaces !== null) {
      await call(replaceVideo, { params: { video_id: replaces }, body: { upload_id }, once: one.shelved.key });
      await queries.invalidateQueries({ queryKey: ["/v1/videos/{video_id}/edits", { video_id: replaces }] });
    } else if (one.shelved.early_id === undefined) {
      await videoOf(one, upload_id, one.not_early === false);
    }
    // Told of before the file leaves the list, so that its place is never empty.
    await filmsChanged();
    forget(one);
  } catch (error) {
    show(one, { stage: "failed", problem: sentenceOf(error) });
  }
}

async function videoOf({ shelved }: Kept, upload_id: string, early: boolean): Promise<string> {
  const { audience, space_id } = shelved.studio ?? { audience: "private", space_id: null };
  const made = await call(createVideo, {
    body: {
      upload_id,
      title: titleOf(shelved.name),
      audience: audience === "space" && space_id === null ? "private" : audience,
      ...(audience === "space" && space_id !== null ? { space_id } : {}),
      ...(early ? { early } : {}),
    },
    once: `${shelved.key}${early ? ":early" : ""}`,
  });
  return made.id;
}

/** What was read of one's films is read anew where it is looked at. */
export const filmsChanged = () =>
  queries.invalidateQueries({
    predicate: ({ queryKey }) => queryKey[0] === "/v1/videos" || queryKey[0] === "/v1/media/storage/mine",
  });

export const pauseFile = (key: string) => kept.get(key)?.uploader?.pause();

/** Goes on after a pause or a failure. */
export function resumeFile(key: string) {
  const one = kept.get(key);
  if (one) void send(one);
}

/** @returns false where it is another file than the one that was begun */
export async function repickFile(key: string, file: File): Promise<boolean> {
  const one = kept.get(key);
  if (!one || (await fingerprintOf(file)) !== one.shelved.fingerprint) return false;
  one.file = file;
  void send(one);
  return true;
}

/** What the house already has of it is freed. */
export function giveUpFile(key: string) {
  const one = kept.get(key);
  if (!one) return;
  forget(one);
  void freed(one).then(filmsChanged, filmsChanged);
  goOnWithNext();
}

async function freed({ uploader, shelved }: Kept): Promise<void> {
  if (uploader) return uploader.cancel();
  if (shelved.early_id !== undefined) await call(deleteVideo, { params: { video_id: shelved.early_id } });
  else if (shelved.upload_id !== null) await call(abortUpload, { params: { upload_id: shelved.upload_id } });
}

function forget(one: Kept) {
  kept.delete(one.shown.key);
  void shelf.remove(one.shown.key);
  tell();
}
