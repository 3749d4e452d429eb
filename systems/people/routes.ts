import { rfc3339 } from "#kernel/time.ts";
import type { SignedIn } from "#kernel/viewer.ts";
import { type Api, sessionCookie } from "#ports/http/index.ts";

import { peopleRoutes as r } from "./contract.ts";
import type { People } from "./index.ts";
import type { Passkey } from "./passkeys-contract.ts";
import { needSession, type Origin, type StartedSession } from "./sessions.ts";
import type { TokenRow } from "./store/credentials.ts";
import type { PasskeyRow } from "./store/passkeys.ts";
import type { Token } from "./tokens-contract.ts";

/** Browsers keep a cookie for 400 days at most; when a session ends is the server's to say. */
const COOKIE_AGE_S = 400 * 86_400;

interface Called {
  header(name: string): string | null;
  address: string;
  origin: string;
}

const originOf = ({ header, address }: Called): Origin => ({ address, user_agent: header("user-agent") ?? "" });

const cookie = (value: string, age_s: number, origin: string) =>
  `${sessionCookie(origin)}=${value}; Path=/; Max-Age=${age_s}; HttpOnly; SameSite=Lax${origin.startsWith("https:") ? "; Secure" : ""}`;

const signedIn = (started: StartedSession, asked: Called) => ({
  "set-cookie": cookie(started.secret, COOKIE_AGE_S, asked.origin),
});

/** A secret that is shown once goes past `Idempotency-Key`, which would keep the answer readable for a day. */
const once = (body: unknown, headers: Record<string, string> = {}) => ({
  response: Response.json(body, { status: 201, headers: { "cache-control": "no-store", ...headers } }),
});

const presentToken = ({ created_at, last_used_at, expires_at, ...row }: TokenRow): Token => ({
  ...row,
  created_at: rfc3339(created_at),
  last_used_at: last_used_at && rfc3339(last_used_at),
  expires_at: expires_at && rfc3339(expires_at),
});

const presentPasskey = ({ id, name, created_at, last_used_at }: PasskeyRow): Passkey => ({
  id,
  name,
  created_at: rfc3339(created_at),
  last_used_at: last_used_at && rfc3339(last_used_at),
});

/** The session that this browser brought along, which the new one replaces. A bearer's is a program's own affair. */
const replacedBy = (viewer: { kind: "nobody" } | SignedIn, { header }: Called): SignedIn | null =>
  viewer.kind === "person" && header("authorization") === null ? viewer : null;

export function servePeople(api: Api, people: People): void {
  const { signUp, sessions, tokens, account, passkeys, profiles, relating, invitations, offices, house } = people.rooms;
  const done = { status: 204 } as const;

  api.serve(r.house, async () => ({ status: 200, body: await house.facts() }));

  api.serve(r.signUp, async (asked) => {
    const { started, viewer } = await signUp.signUp(asked.body, originOf(asked));
    return {
      status: 201,
      body: await profiles.me(viewer),
      headers: { ...signedIn(started, asked), location: `/v1/people/${viewer.handle}` },
    };
  });
  api.serve(r.signIn, async (asked) => {
    const { started, viewer } = await sessions.signIn(asked.body, originOf(asked), replacedBy(asked.viewer, asked));
    const body = { token: started.secret, expires_at: rfc3339(started.expires_at), person: await profiles.me(viewer) };
    return once(body, signedIn(started, asked));
  });
  api.serve(r.signOut, async (asked) => {
    await sessions.revokeCurrent(asked.viewer);
    return { ...done, headers: { "set-cookie": cookie("", 0, asked.origin) } };
  });
  api.serve(r.listSessions, async ({ viewer }) => ({
    status: 200,
    body: {
      items: (await sessions.list(viewer)).map((row) => ({
        ...row,
        created_at: rfc3339(row.created_at),
        last_used_at: rfc3339(row.last_used_at),
        expires_at: rfc3339(row.expires_at),
      })),
    },
  }));
  api.serve(r.revokeSession, async ({ viewer, params }) => (await sessions.revoke(viewer, params.id), done));
  api.serve(r.revokeOtherSessions, async ({ viewer }) => (await sessions.revokeOthers(viewer), done));

  // Before `/v1/people/{handle}`: the first route that fits a path answers.
  api.serve(r.me, async ({ viewer }) => ({ status: 200, body: await profiles.me(viewer) }));
  api.serve(r.editMe, async ({ viewer, body }) => ({ status: 200, body: await profiles.editMe(viewer, body) }));
  api.serve(
    r.changePassword,
    async ({ viewer, body, address }) => (await account.changePassword(viewer, body, address), done),
  );
  api.serve(r.deleteMe, async (asked) => {
    await account.deleteMe(asked.viewer, asked.body.password, asked.address);
    return { ...done, headers: { "set-cookie": cookie("", 0, asked.origin) } };
  });
  api.serve(r.listBlocks, async ({ viewer, query }) => ({
    status: 200,
    body: await profiles.mine(viewer, "blocks", query),
  }));
  api.serve(r.listMutes, async ({ viewer, query }) => ({
    status: 200,
    body: await profiles.mine(viewer, "mutes", query),
  }));

  api.serve(r.listFollowRequests, async ({ viewer, query }) => ({
    status: 200,
    body: await profiles.mine(viewer, "follow_requests", query),
  }));
  for (const act of ["acceptFollower", "removeFollower"] as const) {
    api.serve(r[act], async ({ viewer, params }) => (await people.rooms.followers[act](viewer, params.handle), done));
  }

  api.serve(r.suggestPeople, async ({ viewer, query }) => ({
    status: 200,
    body: { items: await profiles.suggest(viewer, query) },
  }));
  api.serve(r.person, async ({ viewer, params }) => ({
    status: 200,
    body: await profiles.person(viewer, params.handle),
  }));
  api.serve(r.listFollowers, async ({ viewer, params, query }) => ({
    status: 200,
    body: await profiles.related(viewer, params.handle, "followers", query),
  }));
  api.serve(r.listFollowing, async ({ viewer, params, query }) => ({
    status: 200,
    body: await profiles.related(viewer, params.handle, "following", query),
  }));
  for (const act of ["follow", "unfollow", "block", "unblock", "mute", "unmute"] as const) {
    api.serve(r[act], async ({ viewer, params }) => (await relating[act](viewer, params.handle), done));
  }

  api.serve(r.createToken, async ({ viewer, body }) => {
    const { secret, ...row } = await tokens.create(viewer, body);
    return once({ ...presentToken(row), secret });
  });
  api.serve(r.listTokens, async ({ viewer }) => ({
    status: 200,
    body: { items: (await tokens.list(viewer)).map(presentToken) },
  }));
  api.serve(r.tokenKeys, async ({ viewer, params }) => ({
    status: 200,
    body: { ...(await people.rooms.tokenKeys.show(viewer, params.id)), endpoint_path: "/v1/s3", region: "house" },
  }));
  api.serve(r.revokeToken, async ({ viewer, params }) => (await tokens.revoke(viewer, params.id), done));

  api.serve(r.passkeyRegistration, async ({ viewer, body, origin, address }) => {
    const options = await passkeys.registration(viewer, body.password, origin, address);
    return { status: 200, json: JSON.stringify(options) };
  });
  api.serve(r.registerPasskey, async ({ viewer, body, origin }) => ({
    status: 201,
    body: presentPasskey(await passkeys.register(viewer, body, origin)),
  }));
  api.serve(r.listPasskeys, async ({ viewer }) => ({
    status: 200,
    body: { items: (await passkeys.list(viewer)).map(presentPasskey) },
  }));
  api.serve(r.removePasskey, async ({ viewer, params }) => (await passkeys.remove(viewer, params.id), done));
  api.serve(r.passkeyChallenge, async ({ origin, address }) => ({
    status: 200,
    json: JSON.stringify(await passkeys.challenge(origin, address)),
  }));
  api.serve(r.passkeySignIn, async (asked) => {
    const { started, viewer } = await passkeys.signIn(asked.body.response, asked.origin, originOf(asked));
    const body = { token: started.secret, expires_at: rfc3339(started.expires_at), person: await profiles.me(viewer) };
    return once(body, signedIn(started, asked));
  });

  api.serve(r.createInvitation, async ({ viewer, body }) => once(await invitations.create(viewer, body)));
  api.serve(r.listInvitations, async ({ query }) => ({ status: 200, body: await invitations.list(query) }));
  api.serve(r.revokeInvitation, async ({ viewer, params }) => (await invitations.revoke(viewer, params.id), done));
  api.serve(r.lookUpInvitation, async ({ body, address }) => ({
    status: 200,
    body: await invitations.lookUp(body.invitation, address),
  }));

  api.serve(r.createResetLink, async ({ viewer, params }) => {
    needSession(viewer);
    const { secret, expires_at } = await account.createResetLink(params.handle, viewer.person_id);
    return once({ secret, expires_at: rfc3339(expires_at) });
  });
  api.serve(r.resetPassword, async ({ body, address }) => (await account.resetPassword(body, address), done));

  api.serve(r.adminListPeople, async ({ query }) => ({ status: 200, body: await profiles.everybody(query) }));
  api.serve(
    r.setRole,
    async ({ viewer, params, body }) => (await offices.setRole(params.handle, body.role, viewer.person_id), done),
  );
  api.serve(
    r.suspend,
    async ({ viewer, params, body }) => (await offices.suspend(viewer, params.handle, body.reason), done),
  );
  api.serve(r.reinstate, async ({ viewer, params }) => (await offices.reinstate(viewer, params.handle), done));
  api.serve(r.settings, async () => ({ status: 200, body: await house.settings() }));
  api.serve(r.editSettings, async ({ viewer, body }) => ({ status: 200, body: await house.edit(viewer, body) }));
}
