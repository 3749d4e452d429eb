import type { AnswerOf, Route } from "#kernel/contract.ts";
import { notFound, Problem } from "#kernel/errors.ts";
import { isId, type PersonId } from "#kernel/ids.ts";
import type { SignedIn, Viewer } from "#kernel/viewer.ts";
import type { CallAsked } from "#ports/http/index.ts";
import type { Notify } from "#systems/notify/index.ts";
import { peopleRoutes, type Person } from "#systems/people/index.ts";

import type { Accounts } from "../entities/accounts.ts";
import type { Shown, Statuses } from "../entities/statuses.ts";
import type { Ground } from "../ground.ts";
import type { Apps } from "../oauth/apps.ts";
import type { AppId } from "../oauth/store.ts";
import type { OauthTokens } from "../oauth/tokens.ts";
import type { Needed } from "../policy.ts";
import type { Fields } from "../wire/fields.ts";
import type { Reply } from "../wire/reply.ts";

/** What endpoints stand on. */
export interface Desk {
  ground: Ground;
  apps: Apps;
  tokens: OauthTokens;
  accounts: Accounts;
  statuses: Statuses;
  inbox: Notify["inbox"];
}

/** One call, parsed; what it does to the house it does by `call`, as its caller. */
export interface Asked {
  request: Request;
  params: Record<string, string>;
  fields: Fields;
  viewer: Viewer;
  app_id: AppId | null;
  scopes: readonly string[];
  origin: string;
  address: string;
  request_id: string;
  signal: AbortSignal;
  /** @throws Problem 401 where it is nobody */
  readonly me: SignedIn;
  shown: Shown;
  call<R extends Route>(route: R, asked?: CallAsked<R>): Promise<AnswerOf<R>>;
}

export interface Rule {
  /** `app`: a program's own token will do. */
  who: "anyone" | "app" | "person";
  scope: Needed;
  /** Its body is a form with files, which the endpoint reads as they come. */
  reads_body?: true;
  /** ms; 10 s where nothing is said. */
  ms_max?: number;
}

export type Handler = (asked: Asked) => Promise<Reply>;
export interface Endpoint {
  rule: Rule;
  handler: Handler;
}
export type Serve = (
  method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE",
  path: string,
  rule: Rule,
  handler: Handler,
) => void;

export const anyone: Rule = { who: "anyone", scope: null };
export const person = (scope: Needed): Rule => ({ who: "person", scope });
export const reader = (scope: Needed): Rule => ({ who: "anyone", scope });

/** The profile of an account, as this caller may see it. @throws Problem 404 */
export async function profileOf(asked: Asked, { ground }: Desk, id: string): Promise<Person> {
  const card = isId(id) ? (await ground.people.cards([id])).get(id) : undefined;
  if (!card) throw notFound("person");
  return asked.call(peopleRoutes.person, { params: { handle: card.handle } });
}

/** Its handle, for the routes that ask for that; who may be seen is the route's to say. @throws Problem 404 */
export async function handleOf({ ground }: Desk, id: string): Promise<string> {
  const card = isId(id) ? (await ground.people.cards([id])).get(id) : undefined;
  if (!card) throw notFound("person");
  return card.handle;
}

export const refuse = (detail: string) => new Problem(422, "request.invalid", detail);

/** Runs `work`; a refusal with one of these codes is null. */
export async function orNull<T>(codes: readonly string[], work: () => Promise<T>): Promise<T | null> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof Problem && codes.includes(error.code)) return null;
    throw error;
  }
}

export interface RelationshipEntity {
  id: string;
  following: boolean;
  showing_reblogs: boolean;
  notifying: boolean;
  languages: never[];
  followed_by: boolean;
  blocking: boolean;
  blocked_by: boolean;
  muting: boolean;
  muting_notifications: boolean;
  muting_expires_at: null;
  requested: boolean;
  requested_by: boolean;
  domain_blocking: boolean;
  endorsed: boolean;
  note: string;
}

/** What holds between the caller and these, in their order; unknown ids are missing. That somebody blocks the caller is not told. */
export async function relationships(
  { ground: { people } }: Desk,
  me: SignedIn,
  ids: readonly PersonId[],
): Promise<RelationshipEntity[]> {
  const [cards, mine, followers, requests] = await Promise.all([
    people.cards(ids),
    people.relations(me.person_id),
    people.followersAmong(me.person_id, ids),
    people.requestsAround(me.person_id, ids),
  ]);
  return ids
    .filter((id) => cards.has(id))
    .map((id) => ({
      id,
      following: mine.follows.has(id),
      showing_reblogs: mine.follows.has(id),
      notifying: false,
      languages: [],
      followed_by: followers.has(id),
      blocking: mine.blocks.has(id),
      blocked_by: false,
      muting: mine.mutes.has(id),
      muting_notifications: mine.mutes.has(id),
      muting_expires_at: null,
      requested: requests.asked.has(id),
      requested_by: requests.asking.has(id),
      domain_blocking: false,
      endorsed: false,
      note: "",
    }));
}
