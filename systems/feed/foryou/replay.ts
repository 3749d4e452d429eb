import type { PersonId, PostId, SpaceId } from "#kernel/ids.ts";
import { HOUR_MS } from "#kernel/time.ts";

import { weightOf } from "../trending/weight.ts";
import * as b from "./bounds.ts";
import type { Newest } from "./candidate-store.ts";
import { counted, filmsShareOf, hottest, largest, merge, newVoices } from "./candidates.ts";
import { featuresOf, type PostFacts, type ViewerFacts } from "./features.ts";
import { type Act, alikeOf, lookedUp, profileOf } from "./profile.ts";
import type { Candidate, Source } from "./rank.ts";

/** What happened in a house, in order of time: of the database, or made up for a measurement. */
export interface History {
  posts: readonly HistoryPost[];
  acts: readonly HistoryAct[];
  followsOf(person_id: PersonId): ReadonlySet<PersonId>;
  spacesOf(person_id: PersonId): { has(id: SpaceId): boolean };
}

export interface HistoryPost extends Pick<
  PostFacts,
  "post_id" | "author_id" | "at_ms" | "space_id" | "tags" | "has_film" | "has_pictures"
> {
  is_public: boolean;
}

export interface HistoryAct {
  /** `share`: quoted, with words of their own. `report`: told to the moderators. */
  kind: Act["kind"] | "share" | "hide" | "report" | "seen";
  person_id: PersonId;
  post_id: PostId;
  at_ms: number;
  /** Of a film that was watched. */
  share?: number;
}

/** The house as it was at a moment: the same facts, candidates and features as the database gives now, made from what had happened by then. */
export interface World {
  write(post: HistoryPost): void;
  /** @returns false for what cannot be: an act on a post that is not there */
  happen(act: HistoryAct): boolean;
  viewer(person_id: PersonId, now_ms: number): ViewerFacts;
  post(post_id: PostId): PostFacts | undefined;
  candidates(person_id: PersonId, now_ms: number): Candidate[];
  /** Public posts of the last days, the oldest first, that this person neither wrote nor did anything with nor saw. */
  open(person_id: PersonId, now_ms: number): PostFacts[];
  newest(posts_max: number): PostFacts[];
  /** What the followed wrote and passed on, the latest first. */
  home(person_id: PersonId, now_ms: number): PostId[];
}

interface Person {
  acts: Act[];
  done: Set<PostId>;
  seen: Set<PostId>;
  less: Map<PersonId, number>;
  watched: Map<PostId, number>;
}

interface Timed {
  person_id: PersonId;
  at_ms: number;
}

export function createWorld(history: Pick<History, "followsOf" | "spacesOf">): World {
  const posts = new Map<PostId, PostFacts & { is_public: boolean }>();
  const inOrder: (PostFacts & { is_public: boolean })[] = [];
  const people = new Map<PersonId, Person>();
  const likers = new Map<PostId, Timed[]>();
  const passers = new Map<PostId, Timed[]>();
  const entries = new Map<PersonId, { post_id: PostId; at_ms: number; is_repost: boolean }[]>();
  const written = new Map<PersonId, number>();
  const pairs = new Map<PostId, Map<PostId, { weight: number; at_ms: number }>>();

  const personOf = (id: PersonId): Person => {
    let person = people.get(id);
    if (!person) {
      person = { acts: [], done: new Set(), seen: new Set(), less: new Map(), watched: new Map() };
      people.set(id, person);
    }
    return person;
  };
  const push = <K, V>(map: Map<K, V[]>, key: K, value: V) => {
    const list = map.get(key);
    if (list) list.push(value);
    else map.set(key, [value]);
  };

  function pair(one: PostId, other: PostId, at_ms: number, worth: number): void {
    for (const [from, to] of [
      [one, other],
      [other, one],
    ] as const) {
      let near = pairs.get(from);
      if (!near) pairs.set(from, (near = new Map()));
      const known = near.get(to);
      const kept = known ? known.weight * 2 ** -((at_ms - known.at_ms) / b.PAIR_HALF_LIFE_MS) : 0;
      near.set(to, { weight: kept + worth, at_ms });
      // Trimmed in portions, so that a hot post is not sorted at each like.
      if (near.size > b.NEIGHBOURS_PER_POST_MAX * 2) {
        const kept_most = [...near]
          .map(([id, n]) => [id, n, Math.log2(n.weight) + n.at_ms / b.PAIR_HALF_LIFE_MS] as const)
          .toSorted((x, y) => y[2] - x[2])
          .slice(0, b.NEIGHBOURS_PER_POST_MAX);
        pairs.set(from, new Map(kept_most.map(([id, n]) => [id, n])));
      }
    }
  }

  /** Each kind keeps its latest, as the database's queries do. */
  function remember(person: Person, act: Act): void {
    person.acts.push(act);
    if (person.acts.length > b.ACTS_PER_KIND_MAX * 3) person.acts.shift();
  }

  const isLately = (at_ms: number, now_ms: number) => now_ms - at_ms < b.FRIENDS_AGE_MS_MAX;
  const countOf = (among: Map<PostId, Timed[]>, post_id: PostId, follows: ReadonlySet<PersonId>, now_ms: number) =>
    among.get(post_id)?.filter((one) => follows.has(one.person_id) && isLately(one.at_ms, now_ms)).length ?? 0;

  function entriesOf(person_id: PersonId, now_ms: number) {
    return [...history.followsOf(person_id)]
      .flatMap((id) => entries.get(id)?.filter((entry) => isLately(entry.at_ms, now_ms)) ?? [])
      .toSorted((x, y) => y.at_ms - x.at_ms)
      .slice(0, b.NETWORK_ENTRIES_MAX);
  }

  function newestOf(now_ms: number): Newest[] {
    const newest: Newest[] = [];
    for (let i = inOrder.length - 1; i >= 0 && newest.length < b.NEWEST_POSTS_LOOKED_AT_MAX; i--) {
      const post = inOrder[i]!;
      if (now_ms - post.at_ms > b.CANDIDATE_AGE_MS_MAX) break;
      if (!post.is_public) continue;
      const heat = (post.likes + 2 * post.reposts + 2 * post.comments) / (2 + (now_ms - post.at_ms) / HOUR_MS);
      newest.push({ id: post.post_id, author_id: post.author_id, author_posts: voicesOf(post.author_id), heat });
    }
    return newest;
  }

  const voicesOf = (author_id: PersonId) => Math.min(written.get(author_id) ?? 0, b.NEW_VOICE_AUTHOR_POSTS_MAX + 1);
  const factsOf = (post: PostFacts): PostFacts => ({ ...post, author_posts: voicesOf(post.author_id) });

  function viewerOf(person_id: PersonId, now_ms: number) {
    const person = personOf(person_id);
    const follows = history.followsOf(person_id);
    const films_share = filmsShareOf([...person.watched.values()].map((share) => ({ share })));
    const neighbours = lookedUp(person.acts).flatMap((post_id) =>
      [...(pairs.get(post_id) ?? [])].map(([other_id, { weight, at_ms }]) => ({ post_id, other_id, weight, at_ms })),
    );
    return {
      profile: profileOf(person.acts, person.less, films_share, now_ms),
      follows,
      spaces: history.spacesOf(person_id),
      friends_liked: { get: (id: PostId) => countOf(likers, id, follows, now_ms) },
      friends_passed_on: { get: (id: PostId) => countOf(passers, id, follows, now_ms) },
      alike: alikeOf(neighbours, now_ms),
    };
  }

  return {
    write({ is_public, ...post }) {
      const facts = { ...post, is_public, likes: 0, reposts: 0, comments: 0, author_posts: 0 };
      posts.set(post.post_id, facts);
      inOrder.push(facts);
      written.set(post.author_id, (written.get(post.author_id) ?? 0) + 1);
      push(entries, post.author_id, { post_id: post.post_id, at_ms: post.at_ms, is_repost: false });
    },
    happen({ kind, person_id, post_id, at_ms, share }) {
      const post = posts.get(post_id);
      if (!post) return false;
      const person = personOf(person_id);
      if (kind === "seen") {
        person.seen.add(post_id);
        return true;
      }
      // Neither tells features anything that is not told by another act.
      if (kind === "share" || kind === "report") return true;
      if (kind === "hide") {
        person.done.add(post_id);
        person.less.set(post.author_id, (person.less.get(post.author_id) ?? 0) + 1);
        return true;
      }
      if (kind === "like") {
        post.likes += 1;
        if (person_id !== post.author_id) push(likers, post_id, { person_id, at_ms });
      } else if (kind === "reply") post.comments += 1;
      else if (kind === "repost") {
        post.reposts += 1;
        push(passers, post_id, { person_id, at_ms });
        push(entries, person_id, { post_id, at_ms, is_repost: true });
      } else {
        person.watched.set(post_id, share ?? 1);
        if ((share ?? 1) < b.WATCHED_SHARE_MIN) return true;
      }
      if (post.author_id === person_id) return true;
      if (kind !== "reply") {
        const before = person.acts.filter(
          (act) => (act.kind === "like" || act.kind === "repost") && act.post_id !== post_id,
        );
        const others = new Set<PostId>();
        for (let i = before.length - 1; i >= 0 && others.size < b.PAIRED_ACTS_MAX; i--) others.add(before[i]!.post_id);
        const worth = weightOf(person_id, at_ms);
        for (const other of others) pair(post_id, other, at_ms, worth);
      }
      person.done.add(post_id);
      remember(person, { kind, post_id, author_id: post.author_id, tags: post.tags, at_ms });
      return true;
    },
    viewer: viewerOf,
    post: (id) => {
      const post = posts.get(id);
      return post && factsOf(post);
    },
    candidates(person_id, now_ms) {
      const person = personOf(person_id);
      const known = viewerOf(person_id, now_ms);
      const lately = entriesOf(person_id, now_ms);
      const liked = counted(
        [...known.follows].slice(0, b.FRIENDS_ASKED_MAX).flatMap((id) =>
          (people.get(id)?.acts ?? [])
            .filter((act) => act.kind === "like" && isLately(act.at_ms, now_ms))
            .slice(-b.LIKES_PER_FRIEND_MAX)
            .map((act) => act.post_id),
        ),
      );
      const viewer = { ...known, friends_liked: liked };
      const newest = newestOf(now_ms);
      const sources = merge(
        new Map<Source, Iterable<PostId>>([
          ["network", lately.map((entry) => entry.post_id)],
          ["friends_liked", largest(liked, b.FRIENDS_LIKED_POSTS_MAX)],
          ["alike", largest(viewer.alike, b.ALIKE_POSTS_MAX)],
          ["trending", hottest(newest)],
          ["new_voice", newVoices(newest)],
          ["latest", newest.slice(0, b.LATEST_POSTS_MAX).map((post) => post.id)],
        ]),
      );
      const atHome = new Set(lately.slice(0, b.HOME_TOP_POSTS).map((entry) => entry.post_id));
      return [...sources].flatMap(([post_id, found]): Candidate[] => {
        const post = posts.get(post_id);
        if (!post || post.author_id === person_id || person.done.has(post_id) || person.seen.has(post_id)) return [];
        if (now_ms - post.at_ms > b.CANDIDATE_AGE_MS_MAX) return [];
        if (!post.is_public && !viewer.follows.has(post.author_id)) return [];
        const features = featuresOf(factsOf(post), viewer, now_ms);
        return [{ post_id, author_id: post.author_id, sources: found, features, at_home: atHome.has(post_id) }];
      });
    },
    open(person_id, now_ms) {
      const { done, seen } = personOf(person_id);
      const open: PostFacts[] = [];
      for (let i = inOrder.length - 1; i >= 0; i--) {
        const post = inOrder[i]!;
        if (now_ms - post.at_ms > b.CANDIDATE_AGE_MS_MAX) break;
        const { post_id } = post;
        if (post.is_public && post.author_id !== person_id && !done.has(post_id) && !seen.has(post_id)) open.push(post);
      }
      return open.reverse();
    },
    newest: (posts_max) => inOrder.slice(-posts_max),
    home: (person_id, now_ms) => entriesOf(person_id, now_ms).map((entry) => entry.post_id),
  };
}

/** Posts and acts of a history in order of time; a post comes before what is done with it at the same moment. */
export function* inTime(
  history: Pick<History, "posts" | "acts">,
): Generator<{ post: HistoryPost; act?: never } | { act: HistoryAct; post?: never }> {
  let at = 0;
  for (const act of history.acts) {
    while (at < history.posts.length && history.posts[at]!.at_ms <= act.at_ms) yield { post: history.posts[at++]! };
    yield { act };
  }
  while (at < history.posts.length) yield { post: history.posts[at++]! };
}
