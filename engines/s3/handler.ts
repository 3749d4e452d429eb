import { notFound } from "#kernel/errors.ts";
import { answering, blobHeaders, disposition, notModified, wrongMethod } from "#ports/blobs/answers.ts";
import type { Blobs } from "#ports/blobs/index.ts";
import type { Urls } from "#ports/blobs/urls.ts";
import type { Clock } from "#ports/clock/index.ts";

import type { S3Client } from "./client.ts";
import { SIGNED_TTL_MS } from "./headers.ts";

/** Small texts that name other files by relative names: those must resolve here, under the signed prefix, and not at S3. */
const PLAYLIST = /\.(?:m3u8|mpd)$/;
const PLAYLIST_BYTES_MAX = 4 * 1024 * 1024;

/**
 * `/blobs/*` on S3: checks our signature and sends the caller to S3 with one of S3's. So a signed prefix works, which S3
 * has none of, our addresses are as stable as with files, and the bytes still never pass through here.
 */
export function createS3Handler(needs: {
  blobs: Pick<Blobs, "get" | "head">;
  client: S3Client;
  urls: Urls;
  clock: Clock;
  onError: (error: unknown) => void;
}): (request: Request) => Promise<Response> {
  const { blobs, client, urls, clock } = needs;
  return (request) =>
    answering(async () => {
      const now_ms = clock.now();
      const access = urls.read(new URL(request.url), now_ms);
      if (access.kind === "part") throw notFound("blob");
      const { method } = request;
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

      const expires_at_ms = Math.min(access.expires_at_ms ?? Number.POSITIVE_INFINITY, now_ms + SIGNED_TTL_MS);
      const query: Record<string, string> =
        access.download_as === null
          ? {}
          : { "response-content-disposition": disposition({ name: access.name, media_type: "" }, access.download_as) };
      const location = await client.presign({ method, name: access.name, query }, expires_at_ms);
      // Kept for half the time that the target holds, so that whoever follows it has time to read.
      const max_age_s = Math.max(0, Math.floor((expires_at_ms - now_ms) / 2_000));
      const cache = `${access.public ? "public" : "private"}, max-age=${max_age_s}`;
      return new Response(null, {
        status: 307,
        headers: { location, "cache-control": cache, "referrer-policy": "no-referrer" },
      });
    }, needs.onError);
}
