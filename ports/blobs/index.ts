/**
 * Bytes by name. Names are made by the server and look like `videos/123/480/init.mp4`; a client's file name never
 * reaches one. The database holds names and numbers, never bytes; clients put and fetch through signed URLs.
 */
export interface Blobs extends AsyncDisposable {
  /** Atomic: a reader sees the whole old or the whole new blob, and after a resolve it survives a crash. */
  put(name: string, body: BlobBody, options: { media_type: string; cache_control?: string }): Promise<BlobHead>;
  /** @throws Problem 404 `blob.not_found` */
  get(name: string, range?: { start: number; end_exclusive: number }): Promise<{ head: BlobHead; body: ReadableStream<Uint8Array> }>;
  head(name: string): Promise<BlobHead | null>;
  /** Deleting what is not there is not an error. */
  delete(names: string[]): Promise<void>;
  /** Names under a prefix in byte order. */
  list(prefix: string, options?: { after?: string; limit?: number }): Promise<{ names: string[]; next_after: string | null }>;
  deletePrefix(prefix: string): Promise<number>;

  /**
   * A URL for GET (and HEAD). Public media use `urlPublic`, a stable name that a cache can keep for a year; everything
   * else is signed until `expires_at_ms`.
   */
  urlSigned(name: string, options: { expires_at_ms: number; download_as?: string }): string;
  /** Signs everything below a prefix at once: a playlist's relative names work under it. Ends in `/`. */
  urlSignedPrefix(prefix: string, expires_at_ms: number): string;

  multipart: Multipart;
  /** A local copy or the file itself, for programs that need a path; gone after disposal if it was a copy. */
  localFile(name: string): Promise<AsyncDisposable & { path: string }>;
  /** Free bytes where blobs are kept, or null where the store does not tell. */
  freeBytes(): Promise<number | null>;
  /** Serves `/blobs/*`: signatures, ranges, ETags, part uploads. Null where clients talk to the store itself. */
  handler: ((request: Request) => Promise<Response>) | null;
}

/** S3-style multipart. Part numbers are 1…10,000; all parts but the last are of equal size. */
export interface Multipart {
  create(name: string, options: { media_type: string }): Promise<{ multipart_id: string }>;
  /** A URL for one PUT of exactly `size_bytes`; answers 200 with an `ETag`. */
  signPart(name: string, multipart_id: string, part_number: number, size_bytes: number, expires_at_ms: number): Promise<string>;
  listParts(name: string, multipart_id: string): Promise<PartInfo[]>;
  /** @throws Problem 422 `upload.part_mismatch` when a part is missing or its ETag differs */
  complete(name: string, multipart_id: string, parts: { part_number: number; etag: string }[]): Promise<BlobHead>;
  /** Frees the storage. Aborting twice, or what is not there, is not an error. */
  abort(name: string, multipart_id: string): Promise<void>;
  /** Uploads begun before a moment, for the collector of orphans. */
  listOpen(begun_before_ms: number): Promise<{ name: string; multipart_id: string }[]>;
}

export type BlobBody = Uint8Array | ReadableStream<Uint8Array> | { path: string };

export interface BlobHead {
  name: string;
  size_bytes: number;
  media_type: string;
  etag: string;
  modified_at: Date;
}

export interface PartInfo {
  part_number: number;
  size_bytes: number;
  etag: string;
}
