import type { Api } from "#ports/http/index.ts";
import { type Post, tagOf } from "#systems/feed/contract.ts";
import type { Video } from "#systems/media/contract.ts";
import type { House, Me, Person } from "#systems/people/contract.ts";
import type { Space } from "#systems/spaces/contract.ts";

import type { PageBuild } from "../web/build.ts";
import { contentSecurityPolicy, type PageHead, pageHtml } from "../web/page-html.ts";

export interface PageNeeds {
  api: Api;
  build: PageBuild;
  house: () => Promise<House>;
  public_url: string | null;
  media_origins: string[];
}

type Card = Pick<PageHead, "title" | "description" | "image" | "type"> & {
  /** Below the house; where the player may stand on other sites. */
  player?: { path: string; width: number; height: number };
  /** Where its posts are as RSS and Atom, below the house and without the ending. */
  feed?: string;
};

/**
 * The document for any path of the page. What it says of a post, a video or a person is what the API tells nobody in
 * particular, so that a card in another program never shows more than a stranger may see.
 */
export function createPage(needs: PageNeeds) {
  const policy = contentSecurityPolicy({ media_origins: needs.media_origins });

  return async (request: Request, peer_address: string): Promise<Response> => {
    const asked = new URL(request.url);
    const origin = needs.public_url ?? `${asked.protocol}//${request.headers.get("host") ?? asked.host}`;
    const cookie = request.headers.get("cookie");
    const from = forwardedOf(request);
    const [house, me, card] = await Promise.all([
      needs.house(),
      cookie === null ? null : ask<Me>(needs.api, `${origin}/v1/people/me`, peer_address, { ...from, cookie }),
      cardOf(asked.pathname, (path) => ask(needs.api, `${origin}${path}`, peer_address, from)),
    ]);
    const { player, feed, ...shown } = card ?? {
      title: "",
      description: `${house.name}: a house that its community owns.`,
      image: null,
      type: "website" as const,
      player: undefined,
      feed: undefined,
    };
    const url = `${origin}${asked.pathname}`;
    const html = pageHtml({
      build: needs.build,
      house,
      me,
      url,
      ...shown,
      ...(player ? { embed: embedOf(player, origin, url) } : {}),
      ...(feed ? { feed: { title: shown.title, url: `${origin}${feed}` } } : {}),
      private: /^\/(?:settings|admin|setup|bookmarks|oauth)\b/.test(asked.pathname),
    });
    return new Response(html, {
      headers: {
        "content-type": "text/html; charset=utf-8",
        // With somebody's name in it, it is theirs alone and no cache's.
        "cache-control": me === null ? "no-cache" : "private, no-store",
        vary: "cookie",
        "content-security-policy": policy,
        "x-content-type-options": "nosniff",
        "referrer-policy": "same-origin",
        "cross-origin-opener-policy": "same-origin",
        "permissions-policy": "camera=(), geolocation=(), microphone=(self), payment=(), usb=()",
      },
    });
  };
}

/** What a proxy said of the caller, so that the API counts them and not the proxy, and knows their cookie by its name. */
const forwardedOf = (request: Request): Record<string, string> =>
  Object.fromEntries(
    ["x-forwarded-for", "x-forwarded-proto", "host"].flatMap((name) => {
      const value = request.headers.get(name);
      return value === null ? [] : [[name, value]];
    }),
  );

const embedOf = ({ path, width, height }: NonNullable<Card["player"]>, origin: string, url: string) => ({
  oembed_url: `${origin}/v1/oembed?format=json&url=${encodeURIComponent(url)}`,
  player_url: `${origin}${path}`,
  width,
  height,
});

type Ask = <T>(path: string) => Promise<T | null>;

/** The API's own answer, through its own door; without a cookie it is what anybody gets. */
async function ask<T>(
  api: Api,
  url: string,
  peer_address: string,
  headers: Record<string, string> = {},
): Promise<T | null> {
  const response = await api.fetch(new Request(url, { headers }), peer_address);
  return response.ok ? ((await response.json()) as T) : null;
}

/** null for a path that has no card of its own, and for what a stranger may not see. */
async function cardOf(path: string, ask: Ask): Promise<Card | null> {
  const [, kind = "", name = ""] = /^\/(posts|watch|s)\/([\w-]{1,64})\/?$/.exec(path) ?? [];
  if (kind === "posts") return postCard(await ask<Post>(`/v1/posts/${name}`));
  if (kind === "watch") return videoCard(await ask<Video>(`/v1/videos/${name}`));
  if (kind === "s") return spaceCard(await ask<Space>(`/v1/spaces/${name}`));
  const tag = hashtagOf(/^\/tags\/([^/]{1,600})\/?$/.exec(path)?.[1]);
  if (tag !== null) return hashtagCard(tag);
  const handle = /^\/@(\w{1,30})\/?$/.exec(path)?.[1];
  return handle === undefined ? null : personCard(await ask<Person>(`/v1/people/${handle}`));
}

function hashtagOf(in_path: string | undefined): string | null {
  if (in_path === undefined) return null;
  try {
    return tagOf(decodeURIComponent(in_path));
  } catch {
    return null;
  }
}

function postCard(post: Post | null): Card | null {
  if (!post) return null;
  const image = post.video?.poster_url ?? post.images[0]?.variants.at(-1)?.url ?? null;
  return {
    title: `${post.author.display_name} (@${post.author.handle})`,
    description: post.text || post.video?.title || "A post",
    image,
    type: post.video ? "video.other" : "article",
  };
}

function videoCard(video: Video | null): Card | null {
  if (!video) return null;
  const { title, description, poster_url: image, embed_url, hls_url, width, height } = video;
  const player =
    embed_url !== null && hls_url !== null && width !== null && height !== null
      ? { player: { path: embed_url, width, height } }
      : {};
  return { title, description, image, type: "video.other", ...player };
}

function personCard(person: Person | null): Card | null {
  return (
    person && {
      title: `${person.display_name} (@${person.handle})`,
      description: person.bio,
      image: person.avatar?.url_large ?? null,
      type: "profile",
      ...(person.private ? {} : { feed: `/v1/people/${person.handle}/posts` }),
    }
  );
}

const spaceCard = (space: Space | null): Card | null =>
  space && {
    title: space.name,
    description: space.description,
    image: null,
    type: "website",
    ...(space.visibility === "private" ? {} : { feed: `/v1/spaces/${space.slug}/posts` }),
  };

/** A hashtag needs no question: it is what it is called. */
const hashtagCard = (tag: string): Card => ({
  title: `#${tag}`,
  description: `Posts with #${tag}`,
  image: null,
  type: "website",
  feed: `/v1/hashtags/${encodeURIComponent(tag)}/posts`,
});
