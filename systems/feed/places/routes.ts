import type { PersonCard } from "#kernel/cards.ts";
import { rfc3339 } from "#kernel/time.ts";
import type { SignedIn } from "#kernel/viewer.ts";
import type { Api } from "#ports/http/index.ts";

import type { ReadingGround } from "../reading/ground.ts";
import type { SkeletonFor } from "../reading/reader.ts";
import { homeSkeleton, listSkeleton, newerThan } from "../reading/skeleton.ts";
import { NEWS_COUNT_MAX, NEWS_PEOPLE_MAX } from "./bounds.ts";
import { placeRoutes as r, type ReadingPosition } from "./contract.ts";
import { HOME, positionOf, type PositionRow, putPosition } from "./store.ts";

const present = (row: PositionRow): ReadingPosition => ({
  entry_id: row.entry_id,
  at: rfc3339(row.at),
  device: row.device,
});

export function servePlaces(api: Api, ground: ReadingGround): void {
  const { sql, clock, lists, timeline, reader, wishes } = ground;

  /** @throws Problem 404 `list.not_found` */
  async function placeOf(viewer: SignedIn, asked: string): Promise<string> {
    if (asked === "home") return HOME;
    await lists.peopleIn(viewer.person_id, asked);
    return asked;
  }

  async function skeletonOf(viewer: SignedIn, asked: string): Promise<SkeletonFor> {
    if (asked === "home") return (rules) => homeSkeleton(timeline, viewer.person_id, rules);
    const actors = await lists.peopleIn(viewer.person_id, asked);
    return () => listSkeleton(timeline, asked, actors);
  }

  api.serve(r.getPosition, async ({ viewer, params }) => {
    const row = await positionOf(sql.pool, viewer.person_id, await placeOf(viewer, params.timeline));
    const { preferences } = await wishes.of(viewer.person_id);
    return { status: 200, body: { position: row && present(row), opens: preferences.home_opens } };
  });
  api.serve(r.putPosition, async ({ viewer, params, body }) => {
    const place = await placeOf(viewer, params.timeline);
    const at = new Date(clock.now() - body.ago_ms);
    const row = await putPosition(sql.pool, viewer.person_id, place, { ...body, at });
    return { status: 200, body: { position: present(row) } };
  });
  api.serve(r.feedNews, async ({ viewer, params, query, signal }) => {
    const skeletonFor = newerThan(await skeletonOf(viewer, params.timeline), query.since);
    const { shown } = await reader.read(viewer, skeletonFor, { limit: NEWS_COUNT_MAX }, "timeline", signal);
    // What one wrote oneself is no news.
    const news = shown.filter((s) => s.reposted_by !== null || s.post.post.author_id !== viewer.person_id);
    const people = new Map<string, PersonCard>();
    for (const { post, reposted_by } of news) {
      const who = reposted_by ?? post.cards.author;
      if (people.size < NEWS_PEOPLE_MAX) people.set(who.id, who);
    }
    const newest_entry_id = news[0]?.entry_id ?? null;
    return { status: 200, body: { count: news.length, people: [...people.values()], newest_entry_id } };
  });
}
