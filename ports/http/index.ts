import type { AnswerOf, BodyOf, ParamsOf, QueryOf, Route } from "#kernel/contract.ts";
import type { Deadline } from "#kernel/deadline.ts";
import type { SignedIn, Viewer } from "#kernel/viewer.ts";

import type { Door } from "./door.ts";
import type { CallAsked, CallBy } from "./inside.ts";
import type { LimitAsked } from "./limits.ts";
import type { SocketDoor, SocketPart } from "./socket.ts";

/**
 * The one way into the house over HTTP. A system hands over a route (data) and a handler; everything that every route
 * needs, from the request id to the deadline, happens here and only here.
 */
export interface Api {
  serve<R extends Route, S extends StatusOf<R>>(route: R, handler: Handler<R, S>): void;
  /** Opens a door for a protocol of others, whose bodies are streams and whose refusals have a form of their own. */
  door(door: Door): void;
  /**
   * Calls a route from within the house, for a door that speaks another protocol: who may, what it costs beyond the door's own
   * token, and the shape of what is asked are held to as if it came from outside. @throws Problem as the route does
   */
  call<R extends Route>(route: R, by: CallBy, asked?: CallAsked<R>): Promise<AnswerOf<R>>;
  /** A path where clients may turn their connection into a WebSocket. */
  socket(door: SocketDoor): void;
  /** For the network's own door: null where no socket has this path, an answer where it is refused. */
  upgrade(request: Request, peer_address: string): Promise<Response | SocketPart | null>;
  /**
   * For what the house serves beside its routes: draws what it costs for whoever asks, who is known by their credential.
   * @param onAsked is told what limits are asked, for `Served`
   * @returns headers that tell the caller where it stands. @throws Problem 429 `limit.exceeded`
   */
  admit(
    request: Request,
    peer_address: string,
    what: { route: string; cost_tokens: number },
    onAsked?: (asked: LimitAsked) => void,
  ): Promise<Record<string, string>>;
  /** Whether a path is a route's or a door's. */
  answers(pathname: string): boolean;
  /** Answers a request below `/v1` or at a door; `peer_address` is the socket's. */
  fetch(request: Request, peer_address: string): Promise<Response>;
  /** Every name under which a request draws from limits: routes as `METHOD /path`, doors as `* /path`, sockets as `GET /path`. */
  limited(): string[];
  routes: readonly Route[];
  doors: readonly Door[];
  /** OpenAPI 3.1 of all that was served so far. */
  openapi(info: { title: string; version: string; description: string }): object;
}

type StatusOf<R extends Route> = keyof R["answers"] & number;

/** `S` is there so that `status: 201` stays the number 201 while TypeScript infers. */
export type Handler<R extends Route, S extends StatusOf<R> = StatusOf<R>> = (asked: Asked<R>) => Promise<Answer<R, S>>;

/** What a handler gets: everything already parsed, checked and bounded. */
export interface Asked<R extends Route> {
  /** Never nobody where the route's access says so. */
  viewer: R["access"]["who"] extends "anyone" ? Viewer : SignedIn;
  params: ParamsOf<R>;
  query: QueryOf<R>;
  body: BodyOf<R>;
  /** Fires when the caller leaves or the deadline passes. */
  signal: AbortSignal;
  /** By when the answer is wanted. It goes down with every call that may last: to the database, and out of the house. */
  deadline: Deadline;
  request_id: string;
  /** Of the caller, as far as it can be trusted; IPv6 whole. */
  address: string;
  /** Set on mutations that sent `Idempotency-Key`; unique per person. Store it where a retry after a crash must find the first. */
  idempotency_key: string | null;
  header(name: string): string | null;
  /** Scheme and host under which the caller reached us. */
  origin: string;
}

/**
 * `json` is a body that is already text; it skips serialisation on hot paths. `response` is for streams and files, which
 * are no JSON.
 */
export type Answer<R extends Route, S extends StatusOf<R> = StatusOf<R>> =
  | { status: S; body: AnswerOf<R>; headers?: Record<string, string> }
  | { status: S; json: string; headers?: Record<string, string> }
  | { status: S; headers?: Record<string, string> }
  | { response: Response };

/** Turns a credential into a viewer; null when it is unknown, expired or revoked. Must be cheap: every request asks. */
export type Authenticate = (credential: string) => Promise<SignedIn | null>;

/** What is known of a finished request; the house logs and counts it. */
export interface Served {
  method: string;
  /** The route's path with its braces, or `unmatched`. */
  route: string;
  status: number;
  ms: number;
  request_id: string;
  person_id: string | null;
  /** What limits were asked for it, with the caller's address whole; null where they were not. */
  limited?: LimitAsked | null;
  /** Present when the answer was a 5xx that nobody meant. */
  error?: unknown;
}

export { createApi, type ApiNeeds } from "./api.ts";
export { addressOf } from "./asking.ts";
export type { Door, DoorAsked } from "./door.ts";
export type { CallAsked, CallBy } from "./inside.ts";
export {
  SOCKET_BUFFERED_BYTES_MAX,
  type SocketAsked,
  type SocketDoor,
  type SocketLine,
  type SocketPart,
} from "./socket.ts";
export { createIdempotency, type Idempotency } from "./idempotency.ts";
export {
  addressKey,
  DEFAULT_LIMITS,
  type HttpLimits,
  type LimitAsked,
  type LimitBook,
  type LimitsTaken,
  plainBook,
  takeLimits,
} from "./limits.ts";
export { problemResponse } from "./problem.ts";
export { sessionCookie } from "./request.ts";
export { inTurn } from "./turn.ts";
