import type { PersonCard } from "#kernel/cards.ts";
import type { PostId } from "#kernel/ids.ts";
import { presentPoll } from "#kernel/polls.ts";
import type { Viewer } from "#kernel/viewer.ts";
import type { Clock } from "#ports/clock/index.ts";
import type { Sql } from "#ports/sql/index.ts";

import type { LinkCard } from "../links/card-contract.ts";
import type { OwnLink } from "../links/own.ts";
import type { FeedPeople, FeedSpaces, FoundSpace } from "../needs.ts";
import { choicesOf } from "../polls/store.ts";
import type { Verdict } from "../wishes/muted.ts";
import type { HydratedPost, Hydrator } from "./hydrate.ts";
import { type Extras, GONE_QUOTE, presentQuote } from "./present.ts";
import type { ListKind, Rules } from "./rules.ts";

/**
 * What a post carries that depends on who reads it and when: the post that it quotes, its poll, a card of another page of
 * ours. Asked for at each read, with the facts of that moment.
 */
export interface Around {
  /** In the order of `posts`; null, at once, where there is nothing of the kind. What stands in a quote is judged as the list is. */
  of(viewer: Viewer, rules: Rules, posts: readonly HydratedPost[], kind: ListKind): Promise<(Extras | null)[]> | null;
}

export interface AroundNeeds {
  sql: Sql;
  clock: Clock;
  people: Pick<FeedPeople, "byHandles">;
  spaces: Pick<FeedSpaces, "find">;
  hydrator: Pick<Hydrator, "hydrate">;
}

interface OwnPages {
  people: ReadonlyMap<string, PersonCard>;
  spaces: ReadonlyMap<string, FoundSpace | null>;
}

/** True where a post needs more than what it is by itself. */
const isMore = ({ post }: HydratedPost) => post.has_quote || post.poll !== null || post.own_link !== null;

const NO_QUOTE = { quote: "null", filtered: null } as const;
const AVATAR_LARGE_PX = 384;
const WORDS_IN_CARD_CHARS_MAX = 200;

export function createAround({ sql, clock, people, spaces, hydrator }: AroundNeeds): Around {
  return {
    of: (viewer, rules, posts, kind) => (posts.some(isMore) ? extrasOf(viewer, rules, posts, kind) : null),
  };

  async function extrasOf(
    viewer: Viewer,
    rules: Rules,
    posts: readonly HydratedPost[],
    kind: ListKind,
  ): Promise<(Extras | null)[]> {
    const others = await othersOf(posts);
    const isOwn = ({ post }: HydratedPost) => viewer.kind === "person" && viewer.person_id === post.author_id;
    const mutedIn = (post: HydratedPost): Verdict | null =>
      isOwn(post) ? null : (rules.wishes.words?.judge(post.post, kind === "timeline" ? "home" : "everywhere") ?? null);
    const isUnwished = (post: HydratedPost) =>
      rules.isMuted(post.post.author_id) ||
      (post.post.is_sensitive && rules.wishes.preferences.sensitive_media === "hide" && !isOwn(post)) ||
      mutedIn(post)?.hides === true;
    const mayShow = (post: HydratedPost | undefined): post is HydratedPost =>
      post !== undefined &&
      rules.post("read", post).ok &&
      (!post.post.is_hidden || isOwn(post)) &&
      (kind === "page" || !isUnwished(post));
    const [chosen, pages] = await Promise.all([chosenOf(viewer, [...posts, ...others.values()]), pagesOf(posts)]);
    const now_ms = clock.now();
    const pollOf = ({ post }: HydratedPost): string => {
      if (post.poll === null) return "null";
      const mine = chosen?.get(post.id);
      return JSON.stringify(
        presentPoll(post.poll, {
          is_author: viewer.kind === "person" && viewer.person_id === post.author_id,
          chosen: mine?.edition === post.poll.edition ? mine.choices : null,
          now_ms,
        }),
      );
    };
    const quotedIn = ({ post }: HydratedPost): HydratedPost | null => {
      const quoted = post.quote_id === null ? undefined : others.get(post.quote_id);
      return mayShow(quoted) ? quoted : null;
    };
    const quoteOf = (post: HydratedPost): Pick<Extras, "quote" | "filtered"> => {
      if (!post.post.has_quote) return NO_QUOTE;
      const quoted = quotedIn(post);
      if (quoted === null) return { quote: GONE_QUOTE, filtered: null };
      // Words in one's own post are folded by nobody's.
      const filtered = isOwn(post) ? null : (mutedIn(quoted)?.words ?? null);
      return { quote: presentQuote(quoted, pollOf(quoted)), filtered };
    };
    const linkOf = ({ post }: HydratedPost): string => {
      if (post.own_link === null) return post.link_json;
      const card = ownCard(rules, post.own_link, pages, (id) => {
        const other = others.get(id);
        return mayShow(other) ? other : null;
      });
      return card === null ? "null" : JSON.stringify(card);
    };
    return posts.map((post) => (isMore(post) ? { ...quoteOf(post), poll: pollOf(post), link: linkOf(post) } : null));
  }

  /** Quoted posts, and posts that a link leads to. */
  async function othersOf(posts: readonly HydratedPost[]): Promise<Map<PostId, HydratedPost>> {
    const ids = new Set<PostId>();
    for (const { post } of posts) {
      if (post.quote_id !== null) ids.add(post.quote_id);
      if (post.own_link?.kind === "post") ids.add(post.own_link.post_id);
    }
    if (ids.size === 0) return new Map();
    const { posts: found } = await hydrator.hydrate([...ids]);
    return new Map(found.flatMap((post) => (post ? [[post.post.id, post] as const] : [])));
  }

  async function chosenOf(viewer: Viewer, posts: readonly HydratedPost[]) {
    if (viewer.kind === "nobody") return null;
    const ids = posts.filter(({ post }) => post.poll !== null).map(({ post }) => post.id);
    return ids.length === 0 ? null : choicesOf(sql.pool, viewer.person_id, ids);
  }

  /** People and spaces that links of these posts lead to: each is asked for once, however many posts name it. */
  async function pagesOf(posts: readonly HydratedPost[]): Promise<OwnPages> {
    const links = posts.flatMap(({ post }) => post.own_link ?? []);
    const handles = [...new Set(links.flatMap((link) => (link.kind === "person" ? [link.handle] : [])))];
    const slugs = [...new Set(links.flatMap((link) => (link.kind === "space" ? [link.slug] : [])))];
    const [known, rooms] = await Promise.all([
      handles.length === 0 ? new Map<string, PersonCard>() : people.byHandles(handles),
      Promise.all(slugs.map(async (slug) => [slug, await spaces.find(slug)] as const)),
    ]);
    return { people: known, spaces: new Map(rooms) };
  }

  function ownCard(
    rules: Rules,
    link: OwnLink,
    pages: OwnPages,
    postOf: (id: PostId) => HydratedPost | null,
  ): LinkCard | null {
    const site = new URL(link.url).host;
    if (link.kind === "post") {
      const found = postOf(link.post_id);
      if (found === null) return null;
      const { cards, post } = found;
      return { url: link.url, title: cards.author.display_name, description: post.excerpt, site, image: null };
    }
    if (link.kind === "person") {
      const person = pages.people.get(link.handle);
      if (!person || !rules.person("read", person).ok) return null;
      return {
        url: link.url,
        title: person.display_name,
        description: `@${person.handle}`,
        site,
        image: avatarOf(person),
      };
    }
    const space = pages.spaces.get(link.slug);
    if (!space || !rules.space(space)) return null;
    return { url: link.url, title: space.name, description: null, site, image: null };
  }
}

const avatarOf = ({ avatar }: PersonCard) =>
  avatar && { url: avatar.url_large, width: AVATAR_LARGE_PX, height: AVATAR_LARGE_PX };

/** A few words of a post for a card; where it has a warning, that and nothing else. */
export function excerptOf(text: string, content_warning: string | null): string | null {
  const words = content_warning ?? text;
  if (words === "") return null;
  if (words.length <= WORDS_IN_CARD_CHARS_MAX) return words;
  // Half of a character that takes two places is not left at the end.
  return `${words.slice(0, WORDS_IN_CARD_CHARS_MAX - 1).replace(/[\ud800-\udbff]$/, "")}…`;
}
