import { Problem } from "#kernel/errors.ts";
import { isId, type UploadId } from "#kernel/ids.ts";
import type { SignedIn } from "#kernel/viewer.ts";
import type { Blobs } from "#ports/blobs/index.ts";
import type { Clock } from "#ports/clock/index.ts";
import type { Api, DoorAsked } from "#ports/http/index.ts";
import type { Sql } from "#ports/sql/index.ts";

import type { MediaLimits } from "../limits.ts";
import type { SpaceFacts } from "../rules.ts";
import { uploadBlob, type Uploads } from "../uploads/index.ts";
import type { Intake } from "../uploads/intake.ts";
import type { Videos } from "../videos/index.ts";
import { beginUpload, namesOf } from "./begin.ts";
import { createMultipart } from "./multipart.ts";
import { payloadOf } from "./payload.ts";
import { readSignature, type Signed, verify } from "./signature.ts";
import * as store from "./store.ts";
import { xmlRefusal, xmlResponse } from "./xml.ts";

/** Who signs with a key; `people` fits as it is. */
export type KeyHolder = (access_key_id: string) => Promise<{ viewer: SignedIn; secret: string } | null>;

export interface S3Needs {
  sql: Sql;
  blobs: Blobs;
  clock: Clock;
  limits: MediaLimits;
  spaces: Pick<SpaceFacts, "storageMax">;
  uploads: Uploads;
  videos: Pick<Videos, "check">;
  intake: Intake;
  keyHolder: KeyHolder;
}

/** One request whose signature was found good. */
export interface S3Call {
  request: Request;
  viewer: SignedIn;
  key: string;
  query: URLSearchParams;
  signed: Signed;
  secret: string;
}

const PATH = "/v1/s3";
const BUCKET = "uploads";
export const KEY_CHARS_MAX = 1_024;

/**
 * S3's own protocol for programs that speak it: one bucket `uploads`, path style, signature version 4 with keys made of a
 * personal access token. Only what an upload needs; nothing is read through it.
 */
export function serveS3(api: Api, needs: S3Needs): void {
  const known = new WeakMap<Request, { signed: Signed; secret: string }>();
  const multipart = createMultipart(needs);

  api.door({
    path: PATH,
    summary: "Uploads by S3's protocol",
    tag: "media",
    access: { who: "signed_in", scope: "write" },
    takes_uploads: true,
    refuse: xmlRefusal,
    async authenticate(request) {
      const signed = readSignature(request, needs.clock.now());
      if (!signed) return null;
      const holder = await needs.keyHolder(signed.access_key_id);
      if (!holder) throw new Problem(403, "s3.InvalidAccessKeyId", "This access key is unknown, expired or revoked.");
      verify(signed, holder.secret);
      known.set(request, { signed, secret: holder.secret });
      return holder.viewer;
    },
    handle: (asked) => answer(asked),
  });

  async function answer({ request, viewer, request_id }: DoorAsked): Promise<Response> {
    const { pathname, searchParams: query } = new URL(request.url);
    const [bucket = "", ...rest] = pathname.slice(PATH.length + 1).split("/");
    if (bucket === "" && request.method === "GET")
      throw notHere("Buckets are not listed here; there is one, named uploads.");
    if (bucket !== BUCKET) throw new Problem(404, "s3.NoSuchBucket", "There is one bucket here, named uploads.");
    const key = decodeURIComponent(rest.join("/"));
    const response =
      key === ""
        ? ofBucket(request, query)
        : await ofKey({ request, viewer: viewer as SignedIn, key, query, ...known.get(request)! });
    response.headers.set("x-amz-request-id", request_id);
    return response;
  }

  function ofBucket(request: Request, query: URLSearchParams): Response {
    if (request.method === "HEAD") return new Response(null);
    if (request.method === "GET" && query.has("location")) return xmlResponse("LocationConstraint", []);
    throw notHere("Nothing is listed or read through this door.");
  }

  async function ofKey(call: S3Call): Promise<Response> {
    const { request, query, key } = call;
    if (key.length > KEY_CHARS_MAX || !key.isWellFormed() || /[\u0000-\u001f]/.test(key))
      throw new Problem(400, "s3.KeyTooLongError", `A key has at most ${KEY_CHARS_MAX} characters that can be seen.`);
    const upload_id = query.get("uploadId");
    const id = upload_id === null ? null : isId(upload_id) ? (upload_id as UploadId) : ("0" as UploadId);
    switch (request.method) {
      case "PUT":
        if (request.headers.has("x-amz-copy-source")) throw notHere("Copying is not done through this door.");
        return id === null ? put(call) : multipart.part(call, id);
      case "POST":
        if (query.has("uploads")) return multipart.begin(call);
        if (id !== null) return multipart.complete(call, id);
        break;
      case "GET":
        if (id !== null) return multipart.list(call, id);
        break;
      case "HEAD":
        return head(call);
      case "DELETE":
        return id === null ? remove(call) : multipart.abort(call, id);
    }
    throw notHere("This is not done through this door: it takes uploads and nothing else.");
  }

  async function put(call: S3Call): Promise<Response> {
    const payload = payloadOf(call.request, call.signed, call.secret);
    const upload = await beginUpload(call, payload.size_bytes, needs);
    const person_id = call.viewer.person_id;
    try {
      const { offset_bytes, broken } = await needs.intake.write(upload.id, 0, payload.chunks(), {
        whole: true,
        signal: call.request.signal,
      });
      if (broken !== null || offset_bytes !== payload.size_bytes)
        throw new Problem(400, "s3.IncompleteBody", "Fewer bytes came than were announced.");
    } catch (error) {
      // One PUT is all or nothing: nobody could go on with the half of it.
      await needs.uploads.abort(person_id, upload.id);
      throw error;
    }
    const video_id = await needs.intake.finish(upload.id);
    const stored = await needs.blobs.head(uploadBlob(upload.id));
    return new Response(null, { headers: { etag: `"${stored?.etag ?? ""}"`, ...namesOf(upload.id, video_id) } });
  }

  async function head({ viewer, key }: S3Call): Promise<Response> {
    const upload = await store.newestOfKey(needs.sql.pool, viewer.person_id, key);
    const stored = upload && (await needs.blobs.head(uploadBlob(upload.id)));
    if (!upload || !stored) throw new Problem(404, "s3.NoSuchKey", "No upload of yours has this key.");
    const headers: Record<string, string> = {
      etag: `"${stored.etag}"`,
      "content-type": upload.media_type,
      "content-length": String(stored.size_bytes),
      "last-modified": stored.modified_at.toUTCString(),
      ...namesOf(upload.id, upload.video_id),
    };
    for (const [name, value] of Object.entries(upload.told ?? {}))
      if (value !== null) headers[`x-amz-meta-${name}`] = /^[\x20-\x7e]*$/.test(value) ? value : encoded(value);
    return new Response(null, { headers });
  }

  /** What waits is given up; what a video or picture was made of is theirs. */
  async function remove({ viewer, key }: S3Call): Promise<Response> {
    const upload = await store.newestOfKey(needs.sql.pool, viewer.person_id, key);
    if (upload) await needs.uploads.abort(viewer.person_id, upload.id);
    return new Response(null, { status: 204 });
  }
}

const encoded = (value: string) => `=?UTF-8?B?${Buffer.from(value).toString("base64")}?=`;

const notHere = (detail: string) => new Problem(501, "s3.NotImplemented", detail);
