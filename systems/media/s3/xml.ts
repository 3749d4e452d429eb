import type { Problem } from "#kernel/errors.ts";

export const escapeXml = (text: string): string =>
  text
    .replaceAll(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`)
    .replaceAll(/[\u0000-\u0008\u000b\u000c\u000e-\u001f]/g, "");

type Node = [name: string, value: string | number | Node[]];

const render = (nodes: Node[]): string =>
  nodes
    .map(([name, value]) => `<${name}>${Array.isArray(value) ? render(value) : escapeXml(String(value))}</${name}>`)
    .join("");

export function xmlResponse(root: string, nodes: Node[], headers: Record<string, string> = {}): Response {
  const body = `<?xml version="1.0" encoding="UTF-8"?>\n<${root} xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${render(nodes)}</${root}>`;
  return new Response(body, { headers: { "content-type": "application/xml", ...headers } });
}

/** Our codes in the words that S3's clients know; they decide by these whether to try again. */
const CODES: Record<string, [status: number, code: string]> = {
  "upload.not_found": [404, "NoSuchUpload"],
  "upload.gone": [404, "NoSuchUpload"],
  "upload.closed": [404, "NoSuchUpload"],
  "upload.empty": [400, "EntityTooSmall"],
  "upload.too_large": [400, "EntityTooLarge"],
  "upload.too_long": [400, "EntityTooLarge"],
  "upload.type_refused": [400, "InvalidArgument"],
  "upload.quota_exceeded": [403, "QuotaExceeded"],
  "upload.space_full": [403, "QuotaExceeded"],
  "upload.too_many_open": [403, "TooManyUploads"],
  "upload.no_space": [507, "InsufficientCapacity"],
  "blob.disk_full": [507, "InsufficientCapacity"],
  "upload.part": [400, "InvalidArgument"],
  "upload.part_size": [400, "IncompleteBody"],
  "upload.part_mismatch": [400, "InvalidPart"],
  "upload.part_missing": [400, "InvalidPart"],
  "upload.parts_at_once": [503, "SlowDown"],
  "upload.busy": [409, "OperationAborted"],
  "upload.in_use": [403, "AccessDenied"],
  "limit.exceeded": [503, "SlowDown"],
  "shield.uploading": [503, "SlowDown"],
  "session.required": [403, "AccessDenied"],
  "session.invalid": [403, "InvalidAccessKeyId"],
  "token.scope": [403, "AccessDenied"],
  "person.suspended": [403, "AccountProblem"],
  "request.invalid": [400, "InvalidArgument"],
  "house.unavailable": [503, "ServiceUnavailable"],
  "media.no_ffmpeg": [503, "ServiceUnavailable"],
  internal: [500, "InternalError"],
};

export function xmlRefusal(problem: Problem, request: Request, request_id: string): Response {
  const own = problem.code.startsWith("s3.") ? problem.code.slice(3) : null;
  const [status, code] =
    own === null ? (CODES[problem.code] ?? [problem.status, "InvalidRequest"]) : [problem.status, own];
  const headers: Record<string, string> = { "content-type": "application/xml", "x-amz-request-id": request_id };
  const { retry_after_s } = problem.extras;
  if (retry_after_s !== undefined) headers["retry-after"] = String(Math.max(1, Math.ceil(retry_after_s)));
  if (request.method === "HEAD") return new Response(null, { status, headers });
  const nodes: Node[] = [
    ["Code", code],
    ["Message", problem.detail],
    ["Resource", new URL(request.url).pathname.slice(0, 1200)],
    ["RequestId", request_id],
  ];
  return new Response(`<?xml version="1.0" encoding="UTF-8"?>\n<Error>${render(nodes)}</Error>`, { status, headers });
}

/** The parts of a CompleteMultipartUpload, in the order given. */
export function partsOf(xml: string): { part_number: number; etag: string }[] {
  return [...xml.matchAll(/<Part>([\s\S]*?)<\/Part>/g)].map(([, part = ""]) => ({
    part_number: Number(/<PartNumber>\s*(\d{1,5})\s*<\/PartNumber>/.exec(part)?.[1] ?? 0),
    etag: (/<ETag>([^<]{1,130})<\/ETag>/.exec(part)?.[1] ?? "").replaceAll(/&quot;|&#34;|"/g, "").trim(),
  }));
}
