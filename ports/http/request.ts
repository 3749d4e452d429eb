import type { z } from "zod";

import { Problem } from "#kernel/errors.ts";

const SESSION_COOKIE = "folkhus_session";
/**
 * Under https the name carries the `__Host-` prefix: then a browser takes the cookie only from this very host, and a
 * neighbour on a sibling subdomain cannot plant a session of its own (RFC 6265bis, 4.1.3.2).
 */
export const sessionCookie = (origin: string): string =>
  origin.startsWith("https:") ? `__Host-${SESSION_COOKIE}` : SESSION_COOKIE;
export const BODY_BYTES_DEFAULT_MAX = 64 * 1024;
const ERRORS_SHOWN_MAX = 10;

/** @throws Problem 400 `request.invalid` that points at each wrong field */
export function parse<S extends z.ZodType>(schema: S, value: unknown, where: "path" | "query" | "body"): z.output<S> {
  if (where !== "body") refuseNul(Object.values(value as Record<string, string>), where);
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const errors = result.error.issues.slice(0, ERRORS_SHOWN_MAX).map((issue) => ({
    pointer: `/${where}${issue.path.map((part) => `/${String(part)}`).join("")}`.slice(0, 200),
    detail: issue.message.slice(0, 300),
  }));
  const first = errors[0];
  throw new Problem(
    400,
    "request.invalid",
    `The ${where} is not as it should be: ${first?.pointer ?? ""} ${first?.detail ?? ""}`.trim(),
    { errors },
  );
}

/** PostgreSQL's text has no U+0000 and nobody types one, so no string of a call has it: refused here once, for every route. */
function refuseNul(strings: Iterable<string>, where: string) {
  for (const text of strings) {
    if (text.includes("\0")) {
      throw new Problem(400, "request.invalid", `The ${where} has the character U+0000, which nothing here may have.`);
    }
  }
}

/**
 * The body as JSON, read up to its bound and not a byte further, whatever the length header says.
 * @throws Problem 413 `request.too_large`, 415 `request.not_json`, 400 `request.broken_json`
 */
export async function readJson(request: Request, bytes_max: number, as_text = false): Promise<unknown> {
  const type = request.headers.get("content-type") ?? "";
  const told = as_text && /^text\/plain\s*(?:;|$)/i.test(type);
  if (type !== "" && !told && !/^application\/(?:[a-z.+-]+\+)?json\s*(?:;|$)/i.test(type)) {
    throw new Problem(415, "request.not_json", "Send the body as application/json.");
  }
  const text = await readText(request, bytes_max);
  if (text === "") return undefined;
  // A bare U+0000 is no JSON, so it can only come as its escape; the slow walk is for bodies that seem to have one.
  const nul = text.includes("\\u0000");
  try {
    return JSON.parse(text, nul ? reviveWithoutNul : undefined) as unknown;
  } catch (error) {
    if (error instanceof Problem) throw error;
    throw new Problem(400, "request.broken_json", "The body is not JSON.");
  }
}

function reviveWithoutNul(key: string, value: unknown): unknown {
  refuseNul(typeof value === "string" ? [key, value] : [key], "body");
  return value;
}

async function readText(request: Request, bytes_max: number): Promise<string> {
  const tooLarge = new Problem(413, "request.too_large", `The body may have ${bytes_max} bytes at most.`);
  const declared = request.headers.get("content-length");
  if (declared !== null && Number(declared) > bytes_max) throw tooLarge;
  if (!request.body) return "";
  if (declared !== null) return decode(new Uint8Array(await request.arrayBuffer()));
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of request.body as unknown as AsyncIterable<Uint8Array>) {
    bytes += chunk.byteLength;
    if (bytes > bytes_max) throw tooLarge;
    chunks.push(chunk);
  }
  return decode(Buffer.concat(chunks));
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new Problem(400, "request.broken_json", "The body is not UTF-8.");
  }
}

/** The credential, from the header before the cookie. */
export function credentialOf(request: Request, cookie: string): { from: "bearer" | "cookie"; value: string } | null {
  const header = request.headers.get("authorization");
  if (header !== null) {
    const match = /^Bearer +([\x21-\x7e]{1,256})$/i.exec(header);
    if (!match) throw new Problem(401, "session.invalid", "The Authorization header is not `Bearer <token>`.");
    return { from: "bearer", value: match[1]! };
  }
  const cookies = request.headers.get("cookie");
  if (!cookies) return null;
  for (const part of cookies.split(";")) {
    const at = part.indexOf("=");
    if (at > 0 && part.slice(0, at).trim() === cookie) {
      const value = part.slice(at + 1).trim();
      return value === "" ? null : { from: "cookie", value };
    }
  }
  return null;
}

/**
 * A browser sends and takes cookies whoever wrote the page, so a mutation without a bearer must come from our own page.
 * Fetch Metadata where the browser sends it, else the Origin; OWASP CSRF cheat sheet.
 */
export function refuseCrossSite(request: Request, origin: string) {
  const site = request.headers.get("sec-fetch-site");
  if (site === "same-origin" || site === "none") return;
  const from = request.headers.get("origin");
  if (site === null && (from === null || from === origin)) return;
  throw new Problem(403, "request.cross_site", "This call came from another site's page.");
}

/** What is malformed is no credential here, where there is no answer that could say so. */
export function heldBy(request: Request, origin: string): { value: string } | null {
  try {
    return credentialOf(request, sessionCookie(origin));
  } catch {
    return null;
  }
}
