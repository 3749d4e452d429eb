import type { Api } from "#ports/http/index.ts";

import { notifyRoutes as r } from "./contract.ts";
import type { Notify } from "./index.ts";

export function serveNotify(api: Api, { inbox }: Notify): void {
  const done = { status: 204 } as const;
  // Before `/v1/notifications/{id}`: the first route that fits a path answers.
  api.serve(r.unreadNotifications, async ({ viewer }) => ({ status: 200, body: await inbox.unread(viewer) }));
  api.serve(r.readNotifications, async ({ viewer, body }) => (await inbox.read(viewer.person_id, body.up_to), done));
  api.serve(r.listNotifications, async ({ viewer, query }) => ({ status: 200, body: await inbox.list(viewer, query) }));
  api.serve(
    r.dismissNotification,
    async ({ viewer, params }) => (await inbox.dismiss(viewer.person_id, params.id), done),
  );
  api.serve(r.clearNotifications, async ({ viewer }) => (await inbox.clear(viewer.person_id), done));
}
