import type { Access, Priority } from "#kernel/contract.ts";
import { Problem } from "#kernel/errors.ts";
import { NOBODY, type SignedIn, type Viewer } from "#kernel/viewer.ts";
import type { Clock } from "#ports/clock/index.ts";
import type { LimitDecision } from "#ports/limiter/index.ts";

import type { ApiParts } from "./api.ts";
import { addressOf, admit, originOf, requestIdOf } from "./asking.ts";
import { problemOf } from "./broken.ts";
import { addressKey, type LimitAsked, type LimitsTaken, takeLimits } from "./limits.ts";
import { problemResponse } from "./problem.ts";
import { credentialOf, refuseCrossSite, sessionCookie } from "./request.ts";
import { gone, inTurn } from "./turn.ts";

/**
 * A path and all below it, for a protocol that others wrote (tus, S3): bodies are streams of any length, so there is no
 * schema and no deadline; who comes in, how often and from where is asked as of every route.
 */
export interface Door {
  /** `/v1/tus` */
  path: string;
  summary: string;
  /** The system's name. */
  tag: string;
  access: Access;
  cost_tokens?: number;
  /** Who goes first when there is too much to do; without it `read` for safe methods and `act` for others. */
  priority?: Priority;
  /** Its bodies are files: none is begun while the house is short of memory. */
  takes_uploads?: true;
  /** Methods that say only what the door can, and are for anyone. */
  open_methods?: readonly string[];
  /**
   * Reads the protocol's own credential, which no browser sends by itself; without it a bearer token or the session's cookie.
   * @throws Problem for one that is wrong. @returns null where there is none
   */
  authenticate?: (request: Request) => Promise<SignedIn | null>;
  /** A refusal in the protocol's own form; problem details without it. */
  refuse?: (problem: Problem, request: Request, request_id: string) => Response;
  /** What is left of the caller's limit, in the protocol's own headers. */
  limit_headers?: (decision: LimitDecision) => Record<string, string>;
  handle: (asked: DoorAsked) => Promise<Response>;
}

export interface DoorAsked {
  request: Request;
  /** Nobody only for the open methods. */
  viewer: Viewer;
  request_id: string;
  /** Scheme and host under which the caller reached us. */
  origin: string;
  /** Of the caller, as far as it can be trusted. */
  address: string;
}

/** Of a body that nobody wants any more. */
const DRAIN_BYTES_MAX = 64 * 1024 * 1024;
const DRAIN_MS_MAX = 10_000;

/** A client that is still sending may find its line cut before it reads why; so what is on its way is let in, up to a bound. */
async function drain(request: Request, clock: Clock): Promise<void> {
  if (!request.body || request.bodyUsed || request.body.locked) return;
  if (Number(request.headers.get("content-length") ?? 0) > DRAIN_BYTES_MAX) return;
  const enough = new AbortController();
  const flow = async () => {
    let left = DRAIN_BYTES_MAX;
    for await (const chunk of request.body as unknown as AsyncIterable<Uint8Array>)
      if ((left -= chunk.byteLength) < 0 || enough.signal.aborted) return;
  };
  // However it ends, the answer is the refusal.
  await Promise.race([flow().catch(() => {}), clock.sleep(DRAIN_MS_MAX, enough.signal).catch(() => {})]);
  enough.abort();
}

const SAFE_METHODS = new Set(["GET", "HEAD", "OPTIONS"]);

export function openDoor(door: Door, needs: ApiParts) {
  const drawn = { route: `* ${door.path}`, cost_tokens: door.cost_tokens ?? 1 };
  const public_at = needs.public_url ? new URL(needs.public_url) : null;

  async function come(
    request: Request,
    origin: string,
    address: string,
    ask: (limited: LimitAsked) => void,
  ): Promise<[Viewer, LimitsTaken]> {
    const take = (viewer: Viewer) => {
      const asked = { ...drawn, viewer, address };
      ask(asked);
      return takeLimits(needs.limiter, needs.book, asked, door.limit_headers);
    };
    if (door.open_methods?.includes(request.method)) return [NOBODY, await take(NOBODY)];
    let viewer: Viewer = NOBODY;
    if (door.authenticate) {
      try {
        viewer = (await door.authenticate(request)) ?? NOBODY;
      } catch (error) {
        // Who guesses pays for it.
        if (error instanceof Problem) await (await take(NOBODY)).release?.();
        throw error;
      }
    } else {
      let credential: ReturnType<typeof credentialOf>;
      try {
        credential = credentialOf(request, sessionCookie(origin));
      } catch (error) {
        await (await take(NOBODY)).release?.();
        throw error;
      }
      if (!SAFE_METHODS.has(request.method) && credential?.from !== "bearer") refuseCrossSite(request, origin);
      if (credential) viewer = (await needs.authenticate(credential.value)) ?? NOBODY;
      if (credential?.from === "bearer" && viewer.kind === "nobody") {
        await (await take(NOBODY)).release?.();
        throw new Problem(401, "session.invalid", "This token is unknown, expired or revoked. Sign in again.");
      }
    }
    const taken = await take(viewer);
    try {
      admit(door.access, viewer);
    } catch (error) {
      await taken.release?.();
      throw error;
    }
    return [viewer, taken];
  }

  return async (request: Request, peer_address: string): Promise<Response> => {
    const began = needs.clock.monotonic();
    const request_id = requestIdOf(request) ?? needs.requestId();
    let viewer = NOBODY as Viewer;
    let taken = null as LimitsTaken | null;
    let limited: LimitAsked | null = null;
    const served = (response: Response, error?: unknown): Response => {
      response.headers.set("x-request-id", request_id);
      response.headers.set("x-content-type-options", "nosniff");
      if (!response.headers.has("cache-control")) response.headers.set("cache-control", "no-store");
      needs.onServed({
        method: request.method,
        route: door.path,
        status: response.status,
        ms: needs.clock.monotonic() - began,
        request_id,
        person_id: viewer.kind === "person" ? viewer.person_id : null,
        limited,
        ...(error === undefined ? {} : { error }),
      });
      return response;
    };
    const refuse = (problem: Problem) =>
      door.refuse?.(problem, request, request_id) ?? problemResponse(problem, request_id);
    try {
      const is_safe = SAFE_METHODS.has(request.method);
      const rank = door.priority ?? (is_safe ? "read" : "act");
      const address = addressOf(request, peer_address, needs.trusted_proxies);
      const by = { request, from: () => addressKey(address) };
      if (door.takes_uploads && !is_safe) needs.load?.hold("upload");
      const work = async () => {
        const origin = originOf(request, needs.trusted_proxies, public_at);
        [viewer, taken] = await come(request, origin, address, (asked) => (limited = asked));
        if (viewer.kind === "person" && viewer.bot && rank !== "spare") needs.load?.look("spare", by.from);
        const response = await door.handle({ request, viewer, request_id, origin, address });
        for (const [name, value] of Object.entries(taken.headers)) response.headers.set(name, value);
        return response;
      };
      if (is_safe) return served(await inTurn(needs.load, rank, by, work));
      // Its body may come for hours, and holds no place meanwhile.
      await inTurn(needs.load, rank, by, () => {});
      return served(await work());
    } catch (error) {
      if (viewer.kind === "person") await drain(request, needs.clock);
      if (error instanceof Problem) return served(refuse(error));
      // What broke because nobody waits for it any more is no fault of the house.
      if (request.signal.aborted) return served(refuse(gone()));
      return served(refuse(problemOf(error)), error);
    } finally {
      await taken?.release?.();
    }
  };
}
