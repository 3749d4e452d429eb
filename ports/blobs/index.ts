/**
 * Bytes by name. Names are made by the server and look like `videos/123/480/init.mp4`; a client's file name never
 * reaches one (the grammar is `names.ts`). The database holds names and numbers, never bytes; clients put and fetch
 * through signed URLs. A *prefix* is always a folder and ends in `/`, so that `videos/12/` never means `videos/123/`.
 */
export interface Blobs extends AsyncDisposable {
  /** Atomic: a reader sees the whole old or the whole new blob, and after a resolve it survives a crash. */
  put(name: string, body: BlobBody, options: PutOptions): Promise<BlobHead>;
  /** @throws Problem 404 `blob.not_found` */
  get(name: string, range?: ByteRange): Promise<{ head: BlobHead; body: ReadableStream<Uint8Array> }>;
  head(name: string): Promise<BlobHead | null>;
  /** Deleting what is not there is not an error. */
  delete(names: string[]): Promise<void>;
  /** Names under a prefix ("" for all) in byte order, at most `LIST_NAMES_MAX` at once. */
  list(
    prefix: string,
    options?: { after?: string; limit?: number },
  ): Promise<{ names: string[]; next_after: string | null }>;
  /** The same with size and age, for whoever looks after the store: no call per blob. */
  measure(
    prefix: string,
    options?: { after?: string; limit?: number },
  ): Promise<{ blobs: BlobMeasure[]; next_after: string | null }>;
  /** @returns how many blobs went */
  deletePrefix(prefix: string): Promise<number>;

  /**
   * A stable URL that any cache can keep for a year. Only for names below `public/`; nothing else is served unsigned.
   * @throws RangeError for any other name
   */
  urlPublic(name: string): string;
  /**
   * A URL for GET (and HEAD) of everything else, good until `expires_at_ms`. Equal arguments give an equal URL, so
   * round the moment up (to an hour, say) where a browser should find it in its cache again.
   */
  urlSigned(name: string, options: { expires_at_ms: number; download_as?: string }): string;
  /** Signs everything below a prefix at once: a playlist's relative names work under it. Ends in `/`. */
  urlSignedPrefix(prefix: string, expires_at_ms: number): string;

  multipart: Multipart;
  /** A local copy or the file itself, for programs that need a path; gone after disposal if it was a copy. Read only. */
  localFile(name: string): Promise<AsyncDisposable & { path: string }>;
  /** Free bytes where blobs are kept, or null where the store does not tell. */
  freeBytes(): Promise<number | null>;
  /**
   * Frees what crashes and overwrites left behind, if it is older than a moment (an hour ago, say): never a blob, never
   * an open upload. @returns how many files went
   */
  sweep(older_than_ms: number): Promise<number>;
  /**
   * Names one that makes what is not stored when somebody asks for it; `handler` has checked the address by then. There is
   * one at most, and the last that was named counts.
   */
  onMissing(maker: MissingMaker): void;
  /** Names the one who may take back what an address allows. There is one at most, and the last that was named counts. */
  guardWith(guard: Guard): void;
  /**
   * Binds every signed address in a text to a holder: opaque to us, `[A-Za-z0-9_-]{1,64}`, and what `Guard` is asked about.
   * Text that a stranger wrote may be in it: an address that was not signed by us is worth as little afterwards.
   */
  bindTo(text: string, holder: string): string;
  /**
   * Serves `/blobs/*`: signatures, ranges, ETags, part uploads; and `/blobs-allow/*`, where an edge asks whether it may
   * serve what it keeps. Never throws; refusals are problem details.
   */
  handler: (request: Request) => Promise<Response>;
}

/** Asked about addresses that are right by themselves. */
export interface Guard {
  /** Whether this holder may not see any more what was signed for them. Asked at each request, so from memory. */
  isRevoked(holder: string): boolean;
  /**
   * Whether what lies at a name was taken away from who asks with this holder (null without one), while its bytes still wait to
   * be moved or deleted. Asked at each request, so nearly always from memory.
   */
  isWithdrawn?(name: string, holder: string | null): Promise<boolean>;
  /**
   * For a cache that keeps bytes away from here: whether the thing that a name (or, ending in `/`, a folder) belongs to may
   * still be shown; null when the name is none of the guard's, and then the store is asked.
   */
  isShown(name: string): Promise<boolean | null>;
}

/** Makes blobs on demand. */
export interface MissingMaker {
  /** Whether a name could be one that it makes, by its form alone: asked often, so it costs next to nothing. */
  mayMake(name: string): boolean;
  /**
   * The bytes that the name stands for, now and for ever; `stored` when the store has them by now; null when there are none.
   * A thrown Problem is the answer (503 with `Retry-After` where the wait would be too long).
   * @param signal fires when the caller has left
   */
  make(name: string, signal: AbortSignal): Promise<MadeBlob | "stored" | null>;
}

export interface MadeBlob {
  bytes: Uint8Array<ArrayBuffer>;
  media_type: string;
}

export interface PutOptions {
  media_type: string;
  /** `immutable` (nothing said): this name never gets other bytes. `no-cache`: caches ask each time, by ETag. */
  cache_control?: CacheRule;
}

export type CacheRule = "immutable" | "no-cache";

/** S3-style multipart. Part numbers are 1…10,000 without a gap; all parts but the last are of equal size. */
export interface Multipart {
  /**
   * @param options.part_size_bytes the size of every part but the last. Known, the file engine writes each part where it
   * belongs in the whole, and completing costs no copy; unknown, the size of
   * the part that comes first is taken for it, and only parts that do not fit it are copied.
   */
  create(name: string, options: { media_type: string; part_size_bytes?: number }): Promise<{ multipart_id: string }>;
  /** A URL for one PUT of exactly `size_bytes`; answers 200 with an `ETag`. A part may be put again until `complete`. */
  signPart(
    name: string,
    multipart_id: string,
    part_number: number,
    size_bytes: number,
    expires_at_ms: number,
  ): Promise<string>;
  /**
   * Stores one part whose bytes pass through us, for protocols that cannot hand out an address. A body that throws, is too
   * short or too long leaves nothing.
   */
  putPart(
    name: string,
    multipart_id: string,
    part_number: number,
    size_bytes: number,
    body: AsyncIterable<Uint8Array>,
  ): Promise<PartInfo>;
  /**
   * Goes on with an upload that comes in order, from `at_bytes` (what the last call gave, or 0) to the end of the body;
   * bytes are cut into parts here. One at a time for each upload, and never beside `putPart` or `signPart`: the caller sees to it. A body
   * that throws makes this throw, and what came after the last `durable` does not count.
   * @returns the offset up to which every byte survives a crash
   */
  append(
    name: string,
    multipart_id: string,
    at_bytes: number,
    body: AsyncIterable<Uint8Array>,
    options: AppendOptions,
  ): Promise<number>;
  /**
   * What has arrived of an upload, for who can begin with less than all of it. From the first call on, a part that was
   * acknowledged takes no other bytes, so that what was read stays true; parts that were put twice before are not in it.
   * @returns null where the store cannot give it, and for an upload that is not (or no longer) there
   */
  partial(name: string, multipart_id: string): Promise<PartialFile | null>;
  /** In order of number. Empty for an upload that is not (or no longer) there. */
  listParts(name: string, multipart_id: string): Promise<PartInfo[]>;
  /**
   * Completing again after success (an answer was lost) gives the head again.
   * @throws Problem 422 `upload.part_mismatch` when a part is missing or its ETag differs
   * @throws Problem 410 `upload.gone` when it was aborted or never begun
   */
  complete(name: string, multipart_id: string, parts: { part_number: number; etag: string }[]): Promise<BlobHead>;
  /** Frees the storage and cuts parts that are on their way. Aborting twice, or what is not there, is not an error. */
  abort(name: string, multipart_id: string): Promise<void>;
  /** Uploads begun before a moment, for the collector of orphans. */
  listOpen(begun_before_ms: number): Promise<{ name: string; multipart_id: string }[]>;
}

export interface AppendOptions {
  /** Of every part but the last; the same in each call. */
  part_size_bytes: number;
  /** Asked at the end of the body: is this offset the end of the whole? Then the last part may be short. */
  isEnd: (offset_bytes: number) => boolean;
  /** Told after each whole part, before the body goes on. */
  durable?: (offset_bytes: number) => Promise<void>;
}

/** `move` gives the file away: it is renamed into place where that can be, and gone from its path afterwards. */
export type BlobBody = Uint8Array | ReadableStream<Uint8Array> | { path: string; move?: boolean };

/** A file of which only these bytes mean anything, sorted and apart. It goes when the upload is completed or aborted. */
export interface PartialFile {
  path: string;
  ranges: ByteRange[];
}

export interface ByteRange {
  start: number;
  end_exclusive: number;
}

export interface BlobHead {
  name: string;
  size_bytes: number;
  media_type: string;
  /** Strong, without quotes: the MD5 of the bytes, or `md5-n` for what came in n parts, as S3 has it. */
  etag: string;
  modified_at: Date;
}

export type BlobMeasure = Pick<BlobHead, "name" | "size_bytes" | "modified_at">;

export interface PartInfo {
  part_number: number;
  size_bytes: number;
  etag: string;
}

export * from "./bounds.ts";
export { createFileBlobs, type FileBlobsNeeds } from "./files/index.ts";
