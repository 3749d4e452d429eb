import { z } from "zod";

import { DAY_MS } from "#kernel/time.ts";
import { feedRoutes } from "#systems/feed/index.ts";

import { parseFields } from "../wire/fields.ts";
import { linkHeader } from "../wire/reply.ts";
import { zCount, zOffset } from "../wire/shapes.ts";
import { anyone, type Asked, type Desk, type Serve } from "./endpoint.ts";

const TRENDS_PAGE = 10;
const TRENDS_PAGE_MAX = 20;
/** As many as the house's own lists of trends give. */
const TRENDS_LISTED_MAX = 50;

/** The house's own lists of trends; what is hidden from whoever asks is not in them. */
export function serveTrends(serve: Serve, desk: Desk): void {
  const zTrends = z.object({ limit: zCount(TRENDS_PAGE_MAX, TRENDS_PAGE), offset: zOffset });
  /** What comes behind those that were shown; the house's lists of them end somewhere, and clients ask until nothing comes. */
  async function trends<T>(
    asked: Asked,
    read: (query: { limit: number }) => Promise<{ items: T[] }>,
  ): Promise<{ items: T[]; headers: Record<string, string> }> {
    const { limit, offset } = parseFields(zTrends, asked.fields);
    const end = Math.min(offset + limit, TRENDS_LISTED_MAX);
    const items = offset >= end ? [] : (await read({ limit: end })).items.slice(offset);
    const next = items.length < limit ? null : (["offset", String(end)] as [string, string]);
    return { items, headers: linkHeader(asked.request.url, asked.origin, { next, prev: null }) };
  }

  /** Seconds since 1970 of its beginning, as text. */
  const today = () => String(Math.floor(desk.ground.clock.now() / DAY_MS) * (DAY_MS / 1000));

  for (const path of ["/api/v1/trends/tags", "/api/v1/trends"])
    serve("GET", path, anyone, async (asked) => {
      const { items, headers } = await trends(asked, (query) => asked.call(feedRoutes.trendingHashtags, { query }));
      return {
        headers,
        body: items.map(({ tag, people, sparkline }) => ({
          id: tag,
          name: tag,
          url: `${asked.origin}/tags/${encodeURIComponent(tag)}`,
          history: [
            {
              day: today(),
              accounts: String(people),
              uses: String(
                Math.max(
                  people,
                  sparkline.reduce((a, b) => a + b, 0),
                ),
              ),
            },
          ],
          following: false,
        })),
      };
    });
  serve("GET", "/api/v1/trends/statuses", anyone, async (asked) => {
    const { items, headers } = await trends(asked, (query) => asked.call(feedRoutes.trendingPosts, { query }));
    return {
      headers,
      body: await desk.statuses.of(
        asked.shown,
        items.map(({ post }) => ({ post })),
      ),
    };
  });
  serve("GET", "/api/v1/trends/links", anyone, async (asked) => {
    const { items, headers } = await trends(asked, (query) => asked.call(feedRoutes.trendingLinks, { query }));
    return {
      headers,
      body: items.map(({ url, host, title, people }) => ({
        url,
        title: title ?? url,
        description: "",
        language: null,
        type: "link",
        author_name: "",
        author_url: "",
        authors: [],
        provider_name: host,
        provider_url: "",
        html: "",
        width: 0,
        height: 0,
        image: null,
        image_description: "",
        embed_url: "",
        blurhash: null,
        published_at: null,
        history: [
          {
            day: today(),
            accounts: String(people),
            uses: String(people),
          },
        ],
      })),
    };
  });
}
