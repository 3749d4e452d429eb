import type { Api } from "#ports/http/index.ts";

import { notifyRoutes as r } from "./contract.ts";
import type { Notify } from "./index.ts";

export function serveNotify(api: Api, { inbox, settings, addresses, subscriptions }: Notify): void {
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

  api.serve(r.notifySettings, async ({ viewer }) => ({ status: 200, body: await settings.of(viewer) }));
  api.serve(r.changeNotifySettings, async ({ viewer, body }) => ({
    status: 200,
    body: await settings.change(viewer, body),
  }));
  api.serve(r.setNotifyEmail, async ({ viewer, body }) => {
    await addresses.ask(viewer, body.address);
    return { status: 202 };
  });
  api.serve(r.forgetNotifyEmail, async ({ viewer }) => (await addresses.forget(viewer.person_id), done));
  api.serve(r.confirmNotifyEmail, async ({ body }) => ({ status: 200, body: await addresses.confirm(body.token) }));
  api.serve(r.unsubscribe, async ({ params }) => (await addresses.unsubscribe(params.token), done));
  api.serve(r.subscribeToPush, async ({ viewer, body }) => ({
    status: 200,
    body: await subscriptions.put(viewer, body),
  }));
  api.serve(r.unsubscribeFromPush, async ({ viewer, params }) => (await subscriptions.remove(viewer, params.id), done));
}
