import { type Feature, type FeatureRow, FEATURES } from "./features.ts";

/** What may become of a post that is shown. */
export const OUTCOMES = ["like", "reply", "repost", "share", "watch", "hide", "report"] as const;
export type Outcome = (typeof OUTCOMES)[number];

/** What each is worth to a reader, in likes. Being sorry to have seen it costs more than a like gives. */
export const OUTCOME_VALUE: Readonly<Record<Outcome, number>> = {
  like: 1,
  reply: 2,
  repost: 2,
  share: 2,
  watch: 1,
  hide: -4,
  report: -20,
};

/** Log-odds of one outcome: `bias` for a post with nothing special, and what each feature adds when it is 1. */
export interface Weights {
  bias: number;
  of: Readonly<Partial<Record<Feature, number>>>;
}

export interface Model {
  /** 0 for the weights below, which no data have touched. */
  version: number;
  weights: Readonly<Record<Outcome, Weights>>;
}

/**
 * What we believe before anybody did anything, set by hand: so the first like counts, and a house with little data stays near
 * it. Training moves from here (train.ts).
 */
const kind: Weights["of"] = {
  follows: 0.7,
  author_liked: 1.6,
  friends_liked: 1.2,
  friends_passed_on: 1,
  alike: 1.5,
  tags_liked: 1.2,
  my_space: 0.5,
  popular: 0.6,
  rising: 0.7,
  fresh: 1.4,
  new_voice: 0.1,
  film: 0,
  picture: 0.15,
  watches_films: 0.5,
  less_of_author: -2.5,
};
const rather = (share: number, more: Weights["of"] = {}): Weights["of"] => ({
  ...Object.fromEntries(Object.entries(kind).map(([name, weight]) => [name, weight * share + 0])),
  ...more,
});

export const PRIOR: Model = {
  version: 0,
  weights: {
    like: { bias: -4, of: kind },
    reply: { bias: -5.2, of: rather(0.8, { friends_liked: 0.6, follows: 1.2 }) },
    repost: { bias: -5.4, of: rather(0.9) },
    share: { bias: -6, of: rather(0.8) },
    watch: { bias: -6, of: rather(0.6, { film: 2.5, watches_films: 2.5 }) },
    hide: { bias: -5.5, of: rather(-0.4, { less_of_author: 4, fresh: 0, popular: 0, rising: 0, new_voice: 0 }) },
    report: { bias: -8, of: rather(-0.3, { less_of_author: 2, fresh: 0, popular: 0, rising: 0, new_voice: 0 }) },
  },
};

const sigmoid = (z: number): number => 1 / (1 + Math.exp(-z));

function logOdds({ bias, of }: Weights, row: FeatureRow): number {
  let z = bias;
  for (let i = 0; i < row.length; i++) if (row[i] !== 0) z += ((of[FEATURES[i]!] ?? 0) * row[i]!) / 1_000;
  return z;
}

export const predict = (model: Model, outcome: Outcome, row: FeatureRow): number =>
  sigmoid(logOdds(model.weights[outcome], row));

/** The one scoring function: what a reader can expect of this post, in likes. Pure. */
export function score(model: Model, row: FeatureRow): number {
  let sum = 0;
  for (const outcome of OUTCOMES) sum += OUTCOME_VALUE[outcome] * predict(model, outcome, row);
  return sum;
}

export interface Explained {
  /** What a post with nothing special gets. `base` and all contributions add up to `score`. */
  base: number;
  score: number;
  outcomes: { outcome: Outcome; value: number; probability: number; contribution: number }[];
  features: { feature: Feature; value: number; weights: Partial<Record<Outcome, number>>; contribution: number }[];
}

/**
 * The same sum, taken apart. Each outcome moves from its base to its prediction because of the log-odds that features add,
 * and each feature gets the part of that move that its log-odds are of them all; so the parts add up exactly.
 */
export function explain(model: Model, row: FeatureRow): Explained {
  const contributions = FEATURES.map(() => 0);
  let base = 0;
  const outcomes = OUTCOMES.map((outcome) => {
    const weights = model.weights[outcome];
    const value = OUTCOME_VALUE[outcome];
    const from = sigmoid(weights.bias);
    const z = logOdds(weights, row);
    const probability = sigmoid(z);
    base += value * from;
    const moved = z - weights.bias;
    // Where parts cancel out, a small move has large parts; the slope there is what each is worth.
    const slope = Math.abs(moved) > 1e-9 ? (probability - from) / moved : from * (1 - from);
    row.forEach((thousandths, i) => {
      contributions[i]! += (value * slope * (weights.of[FEATURES[i]!] ?? 0) * thousandths) / 1_000;
    });
    return { outcome, value, probability, contribution: value * probability };
  });
  return {
    base,
    score: score(model, row),
    outcomes,
    features: FEATURES.flatMap((feature, i) => {
      if (!row[i]) return [];
      const weights = Object.fromEntries(
        OUTCOMES.flatMap((outcome) => {
          const weight = model.weights[outcome].of[feature] ?? 0;
          return weight === 0 ? [] : [[outcome, weight]];
        }),
      ) as Partial<Record<Outcome, number>>;
      return [{ feature, value: row[i] / 1_000, weights, contribution: contributions[i]! }];
    }),
  };
}
