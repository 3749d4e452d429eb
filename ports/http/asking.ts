import type { Access } from "#kernel/contract.ts";
import { Problem } from "#kernel/errors.ts";
import type { Viewer } from "#kernel/viewer.ts";

/** What every call is asked before its own work: under which name, from where, and may they. */

export function requestIdOf(request: Request): string | null {
  const id = request.headers.get("x-request-id");
  return id !== null && /^[\w.-]{8,64}$/.test(id) ? id : null;
}

/** Nobody means less by "wait=0" than "at once", and nothing is done in no time. */
const PATIENCE_MS_MIN = 100;

/**
 * How long the caller says that it waits: `Prefer: wait=5`, in seconds (RFC 7240, 4.3), the only header of HTTP that is registered for
 * it. A moment in time, as some gateways send, would rest on two clocks being the same. It shortens a deadline and never lengthens one.
 */
export function patienceOf(request: Request): number {
  const prefer = request.headers.get("prefer");
  if (prefer === null) return Number.POSITIVE_INFINITY;
  const wait = /(?:^|[,;])\s*wait\s*=\s*"?(\d{1,6})"?\s*(?:$|[,;])/i.exec(prefer);
  return wait ? Math.max(PATIENCE_MS_MIN, Number(wait[1]) * 1_000) : Number.POSITIVE_INFINITY;
}

/** The n-th address from the right of X-Forwarded-For, where n proxies are ours; what stands left of it is hearsay. */
export function addressOf(request: Request, peer_address: string, trusted_proxies: number): string {
  if (trusted_proxies === 0) return peer_address;
  const chain = (request.headers.get("x-forwarded-for") ?? "")
    .split(",")
    .map((a) => a.trim())
    .filter(Boolean);
  return chain[chain.length - trusted_proxies] ?? peer_address;
}

export function originOf(request: Request, trusted_proxies: number, public_at: URL | null): string {
  const { url } = request;
  const host = request.headers.get("host") ?? url.slice(hostAt(url), pathAt(url));
  if (public_at !== null && host === public_at.host) return public_at.origin;
  const forwarded = trusted_proxies > 0 ? request.headers.get("x-forwarded-proto") : null;
  const scheme = forwarded === "https" || forwarded === "http" ? forwarded : url.slice(0, hostAt(url) - 3);
  return `${scheme}://${host}`;
}

/** The address of a request is a whole one in its normal form, so its parts are cut out of it: to parse it anew takes 2 µs. */
const hostAt = (url: string) => url.indexOf("://") + 3;
function pathAt(url: string): number {
  const at = url.indexOf("/", hostAt(url));
  return at < 0 ? url.length : at;
}

export function pathOf(url: string): string {
  const at = pathAt(url);
  const query_at = url.indexOf("?", at);
  return url.slice(at, query_at < 0 ? url.length : query_at) || "/";
}

/** @throws Problem 401 `session.required`, 403 `person.suspended`, `token.scope`, `token.bot`, `role.required` */
export function admit(access: Access, viewer: Viewer): void {
  if (viewer.kind === "nobody") {
    if (access.who === "anyone") return;
    throw new Problem(401, "session.required", "Sign in first.");
  }
  if (!viewer.scopes.includes(access.scope)) {
    throw new Problem(403, "token.scope", `This token lacks the scope "${access.scope}".`);
  }
  if (viewer.bot && access.bots !== true) throw new Problem(403, "token.bot", "Bots have no business here.");
  if (access.who === "anyone") return;
  if (viewer.suspended && access.suspended_too !== true) {
    throw new Problem(
      403,
      "person.suspended",
      "This account is suspended. Its owner can still read and export what is theirs.",
    );
  }
  if (access.who === "admin" && viewer.role !== "admin")
    throw new Problem(403, "role.required", "Only admins of this house may do this.");
  if (access.who === "moderator" && viewer.role === "member") {
    throw new Problem(403, "role.required", "Only moderators and admins of this house may do this.");
  }
}
