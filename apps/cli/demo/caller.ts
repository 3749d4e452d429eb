import type { AnswerOf, BodyIn, Route } from "#kernel/contract.ts";
import { completeUpload, createUpload, signParts } from "#systems/media/contract.ts";

import type { House } from "../../server/compose.ts";

const ADDRESS = "127.0.0.1";
const ORIGIN = "http://house.local";

/** Calls the house by its contracts as any program does, but without a network in between. */
export interface Caller {
  /** @throws Error with the problem's code and detail when the answer is not a good one, unless `accept` names its code */
  call<R extends Route>(route: R, asked?: Asked<R>): Promise<AnswerOf<R>>;
  /** Parts go straight to storage. @returns the completed upload's id */
  upload(file: string, media_type: string): Promise<string>;
}

interface Asked<R extends Route> {
  params?: Record<string, string>;
  body?: BodyIn<R>;
  /** Makes a call that was made before, but not noted, give the first answer again. */
  key?: string;
  /** Problem codes that are as good as done; the answer is then null. */
  accept?: readonly string[];
}

export function createCaller({ api, ground }: House, token: string | null): Caller {
  async function call<R extends Route>(route: R, asked: Asked<R> = {}): Promise<AnswerOf<R>> {
    const path = Object.entries(asked.params ?? {}).reduce(
      (whole, [name, value]) => whole.replace(`{${name}}`, encodeURIComponent(value)),
      route.path,
    );
    const headers = new Headers(token === null ? {} : { authorization: `Bearer ${token}` });
    if (asked.body !== undefined) headers.set("content-type", "application/json");
    if (asked.key !== undefined) headers.set("idempotency-key", asked.key);
    const body = asked.body === undefined ? null : JSON.stringify(asked.body);
    const response = await api.fetch(new Request(`${ORIGIN}${path}`, { method: route.method, headers, body }), ADDRESS);
    const text = await response.text();
    const answer = text === "" ? null : (JSON.parse(text) as unknown);
    if (response.ok) return answer as AnswerOf<R>;
    const { code = "", detail = text } = (answer ?? {}) as { code?: string; detail?: string };
    if (asked.accept?.includes(code)) return null as AnswerOf<R>;
    throw new Error(`${route.method} ${path} answered ${response.status} ${code}: ${detail}`);
  }

  async function put(url: string, body: Blob): Promise<string> {
    const request = new Request(new URL(url, ORIGIN), { method: "PUT", body });
    // Storage elsewhere is reached over the network; our own is asked in this process.
    const response = url.startsWith("/") ? await ground.blobs.handler(request) : await fetch(request);
    const etag = response.headers.get("etag");
    if (!response.ok || etag === null)
      throw new Error(`A part was refused with ${response.status}: ${await response.text()}`);
    return etag;
  }

  return {
    call,
    async upload(path, media_type) {
      const file = Bun.file(path);
      const begun = await call(createUpload, {
        body: { filename: path.split("/").at(-1) ?? "file", size_bytes: file.size, media_type },
      });
      const part_numbers = Array.from({ length: begun.part_count }, (_, i) => i + 1);
      const { parts: signed } = await call(signParts, { params: { upload_id: begun.id }, body: { part_numbers } });
      const parts: { part_number: number; etag: string }[] = [];
      for (const { part_number, url } of signed) {
        const start = (part_number - 1) * begun.part_size_bytes;
        parts.push({ part_number, etag: await put(url, file.slice(start, start + begun.part_size_bytes)) });
      }
      await call(completeUpload, { params: { upload_id: begun.id }, body: { parts } });
      return begun.id;
    },
  };
}
