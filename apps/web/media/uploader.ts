import { backoffMs } from "#kernel/retry.ts";

/**
 * Sends one file in parts, several at a time, and never sends a part twice that the house already has. Pausing lets go
 * of the line; going on asks the house what arrived. It knows nothing of the page: tests drive it with a house of paper.
 */
export type UploadState = "waiting" | "sending" | "paused" | "finishing" | "done" | "failed" | "cancelled";

export interface UploadProgress {
  state: UploadState;
  sent_bytes: number;
  size_bytes: number;
  bytes_per_s: number;
  /** null until there is something to reckon with. */
  left_ms: number | null;
  /** Why it failed, in a sentence. */
  problem: string | null;
}

export interface UploadHouse {
  create(): Promise<{ id: string; part_size_bytes: number; part_count: number }>;
  look(id: string): Promise<{
    part_size_bytes: number;
    part_count: number;
    complete: boolean;
    parts: { part_number: number; etag: string }[];
  }>;
  sign(id: string, part_numbers: number[]): Promise<{ part_number: number; url: string }[]>;
  complete(id: string, parts: { part_number: number; etag: string }[]): Promise<unknown>;
  /**
   * The file's first and last bytes are there, in which its index is, and more is still to be sent: what can begin may begin.
   * Called once in a run. Never rejects: that it cannot begin is no failure of the upload.
   */
  early?(id: string): Promise<void>;
  abort(id: string): Promise<unknown>;
}

export interface UploaderNeeds {
  size_bytes: number;
  slice: (from: number, to: number) => Blob;
  house: UploadHouse;
  /** PUTs a part; resolves to its ETag. @throws PartRefused when storage said no */
  put: (url: string, part: Blob, sent: (bytes: number) => void, signal: AbortSignal) => Promise<string>;
  changed: (progress: UploadProgress) => void;
  /** The upload's name at the house, as soon as there is one: keep it, and a reload can go on. */
  named: (id: string) => void;
  sentence: (error: unknown) => string;
  mayRetry: (error: unknown) => boolean;
  now: () => number;
  random: () => number;
  sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  /** Known from before a reload. */
  id?: string;
}

export const PARTS_AT_ONCE_MAX = 4;
export const SIGNED_AHEAD_MAX = 8;
export const TRIES_PER_PART_MAX = 9;
/** Too large, no room, and an upload that is no more. */
const HOPELESS = new Set([410, 413, 507]);
const BACKOFF = { base_ms: 500, delay_ms_max: 20_000 };
/** Speed is a mean that forgets: half its weight is younger than this. */
const SPEED_HALF_MS = 4_000;
const CHANGED_EVERY_MS = 100;

export class PartRefused extends Error {
  override readonly name = "PartRefused";
  readonly status: number;
  constructor(status: number) {
    super(`storage answered ${status}`);
    this.status = status;
  }
}

export interface Uploader {
  /** Begins, or goes on after a pause or a failure. Resolves to the upload's id when all is there, or null when it stopped. */
  run(): Promise<string | null>;
  pause(): void;
  /** Gives the upload up and frees what it took. */
  cancel(): Promise<void>;
  progress(): UploadProgress;
}

export function createUploader(needs: UploaderNeeds): Uploader {
  let id = needs.id ?? null;
  let state: UploadState = "waiting";
  let problem: string | null = null;
  let stopper = new AbortController();
  let part_size = 0;
  let part_count = 0;
  const etags = new Map<number, string>();
  const flying = new Map<number, number>();
  const urls = new Map<number, string>();
  const speed = createSpeed();
  let told_at = -Infinity;

  const sizeOf = (part: number) => Math.min(part_size, needs.size_bytes - (part - 1) * part_size);
  const sent = () =>
    [...etags.keys()].reduce((sum, part) => sum + sizeOf(part), 0) +
    [...flying.values()].reduce((sum, bytes) => sum + bytes, 0);

  function progress(): UploadProgress {
    const sent_bytes = Math.min(needs.size_bytes, state === "done" ? needs.size_bytes : sent());
    const bytes_per_s = state === "sending" ? speed.bytes_per_s() : 0;
    const left_ms = bytes_per_s > 0 ? ((needs.size_bytes - sent_bytes) / bytes_per_s) * 1000 : null;
    return { state, sent_bytes, size_bytes: needs.size_bytes, bytes_per_s, left_ms, problem };
  }
  function tell(always = true) {
    if (!always && needs.now() - told_at < CHANGED_EVERY_MS) return;
    told_at = needs.now();
    needs.changed(progress());
  }
  function enter(next: UploadState, why: string | null = null) {
    state = next;
    problem = why;
    tell();
  }

  /** Learns what the house already has; a name that it no longer knows begins anew. */
  async function meet(): Promise<boolean> {
    etags.clear();
    flying.clear();
    urls.clear();
    if (id !== null) {
      const known = await needs.house.look(id).catch((error: unknown) => {
        if (needs.mayRetry(error)) throw error;
        return null;
      });
      if (known) {
        part_size = known.part_size_bytes;
        part_count = known.part_count;
        for (const part of known.parts) etags.set(part.part_number, part.etag);
        return known.complete;
      }
    }
    const made = await needs.house.create();
    id = made.id;
    part_size = made.part_size_bytes;
    part_count = made.part_count;
    needs.named(made.id);
    return false;
  }

  async function urlFor(part: number, queue: readonly number[]): Promise<string> {
    if (!urls.has(part)) {
      const numbers = [part, ...queue.filter((other) => !urls.has(other))].slice(0, SIGNED_AHEAD_MAX);
      for (const signed of await needs.house.sign(id!, numbers)) urls.set(signed.part_number, signed.url);
    }
    const url = urls.get(part);
    if (url === undefined) throw new Error(`part ${part} was not signed`);
    return url;
  }

  async function sendPart(part: number, queue: readonly number[], signal: AbortSignal) {
    for (let attempt = 0; ; attempt++) {
      try {
        const url = await urlFor(part, queue);
        let before = 0;
        const from = (part - 1) * part_size;
        const etag = await needs.put(
          url,
          needs.slice(from, from + sizeOf(part)),
          (bytes) => {
            speed.add(bytes - before, needs.now());
            before = bytes;
            flying.set(part, bytes);
            tell(false);
          },
          signal,
        );
        flying.delete(part);
        etags.set(part, etag);
        tell(false);
        return;
      } catch (error) {
        flying.delete(part);
        signal.throwIfAborted();
        // 403: the address ran out. Another one is asked for.
        urls.delete(part);
        const hopeless = error instanceof PartRefused ? HOPELESS.has(error.status) : !needs.mayRetry(error);
        if (hopeless || attempt + 1 >= TRIES_PER_PART_MAX) throw error;
        await needs.sleep(backoffMs(attempt, BACKOFF, needs.random), signal);
      }
    }
  }

  async function sendAll(signal: AbortSignal) {
    const queue = orderOf(part_count).filter((part) => !etags.has(part));
    const begun: Promise<void>[] = [];
    const maybeEarly = () => {
      // Also while the last ones are on their way: on a thin line that is minutes.
      if (etags.size === part_count || begun.length > 0 || !needs.house.early) return;
      if (etags.has(1) && etags.has(part_count)) begun.push(needs.house.early(id!));
    };
    const worker = async () => {
      for (let part = queue.shift(); part !== undefined; part = queue.shift()) {
        await sendPart(part, queue, signal);
        maybeEarly();
      }
    };
    maybeEarly();
    await Promise.all(Array.from({ length: PARTS_AT_ONCE_MAX }, worker));
    // What it began with is whole after this; it must not be asked about a thing that is closed.
    await Promise.all(begun);
  }

  /** Completing twice is harmless, so a lost answer is asked for again. */
  async function completed(parts: { part_number: number; etag: string }[], signal: AbortSignal) {
    for (let attempt = 0; ; attempt++) {
      try {
        return await needs.house.complete(id!, parts);
      } catch (error) {
        signal.throwIfAborted();
        if (!needs.mayRetry(error) || attempt + 1 >= TRIES_PER_PART_MAX) throw error;
        await needs.sleep(backoffMs(attempt, BACKOFF, needs.random), signal);
      }
    }
  }

  return {
    progress,
    async run() {
      if (state === "sending" || state === "finishing" || state === "cancelled") return null;
      if (state === "done") return id;
      stopper = new AbortController();
      const { signal } = stopper;
      enter("sending");
      speed.begin(needs.now());
      try {
        const complete = await meet();
        signal.throwIfAborted();
        if (!complete) {
          await sendAll(signal);
          enter("finishing");
          const parts = [...etags].sort(([a], [b]) => a - b).map(([part_number, etag]) => ({ part_number, etag }));
          await completed(parts, signal);
        }
        enter("done");
        return id;
      } catch (error) {
        if (signal.aborted) return null;
        // The other workers stop too: a part that fails for good ends the whole.
        stopper.abort();
        flying.clear();
        enter("failed", needs.sentence(error));
        return null;
      }
    },
    pause() {
      if (state !== "sending" && state !== "waiting") return;
      stopper.abort();
      flying.clear();
      enter("paused");
    },
    async cancel() {
      stopper.abort();
      flying.clear();
      enter("cancelled");
      if (id !== null) await needs.house.abort(id);
    },
  };
}

/** The first and the last part first: one of them has a film's index, without which nothing can be shown of it. */
export const orderOf = (part_count: number): number[] =>
  part_count < 2 ? [1] : [1, part_count, ...Array.from({ length: part_count - 2 }, (_, at) => at + 2)];

/** Bytes per second as an exponential mean. */
function createSpeed() {
  let rate = 0;
  let at = 0;
  let pending = 0;
  return {
    begin(now: number) {
      at = now;
      pending = 0;
    },
    add(bytes: number, now: number) {
      pending += Math.max(0, bytes);
      const passed = now - at;
      if (passed < 250) return;
      const fresh = (pending / passed) * 1000;
      const keep = rate === 0 ? 0 : 0.5 ** (passed / SPEED_HALF_MS);
      rate = rate * keep + fresh * (1 - keep);
      at = now;
      pending = 0;
    },
    bytes_per_s: () => rate,
  };
}
