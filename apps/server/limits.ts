import type { Logger } from "pino";

import type { Api } from "#ports/http/index.ts";
import { createLocalLimiter } from "#ports/limiter/index.ts";
import { createLimits, type Limits } from "#systems/limits/index.ts";
import { peopleRoutes } from "#systems/people/contract.ts";
import type { People } from "#systems/people/index.ts";
import type { Spaces } from "#systems/spaces/index.ts";

import { type AccessLog, openAccessLog } from "./access-log.ts";
import type { Config } from "./config.ts";
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
      desk_routes: [PAGE_COST.route, `${peopleRoutes.me.method} ${peopleRoutes.me.path}`],
      routes: () => [...api().limited(), PAGE_COST.route],
      costs: () => costsOf(api()),
      onTrouble: (because) => lines.error({ because }, "the published rule set of limits does not hold here"),
      onFailure: (err) => lines.warn({ err: String(err) }, "what the limits decided could not be noted; it is kept"),
    }),
  );
  const owned = opened.move();
  return { ...limits, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

/** What a request takes, where it is not one token. */
const costsOf = ({ routes, doors }: Api): Record<string, number> =>
  Object.fromEntries(
    [
      ...routes.map(({ method, path, cost_tokens = 1 }) => [`${method} ${path}`, cost_tokens] as const),
      ...doors.map(({ path, cost_tokens = 1 }) => [`* ${path}`, cost_tokens] as const),
      [PAGE_COST.route, PAGE_COST.cost_tokens] as const,
    ].filter(([, cost_tokens]) => cost_tokens !== 1),
  );

/** What came, in a file, where the house was told to keep one. A command beside a server keeps none: the file is the server's. */
export async function openAccess(
  { clock, secret }: Ground,
  asked: Config["access_log"],
  needs: { limits: Limits; lines: Logger },
): Promise<AccessLog | null> {
  if (asked === null) return null;
  const onTrouble = (because: string) => needs.lines.warn({ because }, "the access log has a gap; the house goes on");
  return openAccessLog({ ...asked, clock, secret, spaceOf: (served) => needs.limits.spaceOf(served), onTrouble });
}

/** For the house's notes. */
export function troubleOf(limits: Limits): { code: string; detail: string }[] {
  const because = limits.trouble();
  return because === null ? [] : [{ code: "limits.set_unread", detail: because }];
}
