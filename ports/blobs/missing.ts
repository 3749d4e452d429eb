import { notFound, Problem } from "#kernel/errors.ts";

import { type BlobAccess, blobHeaders, notModified, rangeOf } from "./answers.ts";
import type { BlobHead, MadeBlob, MissingMaker } from "./index.ts";
import { rangeRefused } from "./problems.ts";

/**
 * Asks the maker for what is not stored; the address has been checked by then. Only a GET makes anything: whoever asks for
 * a head wants to know what is there.
 * @returns `stored` when the blob has come to be in the store meanwhile
 * @throws Problem 404 where there is nothing to make, 499 when the caller left, and whatever the maker refuses with
 */
export async function makeMissing(
  maker: MissingMaker | null,
  request: Request,
  name: string,
): Promise<MadeBlob | "stored"> {
  if (!maker || request.method !== "GET" || !maker.mayMake(name)) throw notFound("blob");
  try {
    const made = await maker.make(name, request.signal);
    if (made === null) throw notFound("blob");
    return made;
  } catch (error) {
    if (request.signal.aborted) throw new Problem(499, "request.gone", "The caller left.");
    throw error;
  }
}

/** The answer to a GET for what was made just now; the same as it will be from the store. */
export function answerMade(request: Request, access: BlobAccess, made: MadeBlob, now_ms: number): Response {
  const { bytes, media_type } = made;
  const head: BlobHead = {
    name: access.name,
    size_bytes: bytes.length,
    media_type,
    etag: new Bun.CryptoHasher("md5").update(bytes).digest("hex"),
    modified_at: new Date(now_ms),
  };
  const headers = blobHeaders(head, "immutable", access, now_ms);
  if (notModified(request.headers, head)) return new Response(null, { status: 304, headers });
  const range = rangeOf(request.headers, head);
  if (range === "all") return new Response(bytes, { headers });
  if (range === "none") throw rangeRefused(head.size_bytes);
  headers["content-range"] = `bytes ${range.start}-${range.end_exclusive - 1}/${head.size_bytes}`;
  return new Response(bytes.subarray(range.start, range.end_exclusive), { status: 206, headers });
}
