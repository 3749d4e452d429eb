import type { Audience } from "#kernel/wire.ts";

/**
 * Unfinished uploads, kept in the browser's own database so that a reload loses nothing. Small files are kept whole,
 * of large ones only the handle (where the browser gives one) or else a fingerprint, by which the same file is known
 * again when its owner picks it once more.
 */
export interface Shelved {
  key: string;
  upload_id: string | null;
  kind: "video" | "image";
  name: string;
  media_type: string;
  size_bytes: number;
  fingerprint: string;
  alt: string;
  /** What the house made of it, once it did. */
  media_id: string | null;
  /** A video that was begun while its file is still on its way. */
  early_id?: string;
  file: File | null;
  handle: FileSystemFileHandle | null;
  /** Place in the post. */
  at: number;
  /** Sent in the studio, for no post: who sees the film, and which film's file it replaces, if it does. */
  studio?: { audience: Audience; space_id: string | null; replaces: string | null };
}

/** Larger files are not copied into the browser's database. */
export const FILE_KEPT_BYTES_MAX = 256 * 1024 * 1024;
const SAMPLE_BYTES = 64 * 1024;
const STORE = "uploads";

/** Name, size, and a hash of the first and last 64 KiB: enough to know a file again, cheap for any size. */
export async function fingerprintOf(file: Blob & { name: string }): Promise<string> {
  const ends = new Blob([file.slice(0, SAMPLE_BYTES), file.slice(Math.max(0, file.size - SAMPLE_BYTES))]);
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", await ends.arrayBuffer()));
  return `${file.size}:${Array.from(hash.subarray(0, 16), (byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}

let opened: Promise<IDBDatabase> | null = null;

function database(): Promise<IDBDatabase> {
  opened ??= new Promise((resolve, reject) => {
    const request = indexedDB.open("folkhus", 1);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE, { keyPath: "key" });
    request.onsuccess = () => {
      // Another page that forgets everything does not have to wait for this one.
      request.result.onversionchange = () => {
        request.result.close();
        opened = null;
      };
      resolve(request.result);
    };
    request.onerror = () => reject(request.error ?? new Error("IndexedDB is closed to this page"));
  });
  return opened;
}

async function within<T>(mode: IDBTransactionMode, work: (store: IDBObjectStore) => IDBRequest<T>): Promise<T> {
  const db = await database();
  return await new Promise<T>((resolve, reject) => {
    const request = work(db.transaction(STORE, mode).objectStore(STORE));
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error("IndexedDB refused"));
  });
}

/** Keeping is a kindness, not a promise: where the browser has no room, the upload goes on and only a reload would lose it. */
const kindly = async (work: Promise<unknown>): Promise<void> => {
  await work.catch(() => undefined);
};

export const shelf = {
  put: (entry: Shelved) => kindly(within<IDBValidKey>("readwrite", (store) => store.put(entry))),
  remove: (key: string) => kindly(within<undefined>("readwrite", (store) => store.delete(key))),
  all: async (): Promise<Shelved[]> =>
    await within<Shelved[]>("readonly", (store) => store.getAll() as IDBRequest<Shelved[]>).catch(() => []),
};
