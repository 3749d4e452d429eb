import { notFound, Problem } from "#kernel/errors.ts";
import type { Clock } from "#ports/clock/index.ts";

import { answering, type BlobAccess, blobHeaders, notModified, rangeOf, wrongMethod } from "../answers.ts";
import type { MissingMaker } from "../index.ts";
import { answerMade, makeMissing } from "../missing.ts";
import { partTooLong, partTooShort, rangeRefused } from "../problems.ts";
import type { Urls } from "../urls.ts";
import { type Disk, readBlob } from "./disk.ts";
import type { FileMultipart } from "./multipart.ts";

export interface HandlerNeeds {
  disk: Disk;
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
      const access = urls.read(new URL(request.url), clock.now());
      if (access.kind === "part") {
        if (request.method !== "PUT") throw wrongMethod("PUT");
        return receive(needs, request, access);
      }
      if (request.method !== "GET" && request.method !== "HEAD") throw wrongMethod("GET, HEAD");
      return serve(needs, request, access);
    }, needs.onError);
}

/** The kernel sends the file; its bytes never enter this process. */
async function serve(needs: HandlerNeeds, request: Request, access: BlobAccess): Promise<Response> {
  let stored = readBlob(needs.disk, access.name);
  if (!stored) {
    const made = await makeMissing(needs.maker(), request, access.name);
    if (made !== "stored") return answerMade(request, access, made, needs.clock.now());
    stored = readBlob(needs.disk, access.name);
  }
  if (!stored) throw notFound("blob");
  const headers = blobHeaders(stored, stored.cache, access, needs.clock.now());
  if (notModified(request.headers, stored)) return new Response(null, { status: 304, headers });
  const file = Bun.file(stored.path, { type: stored.media_type });
  // Ranges are defined for GET alone.
  const range = request.method === "GET" ? rangeOf(request.headers, stored) : "all";
  if (range === "all") return new Response(file, { headers });
  if (range === "none") throw rangeRefused(stored.size_bytes);
  headers["content-range"] = `bytes ${range.start}-${range.end_exclusive - 1}/${stored.size_bytes}`;
  return new Response(file.slice(range.start, range.end_exclusive), { status: 206, headers });
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
  const body = request.body ?? new Blob([]).stream();
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
