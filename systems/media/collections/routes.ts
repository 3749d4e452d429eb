import { notFound, Problem } from "#kernel/errors.ts";
import { rfc3339 } from "#kernel/time.ts";
import type { Viewer } from "#kernel/viewer.ts";
import type { Api } from "#ports/http/index.ts";

import { listedVideos } from "../listed.ts";
import { collectionRoutes as r } from "./contract.ts";
import { type Collections, etagOf } from "./index.ts";
import { presentCollections, type PresentNeeds } from "./present.ts";
import type { CollectionRow } from "./store.ts";

export function serveCollections(api: Api, needs: PresentNeeds & { collections: Collections }): void {
  const { collections } = needs;

  async function shown(viewer: Viewer, row: CollectionRow) {
    const [collection] = await presentCollections(viewer, [row], needs);
    // What a person who is gone had made goes after them; until then it is nobody's, and not shown.
    if (!collection) throw notFound("collection");
    return { body: collection, headers: { etag: etagOf(collection.version) } };
  }

  api.serve(r.createCollection, async ({ viewer, body }) => ({
    status: 201,
    ...(await shown(viewer, await collections.create(viewer, body))),
  }));
  api.serve(r.listCollections, async ({ viewer, query }) => {
    const { limit, cursor, video_id } = query;
    const owner = query.owner ?? (viewer.kind === "person" ? viewer.person_id : undefined);
    if (owner === undefined)
      throw new Problem(422, "collection.owner_required", "Say whose playlists, or sign in for your own.");
    const { items, next_cursor } = await collections.list(viewer, { owner, limit, cursor });
    return { status: 200, body: { items: await presentCollections(viewer, items, needs, video_id), next_cursor } };
  });
  api.serve(r.getCollection, async ({ viewer, params }) => ({
    status: 200,
    ...(await shown(viewer, await collections.readable(viewer, params.collection_id))),
  }));
  api.serve(r.patchCollection, async ({ viewer, params, body, header }) => ({
    status: 200,
    ...(await shown(viewer, await collections.change(viewer, params.collection_id, body, header("if-match")))),
  }));
  api.serve(r.deleteCollection, async ({ viewer, params }) => {
    await collections.remove(viewer, params.collection_id);
    return { status: 204 };
  });
  api.serve(r.listCollectionItems, async ({ viewer, params, query }) => {
    const collection = await collections.readable(viewer, params.collection_id);
    const { items, next_cursor } = await collections.items(viewer, collection, query);
    const videos = await listedVideos(
      viewer,
      items.map((item) => item.video_id),
      needs,
    );
    const shownItems = items.flatMap(({ video_id, added_at }) => {
      const video = videos.get(video_id);
      return video ? [{ video, added_at: rfc3339(added_at) }] : [];
    });
    return { status: 200, body: { items: shownItems, next_cursor } };
  });
  api.serve(r.getCollectionOrder, async ({ viewer, params }) => {
    const { id, version } = await collections.readable(viewer, params.collection_id);
    return { status: 200, body: { version, video_ids: await collections.order(viewer, id) } };
  });
  api.serve(r.addToCollection, async ({ viewer, params, body }) => {
    await collections.add(viewer, params.collection_id, params.video_id, body.after);
    return { status: 204 };
  });
  api.serve(r.moveInCollection, async ({ viewer, params, body, header }) => {
    const { collection_id, video_id } = params;
    const version = await collections.move(viewer, collection_id, video_id, body.after, header("if-match"));
    return { status: 200, body: { version }, headers: { etag: etagOf(version) } };
  });
  api.serve(r.removeFromCollection, async ({ viewer, params }) => {
    await collections.take(viewer, params.collection_id, params.video_id);
    return { status: 204 };
  });
}
