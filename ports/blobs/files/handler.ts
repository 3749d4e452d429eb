import { notFound, Problem } from "#kernel/errors.ts";
import type { Clock } from "#ports/clock/index.ts";

import type { Allow } from "../allow.ts";
import {
  answering,
  type BlobAccess,
  gzipEtag,
  notModified,
  preflight,
  rangeOf,
  takesGzip,
  wrongMethod,
} from "../answers.ts";
import { checkedBody } from "../checksums.ts";
import type { MissingMaker } from "../index.ts";
import { answerMade, makeMissing } from "../missing.ts";
import { partTooLong, partTooShort, rangeRefused } from "../problems.ts";
import { targetOf, type Urls } from "../urls.ts";
import type { FileMultipart } from "./multipart.ts";
import type { Served, Serving } from "./served.ts";

export interface HandlerNeeds {
  serving: Serving;
  allow: Allow;
  clock: Clock;
  urls: Urls;
  multipart: FileMultipart;
  /** Who makes what is not stored, once somebody has said so. */
  maker(): MissingMaker | null;
  /** Held until disposal. @throws Problem 507 where the disk has no room for a part */
  holdRoom(size_bytes: number): Promise<Disposable>;
  onError: (error: unknown) => void;
}

export function createFileHandler(needs: HandlerNeeds): (request: Request) => Promise<Response> {
  const { clock, urls } = needs;
  return (request) =>
    answering(async () => {
      const { method } = request;
      const target = targetOf(request.url);
      if (needs.allow.isAsked(target)) return needs.allow.answer(request, target);
      const access = urls.read(target, clock.now());
      if (access.kind === "part") {
        if (method !== "PUT") throw wrongMethod("PUT");
        return receive(needs, request, access);
      }
      await needs.allow.check(access);
      if (method === "OPTIONS") return preflight(access);
      if (method !== "GET" && method !== "HEAD") throw wrongMethod("GET, HEAD");
      let served = await needs.serving.find(access.name);
      if (!served) {
        const made = await makeMissing(needs.maker(), request, access.name);
        if (made !== "stored") return answerMade(request, access, made, clock.now());
        served = await needs.serving.find(access.name);
      }
      if (!served) throw notFound("blob");
      return serve(served, request, access, clock.now());
    }, needs.onError);
}

/** What is asked for often and is small comes from memory. Large files go from the disk to the socket by the kernel; their bytes never enter this process. */
function serve(served: Served, request: Request, access: BlobAccess, now_ms: number): Response {
  const headers = served.headers(access, now_ms);
  const asked = request.headers;
  if (served.gzip && takesGzip(asked) && !asked.has("range")) {
    const zipped = new Headers(headers);
    zipped.set("etag", `"${gzipEtag(served.etag)}"`);
    if (notModified(asked, served)) return new Response(null, { status: 304, headers: zipped });
    zipped.set("content-encoding", "gzip");
    return new Response(served.gzip, { headers: zipped });
  }
  if (notModified(asked, served)) return new Response(null, { status: 304, headers });
  // Ranges are defined for GET alone. Several at once are answered with the whole, as a server may: no player asks for them.
  const range = request.method === "GET" ? rangeOf(asked, served) : "all";
  if (range === "all") return new Response(served.body, { headers });
  if (range === "none") throw rangeRefused(served.size_bytes);
  const part = new Headers(headers);
  part.set("content-range", `bytes ${range.start}-${range.end_exclusive - 1}/${served.size_bytes}`);
  return new Response(served.body.slice(range.start, range.end_exclusive), { status: 206, headers: part });
}

async function receive(
  needs: HandlerNeeds,
  request: Request,
  part: { multipart_id: string; part_number: number; size_bytes: number },
): Promise<Response> {
  const told = request.headers.get("content-length");
  if (told !== null && Number(told) > part.size_bytes) throw partTooLong(part.size_bytes);
  if (told !== null && Number(told) < part.size_bytes) {
    throw partTooShort(Number(told), part.size_bytes);
  }
  using _room = await needs.holdRoom(part.size_bytes);
  const body = checkedBody(request.headers, request.body ?? new Blob([]).stream());
  const { etag } = await needs.multipart
    .receive(part.multipart_id, part.part_number, part.size_bytes, body)
    .catch((error: unknown) => {
      // A line that broke is everyday, and no failure of ours.
      throw (error as Error | null)?.name === "AbortError"
        ? new Problem(499, "request.gone", "The caller left.")
        : error;
    });
  return new Response(null, { status: 200, headers: { etag: `"${etag}"`, "cache-control": "no-store" } });
}
