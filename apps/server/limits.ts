import type { Logger } from "pino";

import type { Api } from "#ports/http/index.ts";
import { createLocalLimiter } from "#ports/limiter/index.ts";
import { createLimits, type Limits } from "#systems/limits/index.ts";
import { peopleRoutes } from "#systems/people/contract.ts";
import type { People } from "#systems/people/index.ts";
import type { Spaces } from "#systems/spaces/index.ts";

import type { Ground } from "./ground.ts";

/** A page asks the database for the house, beside what it asks the API, which counts by itself. */
export const PAGE_COST = { route: "GET /", cost_tokens: 2 };
const OTHERS_KEYS_MAX = 50_000;
const SIGN_IN = [peopleRoutes.signIn, peopleRoutes.passkeyChallenge, peopleRoutes.passkeySignIn];

/** @param api asked for its routes when somebody writes a rule set; by then it is there */
export async function openLimits(
  ground: Ground,
  needs: { people: People; spaces: Spaces; lines: Logger; api: () => Api },
): Promise<Limits> {
  await using opened = new AsyncDisposableStack();
  const { sql, log, clock, caches, limiter, secret } = ground;
  const { people, spaces, lines, api } = needs;
  // Keys of others never push the house's own out of a process's memory; in Redis each goes when its time is over.
  const others_limiter = ground.shared_limiter ?? opened.use(createLocalLimiter({ clock, keys_max: OTHERS_KEYS_MAX }));
  const limits = opened.use(
    await createLimits({
      sql,
      log,
      clock,
      caches,
      limiter,
      others_limiter,
      people,
      spaces,
      secret,
      sign_in_routes: SIGN_IN.map(({ method, path }) => `${method} ${path}`),
      routes: () => [...api().limited(), PAGE_COST.route],
      onTrouble: (because) => lines.error({ because }, "the published rule set of limits does not hold here"),
      onFailure: (err) => lines.warn({ err: String(err) }, "what the limits decided could not be noted; it is kept"),
    }),
  );
  const owned = opened.move();
  return { ...limits, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

/** For the house's notes. */
export function troubleOf(limits: Limits): { code: string; detail: string }[] {
  const because = limits.trouble();
  return because === null ? [] : [{ code: "limits.set_unread", detail: because }];
}
