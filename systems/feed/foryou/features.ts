import type { PersonId, PostId, SpaceId } from "#kernel/ids.ts";
import { DAY_MS, HOUR_MS } from "#kernel/time.ts";

import { NEW_VOICE_AUTHOR_POSTS_MAX } from "./bounds.ts";
import type { Profile } from "./profile.ts";

/**
 * What a score is made of. Each is between 0 and 1 and kept in thousandths, so that what is told of a score later is exactly
 * what it was made of. New ones go to the end; the weights name them.
 */
export const FEATURES = [
  "follows",
  "author_liked",
  "friends_liked",
  "friends_passed_on",
  "alike",
  "tags_liked",
  "my_space",
  "popular",
  "rising",
  "fresh",
  "new_voice",
  "film",
  "picture",
  "watches_films",
  "less_of_author",
] as const;
export type Feature = (typeof FEATURES)[number];

/** In thousandths, in the order of `FEATURES`. */
export type FeatureRow = readonly number[];

export interface PostFacts {
  post_id: PostId;
  author_id: PersonId;
  at_ms: number;
  space_id: SpaceId | null;
  tags: readonly string[];
  has_film: boolean;
  has_pictures: boolean;
  likes: number;
  reposts: number;
  comments: number;
  /** Living posts of its author, counted up to one more than makes a new voice. */
  author_posts: number;
}

export interface Lookup {
  get(post_id: PostId): number | undefined;
}

/** What is known of one viewer when a list is made for them. */
export interface ViewerFacts {
  profile: Profile;
  follows: ReadonlySet<PersonId>;
  spaces: { has(id: SpaceId): boolean };
  /** How many of the followed liked it, and passed it on, lately. */
  friends_liked: Lookup;
  friends_passed_on: Lookup;
  /** How much others liked it together with what the viewer liked: decayed counts, not yet weighed by how liked it is at all. */
  alike: Lookup;
}

/** 0 for 0, a half at `half`, towards 1. */
const saturating = (n: number, half: number): number => n / (n + half);
const FRESH_HALF_LIFE_MS = DAY_MS;

export function featuresOf(post: PostFacts, viewer: ViewerFacts, now_ms: number): FeatureRow {
  const { profile } = viewer;
  const age_ms = Math.max(0, now_ms - post.at_ms);
  const reactions = post.likes + 2 * post.reposts + 2 * post.comments;
  const tags = post.tags.reduce((most, tag) => Math.max(most, profile.tags.get(tag) ?? 0), 0);
  const values: Record<Feature, number> = {
    follows: viewer.follows.has(post.author_id) ? 1 : 0,
    author_liked: saturating(profile.authors.get(post.author_id) ?? 0, 2),
    friends_liked: saturating(viewer.friends_liked.get(post.post_id) ?? 0, 3),
    friends_passed_on: saturating(viewer.friends_passed_on.get(post.post_id) ?? 0, 2),
    // What everybody likes is liked together with everything; that alone says little.
    alike: saturating((viewer.alike.get(post.post_id) ?? 0) / Math.sqrt(1 + post.likes), 1),
    tags_liked: saturating(tags, 3),
    my_space: post.space_id !== null && viewer.spaces.has(post.space_id) ? 1 : 0,
    popular: Math.min(1, Math.log1p(reactions) / Math.log1p(1_000)),
    rising: saturating(reactions / (2 + age_ms / HOUR_MS), 3),
    fresh: 2 ** -(age_ms / FRESH_HALF_LIFE_MS),
    new_voice: post.author_posts <= NEW_VOICE_AUTHOR_POSTS_MAX ? 1 : 0,
    film: post.has_film ? 1 : 0,
    picture: post.has_pictures ? 1 : 0,
    watches_films: post.has_film ? profile.films_share : 0,
    less_of_author: saturating(profile.less.get(post.author_id) ?? 0, 1),
  };
  return FEATURES.map((name) => Math.round(values[name] * 1_000));
}
