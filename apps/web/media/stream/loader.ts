import type Hls from "hls.js";
import type { HlsConfig, Loader, LoaderCallbacks, LoaderConfiguration, LoaderContext, LoaderStats } from "hls.js";

import { type Fetched, takeEarly } from "./early.ts";
import { retryAfter, waitBefore } from "./patience.ts";

type LoaderClass = new (config: HlsConfig) => Loader<LoaderContext>;

/** The loader of all lists and segments: takes what was fetched early, and waits where the house asks for patience. */
export const patientLoader = (): typeof Hls.DefaultConfig.loader => PatientLoader as LoaderClass;

class PatientLoader implements Loader<LoaderContext> {
  context: LoaderContext | null = null;
  stats: LoaderStats = emptyStats();
  #ended = false;
  #stop = new AbortController();
  #headers: Headers | null = null;
  #callbacks: LoaderCallbacks<LoaderContext> | null = null;

  load(context: LoaderContext, config: LoaderConfiguration, callbacks: LoaderCallbacks<LoaderContext>) {
    this.context = context;
    this.#callbacks = callbacks;
    this.stats.loading.start = performance.now();
    // Its failures are told to the callbacks; it never throws.
    void this.#run(context, config, callbacks);
  }

  abort() {
    if (this.#ended) return;
    this.#end();
    this.stats.aborted = true;
    this.#stop.abort();
    if (this.context) this.#callbacks?.onAbort?.(this.stats, this.context, null);
  }

  destroy() {
    this.#callbacks = null;
    if (!this.#ended) {
      this.stats.aborted = true;
      this.#stop.abort();
    }
    this.#end();
    this.context = null;
  }

  getCacheAge = () => null;
  getResponseHeader = (name: string) => this.#headers?.get(name) ?? null;

  #end() {
    this.#ended = true;
  }

  async #run(context: LoaderContext, config: LoaderConfiguration, callbacks: LoaderCallbacks<LoaderContext>) {
    const early = context.rangeEnd ? null : takeEarly(new URL(context.url, location.href).href);
    const fetched = early && (await early);
    if (this.#ended) return;
    if (fetched) {
      this.#learn(fetched);
      this.#succeed(fetched.url, fetched.body, null, context, callbacks);
      return;
    }
    for (let tried = 1; ; tried++) {
      const outcome = await this.#once(context, config);
      if (this.#ended) return;
      if (outcome.kind === "whole") {
        this.#succeed(outcome.answer.url, outcome.body, outcome.answer, context, callbacks);
        return;
      }
      if (outcome.kind === "late") {
        this.#end();
        callbacks.onTimeout(this.stats, context, null);
        return;
      }
      const wait_ms = waitBefore(tried, outcome, Math.random());
      if (wait_ms === null) {
        this.#end();
        callbacks.onError({ code: outcome.status, text: outcome.text }, context, null, this.stats);
        return;
      }
      await pause(wait_ms, this.#stop.signal);
      if (this.#ended) return;
      // The wait says nothing about the line.
      this.stats.loading.start = performance.now();
      this.stats.retry += 1;
    }
  }

  async #once(context: LoaderContext, { loadPolicy }: LoaderConfiguration): Promise<Outcome> {
    const { stats } = this;
    stats.loading.first = 0;
    stats.loaded = 0;
    const mine = new AbortController();
    const forward = () => mine.abort();
    this.#stop.signal.addEventListener("abort", forward, { once: true });
    const first_ms = loadPolicy.maxTimeToFirstByteMs;
    // hls.js says Infinity for "no bound of its own", which a timer takes for 0.
    let timer = setTimeout(forward, Number.isFinite(first_ms) && first_ms > 0 ? first_ms : loadPolicy.maxLoadTimeMs);
    try {
      const answer = await fetch(context.url, { headers: headersOf(context), signal: mine.signal });
      stats.loading.first = performance.now();
      this.#headers = answer.headers;
      clearTimeout(timer);
      timer = setTimeout(forward, loadPolicy.maxLoadTimeMs);
      if (!answer.ok) {
        const retry_after_s = retryAfter(answer.headers.get("retry-after"), Date.now());
        return { kind: "refused", status: answer.status, text: answer.statusText, retry_after_s };
      }
      return { kind: "whole", answer, body: await this.#read(answer) };
    } catch (error) {
      if (mine.signal.aborted) return { kind: "late" };
      return { kind: "refused", status: 0, text: String(error), retry_after_s: null };
    } finally {
      clearTimeout(timer);
      this.#stop.signal.removeEventListener("abort", forward);
    }
  }

  /** Piece by piece, so that the player sees a line that became slow and changes to a smaller picture. */
  async #read(answer: Response): Promise<ArrayBuffer> {
    const { stats } = this;
    stats.total = Number(answer.headers.get("content-length")) || 0;
    if (!answer.body) return answer.arrayBuffer();
    const pieces: Uint8Array<ArrayBuffer>[] = [];
    for await (const piece of answer.body as unknown as AsyncIterable<Uint8Array<ArrayBuffer>>) {
      pieces.push(piece);
      stats.loaded += piece.byteLength;
    }
    if (pieces.length === 1 && pieces[0]!.byteLength === pieces[0]!.buffer.byteLength) return pieces[0]!.buffer;
    return new Blob(pieces).arrayBuffer();
  }

  /** As if it had come just now: the time it lay here says nothing about the line. */
  #learn({ began_ms, first_ms, ended_ms }: Fetched) {
    const now = performance.now();
    this.stats.loading.start = now - (ended_ms - began_ms);
    this.stats.loading.first = now - (ended_ms - first_ms);
  }

  #succeed(
    url: string,
    body: ArrayBuffer,
    answer: Response | null,
    context: LoaderContext,
    callbacks: LoaderCallbacks<LoaderContext>,
  ) {
    const { stats } = this;
    this.#end();
    stats.loading.end = Math.max(performance.now(), stats.loading.first);
    stats.loaded = stats.total = body.byteLength;
    stats.bwEstimate = (stats.total * 8000) / Math.max(1, stats.loading.end - stats.loading.first);
    const data = context.responseType === "arraybuffer" ? body : told(body, context.responseType);
    callbacks.onProgress?.(stats, context, data as string | ArrayBuffer, answer);
    callbacks.onSuccess({ url, data, code: 200 }, stats, context, answer);
  }
}

type Outcome =
  | { kind: "whole"; answer: Response; body: ArrayBuffer }
  | { kind: "late" }
  | { kind: "refused"; status: number; text: string; retry_after_s: number | null };

const told = (body: ArrayBuffer, type: string): string | object => {
  const text = new TextDecoder().decode(body);
  return type === "json" ? (JSON.parse(text) as object) : text;
};

const headersOf = ({ headers, rangeStart, rangeEnd }: LoaderContext): Record<string, string> => ({
  ...headers,
  ...(rangeEnd ? { range: `bytes=${rangeStart ?? 0}-${rangeEnd - 1}` } : {}),
});

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener("abort", done);
  });
}

function emptyStats(): LoaderStats {
  return {
    aborted: false,
    loaded: 0,
    retry: 0,
    total: 0,
    chunkCount: 0,
    bwEstimate: 0,
    loading: { start: 0, first: 0, end: 0 },
    parsing: { start: 0, end: 0 },
    buffering: { start: 0, first: 0, end: 0 },
  };
}
