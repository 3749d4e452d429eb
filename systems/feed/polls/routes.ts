import type { Api } from "#ports/http/index.ts";

import type { Rooms } from "../index.ts";
import { pollsRoutes as r } from "./contract.ts";
import { vote } from "./vote.ts";

export function servePolls(api: Api, { ground, reader }: Rooms): void {
  api.serve(r.votePoll, async ({ viewer, params, body }) => {
    const { post, rules } = await reader.post(viewer, params.id);
    return { status: 200, body: await vote(ground, viewer, post, rules, body) };
  });
}
