import { isId } from "#kernel/ids.ts";
import type { Api } from "#ports/http/index.ts";

import type { Rooms } from "../index.ts";
import { quotesRoutes as r } from "./contract.ts";
import { detachQuote } from "./detach.ts";
import { quotesOf } from "./store.ts";

export function serveQuotes(api: Api, { ground, reader }: Rooms): void {
  api.serve(r.listQuotes, async ({ viewer, params, query, signal }) => {
    await reader.post(viewer, params.id);
    const skeleton = {
      name: `quotes.${params.id}`,
      isKey: isId,
      read: async (after: string | null, listed_max: number) =>
        (await quotesOf(ground.sql.pool, params.id, after, listed_max)).map((id) => ({
          key: id,
          post_id: id,
          reposter_id: null,
        })),
    };
    return { status: 200, json: await reader.list(viewer, () => skeleton, query, "feed", signal) };
  });
  api.serve(r.detachQuote, async ({ viewer, params }) => {
    const { post } = await reader.post(viewer, params.id);
    await detachQuote(ground, viewer, post, params.quote_id);
    return { status: 204 };
  });
}
