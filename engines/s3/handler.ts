import { LRUCache } from "lru-cache";

import { notFound } from "#kernel/errors.ts";
import type { Allow } from "#ports/blobs/allow.ts";
import {
  answering,
  type BlobAccess,
  blobHeaders,
  disposition,
  notModified,
  originRules,
  preflight,
  wrongMethod,
} from "#ports/blobs/answers.ts";
import type { Blobs, MissingMaker } from "#ports/blobs/index.ts";
import { answerMade, makeMissing } from "#ports/blobs/missing.ts";
import { targetOf, type Urls } from "#ports/blobs/urls.ts";
import type { Clock } from "#ports/clock/index.ts";

import type { S3Client } from "./client.ts";

/** Small texts that name other files by relative names: those must resolve here, under the signed prefix, and not at S3. */
export const PLAYLIST = /\.(?:m3u8|mpd)$/;
const PLAYLIST_BYTES_MAX = 4 * 1024 * 1024;
/** Names that were seen in the store: each spares one question to it. About 200 bytes each. */
const SEEN_NAMES_MAX = 20_000;
/** What was taken out of the store to save room is found to be missing, and made again, after so long. */
const SEEN_MS_MAX = 60_000;
/**
 * What the store signed cannot be taken back, so what is not public holds for one to two of these: a revocation reaches S3
 * in five to ten minutes, and everything else at once.
 */
const SIGNED_GRID_MS = 5 * 60_000;
const PUBLIC_GRID_MS = 60 * 60_000;
/** A caller is sent to a public address without asking again for so long. */
const PUBLIC_MOVE_S = 60;

/**
 * `/blobs/*` on S3: checks our signature and sends the caller to S3 with one of S3's. So a signed prefix works, which S3
 * has none of, our addresses are as stable as with files, and the bytes still never pass through here.
 */
export function createS3Handler(needs: {
  blobs: Pick<Blobs, "get" | "head">;
  client: S3Client;
  urls: Urls;
  allow: Allow;
  clock: Clock;
  /** Where what is below `public/` can be had without a signature. */
  public_url: string | null;
  /** Who makes what is not stored, once somebody has said so. */
  maker(): MissingMaker | null;
  onError: (error: unknown) => void;
}): (request: Request) => Promise<Response> {
  const { blobs, client, urls, clock } = needs;
  const seen = new LRUCache<string, number>({ max: SEEN_NAMES_MAX });

  /** Only of what could be made on demand do we ask whether it is there: all else is S3's to refuse. */
  const isStored = async (name: string): Promise<boolean> => {
    if (!needs.maker()?.mayMake(name)) return true;
    const now_ms = clock.monotonic();
    if ((seen.get(name) ?? Number.NEGATIVE_INFINITY) > now_ms - SEEN_MS_MAX) return true;
    const stored = (await blobs.head(name)) !== null;
    if (stored) seen.set(name, now_ms);
    return stored;
  };
  return (request) =>
    answering(async () => {
      const now_ms = clock.now();
      const target = targetOf(request.url);
      if (needs.allow.isAsked(target)) return needs.allow.answer(request, target);
      const access = urls.read(target, now_ms);
      if (access.kind === "part") throw notFound("blob");
      await needs.allow.check(access);
      const { method } = request;
      if (method === "OPTIONS") return preflight(access);
      if (method !== "GET" && method !== "HEAD") throw wrongMethod("GET, HEAD");

      if (PLAYLIST.test(access.name)) {
        const head = await blobs.head(access.name);
        if (!head || head.size_bytes > PLAYLIST_BYTES_MAX) throw notFound("blob");
        const headers = blobHeaders(head, "no-cache", access, now_ms);
        if (notModified(request.headers, head)) return new Response(null, { status: 304, headers });
        if (method === "HEAD")
          return new Response(null, { headers: { ...headers, "content-length": String(head.size_bytes) } });
        const { body } = await blobs.get(access.name);
        return new Response(body, { headers });
      }

      if (method === "GET" && !(await isStored(access.name))) {
        const made = await makeMissing(needs.maker(), request, access.name);
        if (made !== "stored") return answerMade(request, access, made, now_ms);
      }
      if (access.public && needs.public_url !== null)
        return sendTo(`${needs.public_url}/${access.name}`, access, PUBLIC_MOVE_S);
      // On a grid, so that the next who asks is sent to the same address and a cache on the way has it already.
      const grid_ms = access.public ? PUBLIC_GRID_MS : SIGNED_GRID_MS;
      const from_ms = Math.floor(now_ms / grid_ms) * grid_ms;
      const expires_at_ms = Math.min(access.expires_at_ms ?? Number.POSITIVE_INFINITY, from_ms + 2 * grid_ms);
      const query: Record<string, string> =
        access.download_as === null
          ? {}
          : { "response-content-disposition": disposition({ name: access.name, media_type: "" }, access.download_as) };
      const location = await client.presign({ method, name: access.name, query }, expires_at_ms, from_ms);
      // Kept for half the time that the target holds, so that whoever follows it has time to read.
      const max_age_s = Math.max(0, Math.floor((expires_at_ms - now_ms) / 2_000));
      return sendTo(location, access, max_age_s);
    }, needs.onError);
}

/** A page elsewhere may follow where it may read: the answer that sends it on says so, as the one behind it does. */
const sendTo = (location: string, access: BlobAccess, max_age_s: number): Response =>
  new Response(null, {
    status: 307,
    headers: {
      location,
      ...originRules(access),
      "cache-control": `${access.public ? "public" : "private"}, max-age=${max_age_s}`,
      "referrer-policy": "no-referrer",
    },
  });
