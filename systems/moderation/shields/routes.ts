import type { Api } from "#ports/http/index.ts";

import { shieldRoutes as r } from "./contract.ts";
import type { Shields } from "./shields.ts";

export function serveShields(api: Api, shields: Shields): void {
  api.serve(r.listShields, async () => ({ status: 200, body: { items: await shields.list() } }));
  api.serve(r.holdShield, async ({ viewer, params, body }) => ({
    status: 200,
    body: await shields.hold(viewer.person_id, params.kind, body.step),
  }));
}
