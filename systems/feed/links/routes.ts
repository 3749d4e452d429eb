import type { PostId } from "#kernel/ids.ts";
import type { SignedIn } from "#kernel/viewer.ts";
import type { Api } from "#ports/http/index.ts";

import type { Rooms } from "../index.ts";
import { linksRoutes as r } from "./contract.ts";
import { hideLink } from "./hide.ts";

export function serveLinks(api: Api, { ground, reader }: Rooms): void {
  const serve =
    (hidden: boolean) =>
    async ({ viewer, params }: { viewer: SignedIn; params: { id: PostId } }) => {
      await reader.post(viewer, params.id);
      await hideLink(ground, viewer, params.id, hidden);
      const { post } = await reader.post(viewer, params.id);
      return { status: 200 as const, json: await reader.present(viewer, post) };
    };
  api.serve(r.hidePostLink, serve(true));
  api.serve(r.showPostLink, serve(false));
}
