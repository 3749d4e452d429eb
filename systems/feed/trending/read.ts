import type { PostId, SpaceId } from "#kernel/ids.ts";
import { isId } from "#kernel/ids.ts";
import type { Viewer } from "#kernel/viewer.ts";
import type { Query } from "#ports/sql/index.ts";

import type { Post } from "../contract.ts";
import type { Reader } from "../reading/reader.ts";
import type { Trend, TrendWindow } from "./board.ts";
import { CANDIDATES_MAX, POSTS_PER_AUTHOR_MAX } from "./bounds.ts";
import type { TrendingHashtag, TrendingLink } from "./contract.ts";
import { barredAmong } from "./store.ts";
import { hostOf, linksOf, linkSubject } from "./subjects.ts";
import type { Trending } from "./watch.ts";

/** What of the trends this viewer may see, with the rules as they are now. */
export interface TrendingReader {
  posts(viewer: Viewer, kind: "posts" | "videos", asked: TrendsAsked, signal: AbortSignal): Promise<TrendingPost[]>;
  hashtags(viewer: Viewer, asked: TrendsAsked, signal: AbortSignal): Promise<TrendingHashtag[]>;
  links(viewer: Viewer, asked: TrendsAsked, signal: AbortSignal): Promise<TrendingLink[]>;
}

export interface TrendsAsked {
  space_id: SpaceId | null;
  window: TrendWindow;
  limit: number;
}

export interface TrendingPost {
  post: Post;
  people: number;
}

export function createTrendingReader(needs: { db: Query; reader: Reader; trending: Trending }): TrendingReader {
  const { db, reader, trending } = needs;

  /** Those of these posts that the viewer may be shown, by the very reader that every other list goes through. */
  async function readable(
    viewer: Viewer,
    ids: readonly PostId[],
    space_id: SpaceId | null,
    signal: AbortSignal,
  ): Promise<Map<PostId, Post>> {
    if (ids.length === 0) return new Map();
    const skeleton = () => ({
      name: "trending",
      isKey: isId,
      read: async (after: string | null) => {
        const from = after === null ? 0 : ids.indexOf(after) + 1;
        return ids.slice(from).map((id) => ({ key: id, post_id: id, reposter_id: null }));
      },
    });
    const json = await reader.list(viewer, skeleton, { limit: ids.length }, "feed", signal);
    const { items } = JSON.parse(json) as { items: Post[] };
    const shown = items.filter((post) =>
      // What became a matter of few since it was counted trends for nobody any more.
      space_id === null
        ? post.audience === "public" && post.space?.visibility !== "private" && !post.author.private
        : post.space?.id === space_id,
    );
    return new Map(shown.map((post) => [post.id, post]));
  }

  /** Hashtags and links are shown by what is left of the posts that made them: none that may be read, no trend. */
  async function witnessed(viewer: Viewer, trends: readonly Trend[], asked: TrendsAsked, signal: AbortSignal) {
    const ids = [...new Set(trends.flatMap((trend) => trend.witnesses as PostId[]))];
    const posts = await readable(viewer, ids, asked.space_id, signal);
    return (trend: Trend, stands: (post: Post) => boolean): Post | null => {
      for (const id of trend.witnesses) {
        const post = posts.get(id);
        if (post && stands(post)) return post;
      }
      return null;
    };
  }

  const without = async (kind: "hashtag" | "link" | "post", trends: Trend[]): Promise<Trend[]> => {
    const barred = await barredAmong(
      db,
      kind,
      trends.map((trend) => trend.key),
    );
    return barred.size === 0 ? trends : trends.filter((trend) => !barred.has(trend.key));
  };
  const heaviest = (kind: "posts" | "videos" | "hashtags" | "links", { space_id, window, limit }: TrendsAsked) =>
    trending.top({ kind, space_id, window, subjects_max: Math.min(CANDIDATES_MAX, limit * 3 + 10) });

  return {
    async posts(viewer, kind, asked, signal) {
      const trends = await without("post", heaviest(kind, asked));
      const posts = await readable(
        viewer,
        trends.map((trend) => trend.key),
        asked.space_id,
        signal,
      );
      const byAuthor = new Map<string, number>();
      const shown: TrendingPost[] = [];
      for (const { key, people } of trends) {
        if (shown.length === asked.limit) break;
        const post = posts.get(key);
        if (!post || (kind === "videos" && post.video?.status !== "ready")) continue;
        const of_author = (byAuthor.get(post.author.id) ?? 0) + 1;
        byAuthor.set(post.author.id, of_author);
        if (of_author <= POSTS_PER_AUTHOR_MAX) shown.push({ post, people });
      }
      return shown;
    },

    async hashtags(viewer, asked, signal) {
      const trends = await without("hashtag", heaviest("hashtags", asked));
      const witness = await witnessed(viewer, trends, asked, signal);
      return trends
        .filter((trend) => witness(trend, (post) => post.hashtags.includes(trend.key)) !== null)
        .slice(0, asked.limit)
        .map(({ key, people, sparkline }) => ({ tag: key, people, sparkline }));
    },

    async links(viewer, asked, signal) {
      const trends = await without("link", heaviest("links", asked));
      const hosts = await barredAmong(db, "host", [...new Set(trends.map((trend) => hostOf(trend.key)))]);
      const witness = await witnessed(viewer, trends, asked, signal);
      const shown: TrendingLink[] = [];
      for (const trend of trends) {
        if (shown.length === asked.limit) break;
        const host = hostOf(trend.key);
        const post = hosts.has(host) ? null : witness(trend, ({ text }) => linksOf(text).includes(trend.key));
        if (!post) continue;
        const { key: url, people, sparkline } = trend;
        shown.push({ url, host, title: titleOf(post, url), people, sparkline, post_id: post.id });
      }
      return shown;
    },
  };
}

/** What the page behind a link calls itself, where the post carries a card of it. */
function titleOf(post: Post, url: string): string | null {
  const { link } = post as { link?: { url?: string; title?: string } | null };
  return link?.url !== undefined && linkSubject(link.url) === url ? (link.title ?? null) : null;
}
