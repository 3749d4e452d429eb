import type { Api } from "#ports/http/index.ts";

import { spacesRoutes as r } from "./contract.ts";
import type { Spaces } from "./index.ts";

export function serveSpaces(api: Api, { rooms: { spaces, members, invitations } }: Spaces): void {
  const done = { status: 204 } as const;

  api.serve(r.createSpace, async ({ viewer, body }) => {
    const space = await spaces.create(viewer, body);
    return { status: 201, body: space, headers: { location: `/v1/spaces/${space.slug}` } };
  });
  api.serve(r.listSpaces, async ({ viewer, query }) => ({ status: 200, body: await spaces.list(viewer, query) }));
  // Before `/v1/spaces/{slug}`: the first route that fits a path answers.
  api.serve(r.mySpaces, async ({ viewer, query }) => ({ status: 200, body: await spaces.mine(viewer, query) }));
  api.serve(r.lookUpSpaceInvitation, async ({ body }) => ({
    status: 200,
    body: await invitations.lookUp(body.invitation),
  }));
  api.serve(r.space, async ({ viewer, params }) => ({ status: 200, body: await spaces.get(viewer, params.slug) }));
  api.serve(r.editSpace, async ({ viewer, params, body }) => ({
    status: 200,
    body: await spaces.edit(viewer, params.slug, body),
  }));
  api.serve(r.deleteSpace, async ({ viewer, params }) => (await spaces.remove(viewer, params.slug), done));

  api.serve(r.joinSpace, async ({ viewer, params, body }) => {
    await members.join(viewer, params.slug, body?.invitation);
    return { status: 200, body: await spaces.get(viewer, params.slug) };
  });
  api.serve(r.leaveSpace, async ({ viewer, params }) => (await members.leave(viewer, params.slug), done));
  api.serve(r.listMembers, async ({ viewer, params, query }) => ({
    status: 200,
    body: await members.list(viewer, params.slug, query),
  }));
  api.serve(
    r.setMemberRole,
    async ({ viewer, params, body }) => (await members.give(viewer, params.slug, params.handle, body.role), done),
  );
  api.serve(
    r.removeMember,
    async ({ viewer, params }) => (await members.remove(viewer, params.slug, params.handle), done),
  );
  api.serve(r.listBans, async ({ viewer, params, query }) => ({
    status: 200,
    body: await members.bans(viewer, params.slug, query),
  }));
  api.serve(
    r.ban,
    async ({ viewer, params, body }) => (await members.ban(viewer, params.slug, params.handle, body.reason), done),
  );
  api.serve(r.unban, async ({ viewer, params }) => (await members.unban(viewer, params.slug, params.handle), done));

  // A secret that is shown once goes past `Idempotency-Key`, which would keep the answer readable for a day.
  api.serve(r.createSpaceInvitation, async ({ viewer, params, body }) => ({
    response: Response.json(await invitations.create(viewer, params.slug, body), {
      status: 201,
      headers: { "cache-control": "no-store" },
    }),
  }));
  api.serve(r.listSpaceInvitations, async ({ viewer, params, query }) => ({
    status: 200,
    body: await invitations.list(viewer, params.slug, query),
  }));
  api.serve(
    r.revokeSpaceInvitation,
    async ({ viewer, params }) => (await invitations.revoke(viewer, params.slug, params.id), done),
  );
}
