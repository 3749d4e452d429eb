import { createHash } from "node:crypto";

import { notFound, Problem } from "#kernel/errors.ts";
import { NOBODY } from "#kernel/viewer.ts";
import type { Api } from "#ports/http/index.ts";

import { feedRoutes as r, type Post, tagOf } from "../contract.ts";
import type { Rooms } from "../index.ts";
import type { ListKind, SkeletonFor } from "../reading/reader.ts";
import { rulesFor } from "../reading/rules.ts";
import { hashtagSkeleton, personSkeleton, spaceSkeleton } from "../reading/skeleton.ts";
import { FEED_ENTRIES_MAX } from "./contract.ts";
import { atom, ATOM_TYPE, changedAt, type Channel, rss, RSS_TYPE } from "./render.ts";

/** How each feed is asked for; what of it stands in a feed is only what nobody in particular may read. */
interface Asked {
  origin: string;
  signal: AbortSignal;
  header(name: string): string | null;
}

type About = Pick<Channel, "title" | "description" | "image_url"> & { page: string; self: string };

/**
 * RSS and Atom. Whoever asks, and with whatever credential, is nobody here: so a feed is one and the same for all, may be kept
 * in front of the house, and a post that is no longer for everybody is gone from it with the next read.
 */
export function serveSyndication(api: Api, { ground, reader, timeline }: Rooms): void {
  async function publicPosts(skeletonFor: SkeletonFor, kind: ListKind, signal: AbortSignal): Promise<Post[]> {
    const json = await reader.list(NOBODY, skeletonFor, { limit: FEED_ENTRIES_MAX }, kind, signal);
    return (JSON.parse(json) as { items: Post[] }).items;
  }

  function answer(asked: Asked, format: "rss" | "atom", about: About, posts: Post[]) {
    const { origin } = asked;
    const channel: Channel = {
      ...about,
      page_url: `${origin}${about.page}`,
      self_url: `${origin}${about.self}.${format}`,
      image_url: about.image_url === null ? null : new URL(about.image_url, origin).href,
      origin,
      posts,
    };
    const text = format === "rss" ? rss(channel) : atom(channel);
    const etag = `"${createHash("sha256").update(text).digest("base64url").slice(0, 27)}"`;
    const changed_at = changedAt(posts);
    const headers: Record<string, string> = {
      etag,
      // May be kept by anybody, and is asked for each time: mostly the answer is 304, and what was deleted is gone at once.
      "cache-control": "public, no-cache",
      "access-control-allow-origin": "*",
      ...(posts.length === 0 ? {} : { "last-modified": changed_at.toUTCString() }),
    };
    if (isKnown(asked, etag, changed_at)) return { response: new Response(null, { status: 304, headers }) };
    const type = format === "rss" ? RSS_TYPE : ATOM_TYPE;
    return {
      response: new Response(text, {
        headers: { ...headers, "content-type": type, "content-security-policy": "default-src 'none'; sandbox" },
      }),
    };
  }

  const ofPerson = (format: "rss" | "atom") => async (asked: Asked & { params: { handle: string } }) => {
    const handle = asked.params.handle.toLowerCase();
    const person = (await ground.people.byHandles([handle])).get(handle);
    const rules = await rulesFor(NOBODY, ground);
    // Who shows their posts to chosen people only has nothing for everybody, and that is not told by an empty feed.
    if (!person || person.private || !rules.person("read", person).ok) throw notFound("person");
    const posts = await publicPosts(
      () => personSkeleton(timeline, ground.sql, person.id, "posts"),
      "page",
      asked.signal,
    );
    const name = `${person.display_name} (@${person.handle})`;
    return answer(
      asked,
      format,
      {
        title: name,
        description: `Public posts by ${name}`,
        image_url: person.avatar?.url_large ?? null,
        page: `/@${person.handle}`,
        self: `/v1/people/${person.handle}/posts`,
      },
      posts,
    );
  };
  api.serve(r.personRss, ofPerson("rss"));
  api.serve(r.personAtom, ofPerson("atom"));

  const ofSpace = (format: "rss" | "atom") => async (asked: Asked & { params: { space: string } }) => {
    const space = await ground.spaces.find(asked.params.space);
    if (!space || !(await rulesFor(NOBODY, ground)).space(space)) throw notFound("space");
    const posts = await publicPosts(() => spaceSkeleton(ground.sql, space.id), "page", asked.signal);
    return answer(
      asked,
      format,
      {
        title: space.name,
        description: `Public posts in ${space.name}`,
        image_url: null,
        page: `/s/${space.slug}`,
        self: `/v1/spaces/${space.slug}/posts`,
      },
      posts,
    );
  };
  api.serve(r.spaceRss, ofSpace("rss"));
  api.serve(r.spaceAtom, ofSpace("atom"));

  const ofHashtag = (format: "rss" | "atom") => async (asked: Asked & { params: { tag: string } }) => {
    const tag = tagOf(asked.params.tag.trim());
    if (tag === null)
      throw new Problem(404, "hashtag.invalid", "A hashtag is letters, digits and underscores, and not only digits.");
    const posts = await publicPosts(() => hashtagSkeleton(ground.sql, tag), "feed", asked.signal);
    const in_path = encodeURIComponent(tag);
    return answer(
      asked,
      format,
      {
        title: `#${tag}`,
        description: `Public posts with #${tag}`,
        image_url: null,
        page: `/tags/${in_path}`,
        self: `/v1/hashtags/${in_path}/posts`,
      },
      posts,
    );
  };
  api.serve(r.hashtagRss, ofHashtag("rss"));
  api.serve(r.hashtagAtom, ofHashtag("atom"));
}

/** RFC 9110: with `If-None-Match`, the date is not looked at. */
function isKnown({ header }: Asked, etag: string, changed_at: Date): boolean {
  const match = header("if-none-match");
  if (match !== null) {
    const known = match.split(",").map((tag) => tag.trim().replace(/^W\//, ""));
    return known.includes(etag) || known.includes("*");
  }
  const since = Date.parse(header("if-modified-since") ?? "");
  // A date has no smaller part than a second. What was deleted does not move it: whoever asks by date alone is told of nothing else.
  return !Number.isNaN(since) && changed_at.getTime() > 0 && Math.floor(changed_at.getTime() / 1000) * 1000 <= since;
}
