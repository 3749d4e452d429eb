import type { Access } from "#kernel/contract.ts";
import { Problem } from "#kernel/errors.ts";
import type { Turns } from "#kernel/turns.ts";
import { NOBODY, type SignedIn, type Viewer } from "#kernel/viewer.ts";

import type { ApiParts } from "./api.ts";
import { addressOf, admit, originOf, requestIdOf } from "./asking.ts";
import { problemOf } from "./broken.ts";
import { type LimitAsked, type LimitsTaken, takeLimits } from "./limits.ts";
import { problemResponse } from "./problem.ts";
import { credentialOf, refuseCrossSite, sessionCookie } from "./request.ts";

/** What waits for a client that does not read; whoever is further behind is dropped, and comes back when it can. */
export const SOCKET_BUFFERED_BYTES_MAX = 1024 * 1024;

/**
 * Who asks for a socket is looked up for so many at once. When a house comes back, everybody comes with it; they wait, because
 * whoever is refused comes again, later each time.
 */
export const HANDSHAKES_AT_ONCE_MAX = 64;
/** That wait for their turn; whoever comes then is refused. */
export const HANDSHAKES_WAITING_MAX = 20_000;

/** A path where a connection becomes a WebSocket. Who comes in, how often and from where is asked as of every route, before the upgrade. */
export interface SocketDoor {
  path: string;
  summary: string;
  /** The system's name. */
  tag: string;
  access: Access;
  cost_tokens?: number;
  /**
   * Reads the protocol's own credential, which no browser sends by itself; without it a bearer token or the session's cookie, and
   * the latter from our own page only. @throws Problem for one that is wrong. @returns null where there is none
   */
  authenticate?: (request: Request) => Promise<SignedIn | null>;
  /** A refusal in the protocol's own form; problem details without it. */
  refuse?: (problem: Problem, request: Request, request_id: string) => Response;
  /** @throws Problem to refuse, before the upgrade */
  open(asked: SocketAsked): Promise<SocketPart>;
}

export interface SocketAsked {
  request: Request;
  viewer: Viewer;
  /** The secret by which the viewer is known, for doors that ask again later; null with `authenticate`, or without a viewer. */
  credential: string | null;
  request_id: string;
  origin: string;
  address: string;
}

/** The house's end of one connection. All of these are called in order, and none after `closed`. */
export interface SocketPart {
  /** The subprotocol that was agreed on. */
  protocol: string | null;
  opened(line: SocketLine): void;
  said(text: string): void;
  /** For protocols that are not text; without it whoever sends bytes is closed with 1003. */
  saidBytes?(bytes: Uint8Array): void;
  closed(): void;
}

/** The client's end. */
export interface SocketLine {
  /** @returns false where the client was too far behind and was dropped */
  send(text: string): boolean;
  sendBytes?(bytes: Uint8Array): boolean;
  /** Codes as RFC 6455 has them. */
  close(code: number, reason: string): void;
  /** Bytes that were sent and that the client has not taken yet. */
  waiting(): number;
}

export async function openSocket(
  door: SocketDoor,
  request: Request,
  peer_address: string,
  needs: ApiParts,
  handshakes: Turns,
): Promise<Response | SocketPart> {
  const began = needs.clock.monotonic();
  const request_id = requestIdOf(request) ?? needs.requestId();
  const public_at = needs.public_url ? new URL(needs.public_url) : null;
  let viewer: Viewer = NOBODY;
  let credential: string | null = null;
  let limited: LimitAsked | null = null;
  const served = (status: number, error?: unknown) =>
    needs.onServed({
      method: "GET",
      route: door.path,
      status,
      ms: needs.clock.monotonic() - began,
      request_id,
      person_id: viewer.kind === "person" ? viewer.person_id : null,
      limited,
      ...(error === undefined ? {} : { error }),
    });
  let taken: LimitsTaken | null = null;
  const drawn = { route: `GET ${door.path}`, cost_tokens: door.cost_tokens ?? 1 };
  try {
    needs.load?.hold("socket");
    const origin = originOf(request, needs.trusted_proxies, public_at);
    const address = addressOf(request, peer_address, needs.trusted_proxies);
    try {
      if (handshakes.waiting >= HANDSHAKES_WAITING_MAX)
        throw new Problem(503, "socket.busy", "Too many come at once. Try again in a moment.", { retry_after_s: 5 });
      const known = await handshakes.take(() => identify(door, request, origin, needs));
      viewer = known?.viewer ?? NOBODY;
      credential = known?.credential ?? null;
    } catch (error) {
      // Who guesses pays for it.
      if (error instanceof Problem)
        taken = await takeLimits(needs.limiter, needs.book, (limited = { ...drawn, viewer: NOBODY, address }));
      throw error;
    }
    taken = await takeLimits(needs.limiter, needs.book, (limited = { ...drawn, viewer, address }));
    admit(door.access, viewer);
    const part = await door.open({ request, viewer, credential, request_id, origin, address });
    served(101);
    return part;
  } catch (error) {
    const problem = error instanceof Problem ? error : problemOf(error);
    served(problem.status, error instanceof Problem ? undefined : error);
    return door.refuse?.(problem, request, request_id) ?? problemResponse(problem, request_id);
  } finally {
    await taken?.release?.();
  }
}

async function identify(
  door: SocketDoor,
  request: Request,
  origin: string,
  needs: ApiParts,
): Promise<{ viewer: SignedIn; credential: string | null } | null> {
  if (door.authenticate) {
    const viewer = await door.authenticate(request);
    return viewer && { viewer, credential: null };
  }
  const credential = credentialOf(request, sessionCookie(origin));
  if (!credential) return null;
  // Browsers send cookies with a WebSocket whoever wrote the page, and no rule of CORS stops its answers.
  if (credential.from === "cookie") refuseCrossSite(request, origin);
  const viewer = await needs.authenticate(credential.value);
  if (!viewer && credential.from === "bearer")
    throw new Problem(401, "session.invalid", "This token is unknown, expired or revoked. Sign in again.");
  return viewer && { viewer, credential: credential.value };
}
