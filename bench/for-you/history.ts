import type { PersonId, PostId } from "#kernel/ids.ts";
import { DAY_MS, HOUR_MS, MINUTE_MS } from "#kernel/time.ts";
import type { History, HistoryAct, HistoryPost } from "#systems/feed/index.ts";

import { chanceOf } from "../../systems/feed/foryou/chance.ts";
import type { Graph, Message } from "./graph.ts";

const START_MS = 1_790_000_000_000;
const personOf = (n: number): PersonId => `${n + 1}`;
const postOf = (n: number): PostId => `${1_000_000 + n}`;

/** A history whose truth is known: how likely somebody likes a post that is shown to them at a moment. */
export interface MadeUpHistory extends History {
  worth(person_id: PersonId, post_id: PostId, at_ms: number): number;
}

export interface MadeUp {
  days: number;
  posts: number;
  topics: number;
  /** Per person and day, on the average; a few come far more often than most. */
  visits_per_day: number;
  shown_per_visit: number;
  seed: number;
}

/**
 * A history of likes on a real graph. Each person has interests; friends' are mixed into them, so that who knows each other likes
 * alike (homophily). Authors write of what they like, a few far more than most. At a visit somebody meets posts of the last three
 * days, drawn from the followed (5 of 10), from what friends liked (2) and from all (3), and likes by interest, tie, quality and
 * age. What they met is drawn and not chosen by any of the methods that are measured.
 */
export function historyOn(graph: Graph, asked: MadeUp): MadeUpHistory {
  const chance = chanceOf(asked.seed);
  const gauss = () => Math.sqrt(-2 * Math.log(1 - chance())) * Math.cos(2 * Math.PI * chance());
  const powers = (share: number) => graph.map(() => (1 - chance()) ** -share);
  const mean = (of: readonly number[]) => of.reduce((a, b) => a + b, 0) / of.length;

  const scaled = (of: number[]) => {
    const sum = of.reduce((a, b) => a + b, 0);
    return of.map((x) => x / sum);
  };
  let interests = graph.map(() => scaled(Array.from({ length: asked.topics }, () => Math.exp(1.6 * gauss()))));
  for (let round = 0; round < 2; round++) {
    interests = interests.map((own, person) => {
      const friends = graph[person]!.slice(0, 100);
      return friends.length === 0
        ? own
        : own.map((x, k) => 0.6 * x + 0.4 * mean(friends.map((friend) => interests[friend]![k]!)));
    });
  }
  // Mixing makes everybody alike; this gives each their own weight back.
  interests = interests.map((own) => scaled(own.map((x) => x ** 1.8)));
  const pick = (weights: readonly number[]) => {
    let left = chance();
    for (const [i, weight] of weights.entries()) if ((left -= weight) <= 0) return i;
    return weights.length - 1;
  };

  const writers = scaled(powers(0.6));
  const upTo: number[] = [];
  for (const share of writers) upTo.push((upTo.at(-1) ?? 0) + share);
  const writerAt = (x: number) => {
    let [low, high] = [0, upTo.length - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (upTo[middle]! < x) low = middle + 1;
      else high = middle;
    }
    return low;
  };
  const made = Array.from({ length: asked.posts }, () => {
    const author = writerAt(chance());
    return {
      author,
      topic: pick(interests[author]!),
      quality: gauss(),
      at_ms: START_MS + chance() * asked.days * DAY_MS,
    };
  }).toSorted((a, b) => a.at_ms - b.at_ms);
  const films = new Set(made.flatMap((_, n) => (chance() < 0.15 ? [n] : [])));
  const posts = made.map(({ author, topic, at_ms }, n): HistoryPost => ({
    post_id: postOf(n),
    author_id: personOf(author),
    at_ms,
    space_id: null,
    tags: chance() < 0.6 ? [`topic${topic}`] : [],
    has_film: films.has(n),
    has_pictures: !films.has(n) && chance() < 0.3,
    is_public: true,
  }));

  const often = powers(0.5);
  const visits = often
    .flatMap((weight, person) => {
      const expected = (asked.visits_per_day * asked.days * weight) / 2;
      const n = Math.floor(expected) + (chance() < expected % 1 ? 1 : 0);
      return Array.from({ length: n }, () => ({
        person,
        at_ms: START_MS + DAY_MS + chance() * (asked.days - 1) * DAY_MS,
      }));
    })
    .toSorted((a, b) => a.at_ms - b.at_ms);

  const acts: HistoryAct[] = [];
  const follows = graph.map((others) => new Set(others));
  const seen = graph.map(() => new Set<number>());
  const liked: { n: number; at_ms: number }[][] = graph.map(() => []);
  const written: number[][] = graph.map(() => []);
  const likely = (person: number, n: number, at_ms: number): number => {
    const { author, topic, quality, at_ms: made_ms } = made[n]!;
    const interest = interests[person]![topic]! * asked.topics;
    const z =
      -4.2 +
      1.1 * Math.min(interest, 4) +
      (follows[person]!.has(author) ? 0.5 : 0) +
      0.8 * quality -
      (0.5 * (at_ms - made_ms)) / DAY_MS;
    return 1 / (1 + Math.exp(-z));
  };
  let next = 0;
  const firstAfter = (at_ms: number) => {
    while (next < made.length && made[next]!.at_ms <= at_ms) written[made[next]!.author]!.push(next++);
    return next;
  };
  for (const { person, at_ms } of visits) {
    const end = firstAfter(at_ms);
    const isFresh = (n: number) =>
      at_ms - made[n]!.at_ms < 3 * DAY_MS && !seen[person]!.has(n) && made[n]!.author !== person;
    const home = [...follows[person]!].flatMap((friend) => written[friend]!.slice(-10).filter(isFresh));
    const byFriends = [...follows[person]!].flatMap((friend) =>
      liked[friend]!.slice(-5)
        .map(({ n }) => n)
        .filter(isFresh),
    );
    const newest: number[] = [];
    for (let n = end - 1; n >= 0 && at_ms - made[n]!.at_ms < 3 * DAY_MS; n--) if (isFresh(n)) newest.push(n);
    const met = new Set<number>();
    const take = (from: readonly number[], share: number) => {
      const most = met.size + Math.round(asked.shown_per_visit * share);
      for (let i = 0; i < from.length && met.size < most; i++) met.add(from[Math.floor(chance() * from.length)]!);
    };
    take(home, 0.5);
    take(byFriends, 0.2);
    take(newest, 0.3);
    let later_ms = at_ms;
    for (const n of met) acts.push({ kind: "seen", person_id: personOf(person), post_id: postOf(n), at_ms });
    for (const n of met) {
      seen[person]!.add(n);
      const wanted = likely(person, n, at_ms);
      const act = (kind: HistoryAct["kind"], share?: number) =>
        acts.push({
          kind,
          person_id: personOf(person),
          post_id: postOf(n),
          at_ms: at_ms + 0.2 * MINUTE_MS,
          ...(share === undefined ? {} : { share }),
        });
      // Half of the films that are met are begun; how far somebody comes goes by how much they want it.
      if (films.has(n) && chance() < 0.5) act("watch", Math.min(1, chance() * 0.7 + 3 * wanted));
      // What is worst, by people whom one does not follow, is reported, and now and then what is only unwanted is hidden.
      const dislike = made[n]!.quality < -1 && !follows[person]!.has(made[n]!.author);
      if (dislike && chance() < 0.01) act("report");
      if (dislike && chance() < 0.03) act("hide");
      if (chance() > wanted) continue;
      later_ms += 0.3 * MINUTE_MS;
      acts.push({ kind: "like", person_id: personOf(person), post_id: postOf(n), at_ms: later_ms });
      liked[person]!.push({ n, at_ms: later_ms });
      if (chance() < 0.1)
        acts.push({ kind: "repost", person_id: personOf(person), post_id: postOf(n), at_ms: later_ms });
      if (chance() < 0.04)
        acts.push({ kind: "share", person_id: personOf(person), post_id: postOf(n), at_ms: later_ms });
      if (chance() < 0.08)
        acts.push({ kind: "reply", person_id: personOf(person), post_id: postOf(n), at_ms: later_ms });
    }
  }
  acts.sort((a, b) => a.at_ms - b.at_ms);
  const ids = new Map(follows.map((others, person) => [personOf(person), new Set([...others].map(personOf))]));
  const nobody = new Set<PersonId>();
  return {
    posts,
    acts,
    followsOf: (id) => ids.get(id) ?? nobody,
    spacesOf: () => new Set(),
    worth: (person_id, post_id, at_ms) => likely(Number(person_id) - 1, Number(post_id) - 1_000_000, at_ms),
  };
}

const POST_GAP_MS = 4 * HOUR_MS;

/**
 * Real messages read as a feed: whoever writes to others after a pause of four hours has written a post; a message to somebody is a
 * like of the newest post of theirs. Whom people follow is whom they wrote to in the first part of the messages, which are used for
 * nothing else. Times, people and who turns to whom are real; that it was a feed is not.
 */
export function historyOf(messages: readonly Message[], follows_share: number): History {
  const posts: HistoryPost[] = [];
  const acts: HistoryAct[] = [];
  const newest = new Map<number, HistoryPost>();
  const follows = new Map<PersonId, Set<PersonId>>();
  const done = new Set<string>();
  const known_until_ms = messages[Math.floor(messages.length * follows_share)]!.at_ms;
  for (const { from, to, at_ms } of messages) {
    const last = newest.get(from);
    if (!last || at_ms - last.at_ms > POST_GAP_MS) {
      const post: HistoryPost = {
        post_id: postOf(posts.length),
        author_id: personOf(from),
        at_ms,
        space_id: null,
        tags: [],
        has_film: false,
        has_pictures: false,
        is_public: true,
      };
      posts.push(post);
      newest.set(from, post);
    }
    if (at_ms < known_until_ms) {
      const of = follows.get(personOf(from)) ?? new Set<PersonId>();
      follows.set(personOf(from), of.add(personOf(to)));
    }
    const post = newest.get(to);
    const key = `${from}:${post?.post_id}`;
    if (!post || done.has(key) || at_ms < known_until_ms) continue;
    done.add(key);
    acts.push({ kind: "like", person_id: personOf(from), post_id: post.post_id, at_ms });
  }
  const nobody = new Set<PersonId>();
  return { posts, acts, followsOf: (id) => follows.get(id) ?? nobody, spacesOf: () => new Set() };
}
