import { Server } from "@tus/server";

import { notFound, Problem } from "#kernel/errors.ts";
import { isId, type UploadId } from "#kernel/ids.ts";
import type { SignedIn } from "#kernel/viewer.ts";
import type { Clock } from "#ports/clock/index.ts";
import { type Api, type DoorAsked, problemResponse } from "#ports/http/index.ts";
import type { Sql } from "#ports/sql/index.ts";

import type { MediaLimits } from "../limits.ts";
import type { Uploads } from "../uploads/index.ts";
import type { Intake } from "../uploads/intake.ts";
import type { Videos } from "../videos/index.ts";
import { ALGORITHMS, checksumOf } from "./checksum.ts";
import { createTusStore, lockOf, type TusCall } from "./store.ts";

export interface TusNeeds {
  sql: Sql;
  clock: Clock;
  limits: MediaLimits;
  uploads: Uploads;
  videos: Pick<Videos, "check">;
  intake: Intake;
}

const PATH = "/v1/tus";
const VERSION = "1.0.0";
/** The library's word for the body of an upload; what a browser sets by itself on a POST is none. */
const BYTES = "application/offset+octet-stream";
const METHODS = new Set(["POST", "HEAD", "PATCH", "DELETE", "OPTIONS"]);
/** Other sites' pages do not upload here, and a program asks for no such thing. */
const CROSS_ORIGIN = ["allow-origin", "expose-headers", "allow-headers", "allow-methods", "max-age"].map(
  (name) => `access-control-${name}`,
);
export const METADATA_CHARS_MAX = 8_192;

/**
 * tus 1.0 (tus.io) with creation, creation-with-upload, expiration, termination and checksum. The library reads the headers and
 * keeps the protocol; bytes go past it, straight into the store. A server of its own for each call, so that nothing of one caller
 * can be another's.
 */
export function serveTus(api: Api, needs: TusNeeds): void {
  api.door({
    path: PATH,
    summary: "Uploads by tus 1.0",
    tag: "media",
    access: { who: "signed_in", scope: "write" },
    takes_uploads: true,
    open_methods: ["OPTIONS"],
    refuse: (problem, _request, request_id) => refusal(problem, request_id),
    handle: (asked) => answer(asked, needs),
  });
}

async function answer({ request, viewer, request_id, origin }: DoorAsked, needs: TusNeeds): Promise<Response> {
  // For clients behind something that knows only GET and POST.
  const method = (request.headers.get("x-http-method-override") ?? request.method).toUpperCase();
  if (!METHODS.has(method)) {
    throw new Problem(405, "route.wrong_method", `This path answers to ${[...METHODS].join(", ")}.`, {
      headers: { allow: [...METHODS].join(", ") },
    });
  }
  const version = request.headers.get("tus-resumable");
  if (method !== "OPTIONS" && version !== VERSION) {
    throw new Problem(412, "tus.version", `This is tus ${VERSION}: send Tus-Resumable: ${VERSION}.`, {
      headers: { "tus-version": VERSION },
    });
  }
  if (method !== "OPTIONS" && viewer.kind === "nobody") throw new Problem(401, "session.required", "Sign in first.");
  if ((request.headers.get("upload-metadata")?.length ?? 0) > METADATA_CHARS_MAX)
    throw new Problem(400, "request.invalid", `Upload-Metadata has ${METADATA_CHARS_MAX} characters at most.`);

  const call: TusCall = {
    viewer: viewer as SignedIn,
    upload_id: idOf(request.url),
    body: request.body as AsyncIterable<Uint8Array> | null,
    length: lengthOf(request),
    check: checksumOf(request.headers.get("upload-checksum")),
    signal: request.signal,
    failure: null,
    video_id: null,
    expires_at: null,
  };
  // The library sees the headers and no body: what it would do with one is ours.
  const headers = new Headers(request.headers);
  for (const name of ["x-forwarded-proto", "x-forwarded-host", "forwarded", "x-http-method-override"])
    headers.delete(name);
  if (method === "POST" && headers.get("content-type") !== BYTES) {
    if (request.body && (call.length ?? 1) > 0 && headers.has("content-type"))
      throw new Problem(415, "tus.content_type", `Send bytes as ${BYTES}.`);
    headers.delete("content-type");
  }
  const said = await serverFor(call, needs, origin).handleWeb(new Request(request.url, { method, headers }));
  if (call.failure) throw call.failure;
  if (said.status >= 400)
    throw new Problem(said.status, "tus.refused", (await said.text()).trim() || "This is not as tus 1.0 has it.");
  for (const name of CROSS_ORIGIN) said.headers.delete(name);
  if (method === "OPTIONS") said.headers.set("tus-checksum-algorithm", ALGORITHMS.join(","));
  if (call.expires_at && said.headers.has("upload-expires"))
    said.headers.set("upload-expires", call.expires_at.toUTCString());
  if (call.video_id !== null) {
    said.headers.set("folkhus-video-id", call.video_id);
    // A 201 has its Location already: the upload's.
    said.headers.set(said.status === 201 ? "content-location" : "location", `/v1/videos/${call.video_id}`);
  }
  said.headers.set("x-request-id", request_id);
  return said;
}

function serverFor(call: TusCall, needs: TusNeeds, origin: string): Server {
  return new Server({
    path: PATH,
    datastore: createTusStore(call, needs),
    locker: { newLock: () => lockOf(call, needs) },
    maxSize: needs.limits.video_bytes_max,
    allowedOrigins: [],
    namingFunction: () => "new",
    getFileIdFromRequest: () => call.upload_id ?? undefined,
    generateUrl: (_request, { path, id }) => `${origin}${path}/${id}`,
    onUploadFinish: async () => {
      call.video_id = await finish(call, needs);
      return {};
    },
    onResponseError: (_request, error) => {
      call.failure ??= problemFor(error);
      return undefined;
    },
  });
}

/** Not finished here, it is finished by its job: the bytes are all there and the answer may say so. */
async function finish({ upload_id }: TusCall, { intake }: TusNeeds) {
  try {
    return upload_id === null ? null : await intake.finish(upload_id);
  } catch (error) {
    if (error instanceof Problem && error.status < 500) throw error;
    return null;
  }
}

/** What the library throws are bare objects; ours are problems, and everything else is a bug or something that is away. */
function problemFor(error: unknown): Error {
  if (error instanceof Problem) return error;
  const { status_code, body } = error as { status_code?: number; body?: string };
  if (status_code === undefined || (status_code >= 500 && status_code !== 501))
    return error instanceof Error ? error : new Error(String(body));
  if (status_code === 404) return notFound("upload");
  const code = { 409: "upload.offset", 410: "upload.gone", 413: "upload.too_large" }[status_code] ?? "tus.refused";
  return new Problem(status_code, code, (body ?? "This is not as tus 1.0 has it.").trim());
}

function refusal(problem: Problem, request_id: string): Response {
  return problemResponse(problem, request_id, { "tus-resumable": VERSION });
}

function idOf(url: string): UploadId | null {
  const rest = new URL(url).pathname.slice(PATH.length + 1).replace(/\/$/, "");
  return isId(rest) ? rest : null;
}

function lengthOf(request: Request): number | null {
  const told = request.headers.get("content-length");
  return told === null ? null : Number(told);
}
