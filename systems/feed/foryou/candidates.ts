import type { PersonId, PostId, SpaceId } from "#kernel/ids.ts";
import { idAtMs, idTimeMs } from "#kernel/ids.ts";

import { isRepost } from "../timelines/timeline.ts";
import * as b from "./bounds.ts";
import * as find from "./candidate-store.ts";
import { shuffle } from "./chance.ts";
import { featuresOf, type ViewerFacts } from "./features.ts";
import type { ForYouGround, Watched } from "./needs.ts";
import { type Act, alikeOf, lookedUp, profileOf } from "./profile.ts";
import { type Candidate, type Source, SOURCES } from "./rank.ts";
import { type Less, lessOf } from "./store.ts";

/** Posts by source, each list best or newest first. */
export type Found = ReadonlyMap<Source, Iterable<PostId>>;

/** Which sources found each post. */
export function merge(found: Found): Map<PostId, Source[]> {
  const sources = new Map<PostId, Source[]>();
  for (const source of SOURCES) {
    for (const post_id of found.get(source) ?? []) {
      const known = sources.get(post_id);
      if (!known) sources.set(post_id, [source]);
      else if (known.at(-1) !== source) known.push(source);
    }
  }
  return sources;
}

/** The part of their films that somebody watches, on the average; 0 where they watched none. */
export const filmsShareOf = (watched: readonly Pick<Watched, "share">[]): number =>
  watched.length === 0 ? 0 : watched.reduce((sum, { share }) => sum + Math.min(1, share), 0) / watched.length;

export function lessByAuthor(less: readonly Less[]): Map<PersonId, number> {
  const by = new Map<PersonId, number>();
  for (const { author_id } of less) by.set(author_id, (by.get(author_id) ?? 0) + 1);
  return by;
}

/**
 * All that could be worth showing to one person, from several bounded sources, with what a score is made of. Rules hold when
 * the list is read; here is left out what surely would not be shown, so that a list is not full of holes.
 */
export async function candidatesFor(
  ground: ForYouGround,
  person_id: PersonId,
  chance: () => number,
): Promise<Candidate[]> {
  const { sql, clock, people, spaces } = ground;
  const db = sql.pool;
  const now_ms = clock.now();
  const now = new Date(now_ms);
  const [relations, memberships, acts, less, watched] = await Promise.all([
    people.relations(person_id),
    spaces.membershipsOf(person_id),
    find.actsOf(db, person_id),
    lessOf(db, person_id),
    watchedActs(ground, person_id),
  ]);
  const all = [...acts, ...watched.acts];
  const profile = profileOf(all, lessByAuthor(less), watched.films_share, now_ms);
  const { follows, mutes, blocks, blocked_by } = relations;
  const friends = friendsToAsk(follows, mutes, profile.authors, chance);
  const friends_since_ms = now_ms - b.FRIENDS_AGE_MS_MAX;
  const above = idAtMs(now_ms - b.CANDIDATE_AGE_MS_MAX);
  const [entries, friendsLiked, neighbours, inSpaces, newest] = await Promise.all([
    ground.timeline.read([...follows], null, b.NETWORK_ENTRIES_MAX),
    find.likedByFriends(db, friends, new Date(friends_since_ms)),
    find.neighboursOf(db, lookedUp(all), new Date(now_ms - b.PAIR_AGE_MS_MAX)),
    find.risingInSpaces(db, [...memberships.keys()].slice(0, b.SPACES_ASKED_MAX), above, now),
    find.newestPublic(db, above, now),
  ]);
  const lately = entries.filter((entry) => idTimeMs(entry.id) > friends_since_ms && !mutes.has(entry.actor_id));
  const friends_liked = counted(friendsLiked);
  const friends_passed_on = counted(lately.filter(isRepost).map((entry) => entry.post_id));
  const alike = alikeOf(neighbours, now_ms);
  const found: Found = new Map<Source, Iterable<PostId>>([
    ["network", lately.map((entry) => entry.post_id)],
    ["friends_liked", largest(friends_liked, b.FRIENDS_LIKED_POSTS_MAX)],
    ["alike", largest(alike, b.ALIKE_POSTS_MAX)],
    ["trending", [...onBoards(ground, [...memberships.keys()]), ...inSpaces, ...hottest(newest)]],
    ["new_voice", newVoices(newest)],
    ["latest", newest.slice(0, b.LATEST_POSTS_MAX).map((post) => post.id)],
  ]);
  const sources = merge(found);
  const ids = [...sources.keys()];
  const [facts, seen] = await Promise.all([find.factsOf(db, person_id, ids), ground.seenOf(db, person_id, ids)]);
  const done = new Set(all.map((act) => act.post_id));
  const unwanted = new Set(less.map((one) => `${one.kind}:${one.subject_id}`));
  const closed = await closedSpaces(ground, facts, memberships);
  const viewer: ViewerFacts = { profile, follows, spaces: memberships, friends_liked, friends_passed_on, alike };
  const atHome = new Set(entries.slice(0, b.HOME_TOP_POSTS).map((entry) => entry.post_id));
  return facts
    .filter((post) => {
      const { post_id, author_id, space_id } = post;
      if (seen.has(post_id) || done.has(post_id)) return false;
      if (mutes.has(author_id) || blocks.has(author_id) || blocked_by.has(author_id)) return false;
      if (unwanted.has(`post:${post_id}`) || unwanted.has(`author:${author_id}`)) return false;
      if (now_ms - post.at_ms > b.CANDIDATE_AGE_MS_MAX) return false;
      if (post.audience === "followers") return follows.has(author_id);
      return space_id === null || memberships.has(space_id) || (post.audience === "public" && !closed.has(space_id));
    })
    .map((post) => ({
      post_id: post.post_id,
      author_id: post.author_id,
      sources: sources.get(post.post_id)!,
      features: featuresOf(post, viewer, now_ms),
      at_home: atHome.has(post.post_id),
    }));
}

/** What they watched far enough, as acts on the posts that show it; and how far they come in films at all. */
export async function watchedActs(
  ground: Pick<ForYouGround, "sql" | "media">,
  person_id: PersonId,
): Promise<{ acts: Act[]; films_share: number }> {
  const watched = (await ground.media.watchedBy?.(person_id, b.WATCHED_FILMS_MAX)) ?? [];
  if (watched.length === 0) return { acts: [], films_share: 0 };
  const enough = watched.filter(({ share }) => share >= b.WATCHED_SHARE_MIN);
  const posts = await find.postsOfFilms(
    ground.sql.pool,
    person_id,
    enough.map(({ video_id }) => video_id),
  );
  const acts = enough.flatMap(({ video_id, at }): Act[] => {
    const post = posts.get(video_id);
    if (!post) return [];
    const { post_id, author_id, hashtags } = post;
    return [{ kind: "watch", post_id, author_id, tags: hashtags, at_ms: at.getTime() }];
  });
  return { acts, films_share: filmsShareOf(watched) };
}

/** What trends in the house and in the viewer's spaces, counted by people; a node that just started may know of none. */
function onBoards({ trending }: Pick<ForYouGround, "trending">, space_ids: readonly SpaceId[]): PostId[] {
  const of = (space_id: SpaceId | null, posts_max: number) =>
    trending.posts({ space_id, posts_max }).map(({ post_id }) => post_id);
  const spaces = space_ids.slice(0, b.SPACES_ASKED_MAX).flatMap((id) => of(id, b.BOARD_POSTS_PER_SPACE_MAX));
  return [...of(null, b.TRENDING_POSTS_MAX), ...spaces].slice(0, 2 * b.TRENDING_POSTS_MAX);
}

/** Those whose posts they like first, then others of the followed by chance: nobody's likes are read without a bound. */
function friendsToAsk(
  follows: ReadonlySet<PersonId>,
  mutes: ReadonlySet<PersonId>,
  liked: ReadonlyMap<PersonId, number>,
  chance: () => number,
): PersonId[] {
  const friends = [...follows].filter((id) => !mutes.has(id));
  if (friends.length <= b.FRIENDS_ASKED_MAX) return friends;
  const close = friends.filter((id) => liked.has(id)).toSorted((x, y) => liked.get(y)! - liked.get(x)!);
  const others = shuffle(
    friends.filter((id) => !liked.has(id)),
    chance,
  );
  return [...close, ...others].slice(0, b.FRIENDS_ASKED_MAX);
}

/** Private spaces among these that are not the viewer's: what is public there is for members all the same. */
async function closedSpaces(
  ground: Pick<ForYouGround, "spaces">,
  posts: readonly find.FactsRow[],
  mine: { has(id: string): boolean },
): Promise<ReadonlySet<string>> {
  const others = [...new Set(posts.flatMap(({ space_id }) => (space_id && !mine.has(space_id) ? [space_id] : [])))];
  if (others.length === 0) return new Set();
  const cards = await ground.spaces.cards(others);
  return new Set(others.filter((id) => cards.get(id)?.visibility !== "public"));
}

export function counted(post_ids: Iterable<PostId>): Map<PostId, number> {
  const counts = new Map<PostId, number>();
  for (const id of post_ids) counts.set(id, (counts.get(id) ?? 0) + 1);
  return counts;
}

export const largest = (counts: ReadonlyMap<PostId, number>, posts_max: number): PostId[] =>
  [...counts]
    .toSorted(([one, n], [other, m]) => m - n || (one < other ? 1 : -1))
    .slice(0, posts_max)
    .map(([id]) => id);

export const hottest = (newest: readonly find.Newest[]): PostId[] =>
  newest
    .filter((post) => post.heat > 0)
    .toSorted((x, y) => y.heat - x.heat)
    .slice(0, b.TRENDING_POSTS_MAX)
    .map((post) => post.id);

export const newVoices = (newest: readonly find.Newest[]): PostId[] =>
  newest
    .filter((post) => post.author_posts <= b.NEW_VOICE_AUTHOR_POSTS_MAX)
    .slice(0, b.NEW_VOICE_POSTS_MAX)
    .map((post) => post.id);
