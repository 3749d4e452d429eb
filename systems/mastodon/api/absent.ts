import { notFound } from "#kernel/errors.ts";

import type { Needed } from "../policy.ts";
import { anyone, person, refuse, type Serve } from "./endpoint.ts";

/**
 * What Mastodon has and this house has not. Apps ask for much of it when they start, and an answer of the right shape that says
 * "nothing" is the truth; what somebody wants done is refused with a sentence that they can read, and never as if it were done.
 */

/** An empty list is the truth. */
const EMPTY: readonly (readonly [path: string, scope: Needed])[] = [
  ["/api/v1/announcements", null],
  ["/api/v1/conversations", "read:statuses"],
  ["/api/v1/timelines/direct", "read:statuses"],
  ["/api/v1/domain_blocks", "read:blocks"],
  ["/api/v1/endorsements", "read:accounts"],
  ["/api/v1/featured_tags", "read:accounts"],
  ["/api/v1/featured_tags/suggestions", "read:accounts"],
  ["/api/v1/followed_tags", "read:follows"],
  ["/api/v1/suggestions", "read:accounts"],
  ["/api/v2/suggestions", "read:accounts"],
  ["/api/v1/notifications/requests", "read:notifications"],
];
/** The same, for anybody. */
const EMPTY_FOR_ALL = [
  "/api/v1/instance/peers",
  "/api/v1/instance/activity",
  "/api/v1/instance/domain_blocks",
  "/api/v1/custom_emojis",
  "/api/v1/directory",
  "/api/v1/accounts/:id/featured_tags",
  "/api/v1/accounts/:id/identity_proofs",
  "/api/v1/accounts/:id/endorsements",
];

const NO_PUSH = "This house sends no notifications to apps by itself yet. Open the app to see what is new.";
const NO_PINS = "Nothing is pinned in this house.";
const NO_MUTED_THREADS = "One conversation alone cannot be muted in this house. Mute a word of it, or the person.";
const NO_TAGS = "Hashtags are not followed in this house. Keep the hashtag's page, or its feed (RSS).";
const NO_NOTES = "This house keeps no notes about people.";
const NO_HOUSES = "There are no other houses to be blocked: everybody here lives in this one.";

const REFUSED: readonly (readonly ["POST" | "PUT" | "PATCH" | "DELETE", string, Needed, string])[] = [
  ["POST", "/api/v1/push/subscription", "push", NO_PUSH],
  ["PUT", "/api/v1/push/subscription", "push", NO_PUSH],
  ["POST", "/api/v1/statuses/:id/pin", "write:accounts", NO_PINS],
  ["POST", "/api/v1/statuses/:id/unpin", "write:accounts", NO_PINS],
  ["POST", "/api/v1/accounts/:id/pin", "write:accounts", NO_PINS],
  ["POST", "/api/v1/accounts/:id/unpin", "write:accounts", NO_PINS],
  ["POST", "/api/v1/accounts/:id/endorse", "write:accounts", NO_PINS],
  ["POST", "/api/v1/accounts/:id/unendorse", "write:accounts", NO_PINS],
  ["POST", "/api/v1/statuses/:id/mute", "write:mutes", NO_MUTED_THREADS],
  ["POST", "/api/v1/statuses/:id/unmute", "write:mutes", NO_MUTED_THREADS],
  ["POST", "/api/v1/statuses/:id/translate", "read:statuses", "This house translates nothing."],
  ["POST", "/api/v1/tags/:name/follow", "write:follows", NO_TAGS],
  ["POST", "/api/v1/tags/:name/unfollow", "write:follows", NO_TAGS],
  ["POST", "/api/v1/featured_tags", "write:accounts", NO_TAGS],
  ["POST", "/api/v1/accounts/:id/note", "write:accounts", NO_NOTES],
  ["POST", "/api/v1/domain_blocks", "write:blocks", NO_HOUSES],
  ["DELETE", "/api/v1/domain_blocks", "write:blocks", NO_HOUSES],
];

export function serveAbsent(serve: Serve): void {
  for (const [path, scope] of EMPTY) serve("GET", path, person(scope), async () => ({ body: [] }));
  for (const path of EMPTY_FOR_ALL) serve("GET", path, anyone, async () => ({ body: [] }));
  for (const [method, path, scope, why] of REFUSED)
    serve(method, path, person(scope), async () => {
      throw refuse(why);
    });

  // There is none, as with Mastodon before one was made; and to end it is to have what is wanted.
  serve("GET", "/api/v1/push/subscription", person("push"), async () => {
    throw notFound("subscription");
  });
  serve("DELETE", "/api/v1/push/subscription", person("push"), async () => ({ body: {} }));
  serve("POST", "/api/v1/accounts", { who: "app", scope: "write:accounts" }, async () => {
    throw refuse("Sign up on the page of this house, and come back to sign in.");
  });

  const none = { pending_requests_count: 0, pending_notifications_count: 0 };
  const accept = (names: readonly string[], value: string | boolean) =>
    Object.fromEntries(names.map((name) => [name, value]));
  const WHO = ["not_following", "not_followers", "new_accounts", "private_mentions"];
  serve("GET", "/api/v2/notifications/policy", person("read:notifications"), async () => ({
    body: {
      ...accept(
        [...WHO, "limited_accounts"].map((name) => `for_${name}`),
        "accept",
      ),
      summary: none,
    },
  }));
  serve("GET", "/api/v1/notifications/policy", person("read:notifications"), async () => ({
    body: {
      ...accept(
        WHO.map((name) => `filter_${name}`),
        false,
      ),
      summary: none,
    },
  }));
  for (const path of ["/api/v1/notifications/policy", "/api/v2/notifications/policy"])
    for (const method of ["PUT", "PATCH"] as const)
      serve(method, path, person("write:notifications"), async () => {
        throw refuse(
          "This house sorts no notifications by who they are from. Mute or block whom you do not want to hear of.",
        );
      });
  serve("GET", "/api/v1/notifications/requests/merged", person("read:notifications"), async () => ({
    body: { merged: true },
  }));
  serve("GET", "/api/v1/annual_reports", person("read:accounts"), async () => ({
    body: { annual_reports: [], accounts: [], statuses: [] },
  }));
  serve("GET", "/api/v1/instance/translation_languages", anyone, async () => ({ body: {} }));
  serve("GET", "/api/v1/instance/languages", anyone, async () => ({ body: [{ code: "en", name: "English" }] }));
}
