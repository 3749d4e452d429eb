import type { SpaceCard } from "#kernel/cards.ts";
import type { PersonId, PostId, SpaceId } from "#kernel/ids.ts";

import type { FeedEvent } from "../events.ts";
import { tokenize } from "../tokens.ts";
import { LINK_SUBJECT_CHARS_MAX, LINKS_PER_POST_MAX } from "./bounds.ts";
import type { TrendFactsRow } from "./store.ts";

export const TREND_KINDS = ["posts", "hashtags", "videos", "links"] as const;
export type TrendKind = (typeof TREND_KINDS)[number];

/** What trending must know of a post to count an act on it. */
export interface PostSubjects {
  /** Of the whole house; its words are for everybody. */
  is_public: boolean;
  space_id: SpaceId | null;
  has_video: boolean;
  hashtags: readonly string[];
  links: readonly string[];
  /** Neither deleted nor hidden. */
  is_there: boolean;
}

/** An act that may count. Own acts on own posts count nothing; what somebody writes counts for its words, not for itself. */
export interface Act {
  post_id: PostId;
  person_id: PersonId;
  writes: boolean;
}

export function actOf(event: FeedEvent): Act | null {
  switch (event.type) {
    case "feed.post_created":
      return { post_id: event.data.post_id, person_id: event.data.author_id, writes: true };
    case "feed.liked":
    case "feed.reposted":
    case "feed.commented": {
      const { post_id, person_id, author_id } = event.data;
      return person_id === author_id ? null : { post_id, person_id, writes: false };
    }
    default:
      return null;
  }
}

export function subjectsOf(row: TrendFactsRow, space: SpaceCard | null): PostSubjects {
  return {
    is_public: row.audience === "public" && (row.space_id === null || space?.visibility === "public"),
    space_id: row.space_id,
    has_video: row.video_id !== null,
    hashtags: row.hashtags,
    links: linksOf(row.text),
    is_there: row.is_there,
  };
}

/** What an act counts for, in a place. */
export function* countedFor(act: Act, subjects: PostSubjects): Generator<[TrendKind, string]> {
  if (!act.writes) {
    yield ["posts", act.post_id];
    if (subjects.has_video) yield ["videos", act.post_id];
  }
  for (const tag of subjects.hashtags) yield ["hashtags", tag];
  for (const link of subjects.links) yield ["links", link];
}

export function linksOf(text: string): string[] {
  const links = new Set<string>();
  for (const token of tokenize(text)) {
    if (token.kind !== "link") continue;
    const link = linkSubject(token.url);
    if (link !== null) links.add(link);
    if (links.size === LINKS_PER_POST_MAX) break;
  }
  return [...links];
}

const FOLLOWS_PEOPLE = /^(?:utm_\w+|fbclid|gclid|mc_[ce]id|igshid|ref_src)$/;

/** One address for what is one page: without its fragment and without what only tells who sent whom. Null for what is no address of the web. */
export function linkSubject(text: string): string | null {
  if (!URL.canParse(text)) return null;
  const url = new URL(text);
  if (url.protocol !== "https:" && url.protocol !== "http:") return null;
  if (url.username !== "" || url.password !== "") return null;
  url.hash = "";
  const telling = [...url.searchParams.keys()].filter((name) => FOLLOWS_PEOPLE.test(name));
  for (const name of telling) url.searchParams.delete(name);
  return url.href.length > LINK_SUBJECT_CHARS_MAX ? null : url.href;
}

/** `www.` is no other house. */
export const hostOf = (link: string): string => new URL(link).hostname.replace(/^www\./, "");
