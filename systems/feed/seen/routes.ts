import type { Api } from "#ports/http/index.ts";

import type { Feed } from "../index.ts";
import { seenRoutes as r } from "./contract.ts";
import { forgetSeen, reportSeen, seenMemory, setSeenMemory } from "./seen.ts";

export function serveSeen(api: Api, { ground, reader }: Feed["rooms"]): void {
  api.serve(r.reportViews, async ({ viewer, body }) => ({
    status: 200,
    body: { keeps: await reportSeen(ground, reader, viewer, body.items) },
  }));
  api.serve(r.getSeenMemory, async ({ viewer }) => ({ status: 200, body: await seenMemory(ground, viewer.person_id) }));
  api.serve(r.setSeenMemory, async ({ viewer, body }) => {
    await setSeenMemory(ground, viewer.person_id, body.keeps);
    return { status: 200, body: await seenMemory(ground, viewer.person_id) };
  });
  api.serve(r.forgetSeen, async ({ viewer }) => {
    await forgetSeen(ground, viewer.person_id);
    return { status: 204 };
  });
}
