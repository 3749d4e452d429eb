import { z } from "zod";

import { notFound } from "#kernel/errors.ts";
import { tagOf, type WindowOf } from "#systems/feed/index.ts";

import { PAGE_STATUSES_DEFAULT, PAGE_STATUSES_MAX } from "../bounds.ts";
import type { Placed } from "../entities/statuses.ts";
import { parseFields } from "../wire/fields.ts";
import { linkHeader, type Reply } from "../wire/reply.ts";
import { zCount, zFlag, zPlaces } from "../wire/shapes.ts";
import { type Asked, type Desk, person, profileOf, reader, type Serve } from "./endpoint.ts";

const zWindow = z.object({ limit: zCount(PAGE_STATUSES_MAX, PAGE_STATUSES_DEFAULT), ...zPlaces });
const zPublic = z.object({ local: zFlag, remote: zFlag, only_media: zFlag });

/**
 * A page of statuses as Mastodon pages: `max_id` below a place, `since_id` the newest down to one, `min_id` right above one; the
 * links lead on to both sides.
 */
export async function pageOf(
  asked: Asked,
  { ground, statuses }: Desk,
  of: WindowOf,
  keep: (placed: Placed) => boolean = () => true,
): Promise<Reply> {
  const { limit, max_id, since_id, min_id } = parseFields(zWindow, asked.fields);
  const places = { below: max_id ?? null, since: since_id ?? null, above: min_id ?? null };
  const window = await ground.feed.windows.page(asked.viewer, of, { limit, ...places }, asked.signal);
  const placed = window.map(({ key, post }): Placed => (post.reposted_by ? { post, key } : { post })).filter(keep);
  const [first, last] = [window.at(0), window.at(-1)];
  return {
    body: await statuses.of(asked.shown, placed),
    headers: linkHeader(asked.request.url, asked.origin, {
      next: last ? ["max_id", last.key] : null,
      prev: first ? ["min_id", first.key] : null,
    }),
  };
}

const hasMedia = ({ post }: Placed) => post.video !== null || post.images.length > 0;

export function serveTimelines(serve: Serve, desk: Desk): void {
  serve("GET", "/api/v1/timelines/home", person("read:statuses"), (asked) => pageOf(asked, desk, { list: "home" }));

  serve("GET", "/api/v1/timelines/public", reader("read:statuses"), async (asked) => {
    const { remote, only_media } = parseFields(zPublic, asked.fields);
    // Everything here is of this house.
    if (remote) return { body: [] };
    return pageOf(asked, desk, { list: "public" }, only_media ? hasMedia : undefined);
  });

  serve("GET", "/api/v1/timelines/tag/:hashtag", reader("read:statuses"), async (asked) => {
    const { remote, only_media } = parseFields(zPublic, asked.fields);
    const tag = tagOf(asked.params.hashtag!.trim());
    if (tag === null || remote) return { body: [] };
    return pageOf(asked, desk, { list: "hashtag", tag }, only_media ? hasMedia : undefined);
  });

  serve("GET", "/api/v1/favourites", person("read:favourites"), (asked) => pageOf(asked, desk, { list: "liked" }));
  serve("GET", "/api/v1/bookmarks", person("read:bookmarks"), (asked) => pageOf(asked, desk, { list: "bookmarks" }));

  const zOf = z.object({
    only_media: zFlag,
    exclude_reblogs: zFlag,
    exclude_replies: zFlag,
    pinned: zFlag,
    tagged: z.string().max(100).optional(),
  });
  serve("GET", "/api/v1/accounts/:id/statuses", reader("read:statuses"), async (asked) => {
    const { only_media, exclude_reblogs, pinned, tagged } = parseFields(zOf, asked.fields);
    const { id } = await profileOf(asked, desk, asked.params.id!);
    // Nothing is pinned here.
    if (pinned) return { body: [] };
    const only = only_media ? ({ only: "media" } as const) : exclude_reblogs ? ({ only: "posts" } as const) : {};
    const tag = tagged === undefined ? null : tagOf(tagged);
    if (tagged !== undefined && tag === null) throw notFound("hashtag");
    return pageOf(
      asked,
      desk,
      { list: "person", person_id: id, ...only },
      tag === null ? undefined : ({ post }) => post.hashtags.includes(tag),
    );
  });
}
