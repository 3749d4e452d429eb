import { rfc3339 } from "#kernel/time.ts";

import type { ForYouWhy } from "./contract.ts";
import type { Feature } from "./features.ts";
import { explain, type Model } from "./model.ts";
import { type Source, turnFactor } from "./rank.ts";
import type { Queue } from "./store.ts";

const SOURCE_SENTENCE: Readonly<Record<Source, string>> = {
  network: "Somebody you follow wrote it or passed it on.",
  friends_liked: "People you follow liked it.",
  alike: "People who liked what you liked also liked this.",
  trending: "It is moving in the house or in one of your spaces.",
  new_voice: "Its author is new here and has written little so far.",
  latest: "It is among the newest for everybody.",
};

/** In the words of somebody who tells it to a friend; for a feature that speaks for the post, and one that speaks against it. */
const FEATURE_SENTENCE: Readonly<Record<Feature, string>> = {
  follows: "You follow its author.",
  author_liked: "You liked, answered or passed on what its author wrote.",
  friends_liked: "People you follow liked it in the last week.",
  friends_passed_on: "People you follow passed it on.",
  alike: "Others liked it together with posts that you liked.",
  tags_liked: "It has a hashtag of posts that you liked.",
  my_space: "It stands in a space of yours.",
  popular: "Many liked, answered or passed it on.",
  rising: "It gets more attention than others of its age.",
  fresh: "It is new.",
  new_voice: "Its author has written little so far.",
  film: "It has a film.",
  picture: "It has pictures.",
  watches_films: "You tend to watch films through.",
  less_of_author: "You asked for less by its author.",
};

/** What is about this reader and not about everybody. */
const PERSONAL: ReadonlySet<Feature> = new Set([
  "follows",
  "author_liked",
  "friends_liked",
  "friends_passed_on",
  "alike",
  "tags_liked",
  "my_space",
  "watches_films",
]);
/** A reason of the reader's own is told first where it counts at least so much of the strongest one. */
const TOLD_FIRST_SHARE = 0.2;

/** The real terms of one place in a list, as they were when it was made. */
export function whyOf(queue: Queue, at: number, model: Model, model_made_at: Date | null): ForYouWhy {
  const place = queue.places[at]!;
  const { base, score: value, outcomes, features } = explain(model, place.features);
  const told = features
    .map((one) => ({ ...one, sentence: FEATURE_SENTENCE[one.feature] }))
    .toSorted((a, b) => Math.abs(b.contribution) - Math.abs(a.contribution));
  const most = told.find((one) => one.contribution > 0);
  const strongest =
    told.find((one) => PERSONAL.has(one.feature) && one.contribution > (most?.contribution ?? 0) * TOLD_FIRST_SHARE) ??
    most;
  const factor = turnFactor(place.turn);
  return {
    because: place.explored
      ? "By chance: one place in ten is for something that you would not have met otherwise."
      : (strongest?.sentence ?? SOURCE_SENTENCE[place.sources[0] ?? "latest"]),
    post_id: place.post_id,
    sources: place.sources.map((source) => ({ source, sentence: SOURCE_SENTENCE[source] })),
    by_chance: place.explored,
    place: at + 1,
    list: { made_at: rfc3339(queue.made_at), seed: queue.seed },
    model: { version: model.version, made_at: model_made_at && rfc3339(model_made_at) },
    base,
    features: told.map(({ feature, value: amount, weights, contribution, sentence }) => ({
      feature,
      value: amount,
      weights: weights as Record<string, number>,
      contribution,
      sentence,
    })),
    outcomes: outcomes.map(({ outcome, value: worth, probability, contribution }) => ({
      outcome,
      worth,
      probability,
      contribution,
    })),
    value,
    author_turn: { posts_before: place.turn, factor },
    score: value * factor,
  };
}
