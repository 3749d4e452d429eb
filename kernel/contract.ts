import type { z } from "zod";

import type { Scope } from "./viewer.ts";

/**
 * A route as data. One definition gives validation, OpenAPI, the typed client, the limiter's name and the row of the
 * permission matrix; `ports/http` turns it into a handler, the page and the tests call it by the same object.
 */
export interface Route {
  method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** `/v1/people/{handle}`; parameters in braces. */
  path: string;
  summary: string;
  /** The system's name; groups the reference page. */
  tag: string;
  access: Access;
  params?: z.ZodObject;
  query?: z.ZodObject;
  body?: z.ZodType;
  /** Largest accepted body; 64 KiB where nothing is said. */
  body_bytes_max?: number;
  /** The same JSON is also taken as text/plain: all that `navigator.sendBeacon` can send without asking first. */
  body_as_text?: true;
  /** Answers by status. `null` means without a body. */
  answers: { [status: number]: z.ZodType | null };
  /** Stable problem codes that this route can answer beyond those every route can. */
  problems?: readonly string[];
  /** Requests that count more than one (`sign-up` costs more than a read). In tokens of the caller's bucket. */
  cost_tokens?: number;
  /** ms until the request is given up with 503; 10 s where nothing is said. */
  deadline_ms?: number;
  /** Who goes first when there is too much to do; by access and method where nothing is said (`priorityOf`). */
  priority?: Priority;
  /** Its work is to wait for news, so it takes no place from those that work. */
  waits?: true;
}

/**
 * The most important first: what must go on for the house to be helped (health, sign-in, admins and moderators); what people do;
 * what they read; what nobody misses (beacons, typing, suggestions, link cards, what bots want).
 */
export const PRIORITIES = ["critical", "act", "read", "spare"] as const;
export type Priority = (typeof PRIORITIES)[number];

export function priorityOf(route: Pick<Route, "method" | "access" | "priority">): Priority {
  if (route.priority) return route.priority;
  if (route.access.who === "admin" || route.access.who === "moderator") return "critical";
  return route.method === "GET" ? "read" : "act";
}

/**
 * Who may come in at all. Deny by default: a route without an entry does not exist.
 * `anyone` still gets a viewer and rules on what it returns; `signed_in` refuses nobody with 401 and the suspended with
 * 403; `admin` and `moderator` mean the house's roles. Finer rules are the system's `policy.ts`.
 */
export interface Access {
  who: "anyone" | "signed_in" | "moderator" | "admin";
  /** Needed of a personal access token. */
  scope: Scope;
  /** True where a suspended person may still come in: to sign out, to read their own. */
  suspended_too?: boolean;
  /** True where a bot may come in too. Everywhere else it is refused, also where anyone may. */
  bots?: boolean;
}

export const defineRoute = <const R extends Route>(route: R): R => route;

type Infer<S> = S extends z.ZodType ? z.output<S> : undefined;
type InferIn<S> = S extends z.ZodType ? z.input<S> : undefined;

export type ParamsOf<R extends Route> = Infer<R["params"]>;
export type QueryOf<R extends Route> = Infer<R["query"]>;
export type BodyOf<R extends Route> = Infer<R["body"]>;
export type QueryIn<R extends Route> = InferIn<R["query"]>;
export type BodyIn<R extends Route> = InferIn<R["body"]>;
/** The union of all successful answers' bodies. */
export type AnswerOf<R extends Route> = {
  [S in keyof R["answers"]]: R["answers"][S] extends z.ZodType ? z.output<R["answers"][S]> : null;
}[keyof R["answers"]];
