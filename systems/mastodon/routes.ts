import type { Api } from "#ports/http/index.ts";

import { mastodonRoutes as r } from "./contract.ts";
import type { Authorizing } from "./oauth/authorize.ts";

/** The two routes of the house's own API: what a program asks for, and what its person says to it. */
export function serveAuthorizing(api: Api, authorizing: Authorizing): void {
  api.serve(r.appConsent, async ({ viewer, query }) => ({
    status: 200,
    body: await authorizing.consent(viewer, query),
  }));
  api.serve(r.authorizeApp, async ({ viewer, body }) => ({
    // Past `Idempotency-Key`, which would keep the code readable for a day.
    response: Response.json(await authorizing.answer(viewer, body), { headers: { "cache-control": "no-store" } }),
  }));
}
