import type { PersonId, PostId } from "#kernel/ids.ts";

import * as b from "./bounds.ts";
import { chanceOf } from "./chance.ts";
import { featuresOf } from "./features.ts";
import { type Example, fit, logLoss } from "./fit.ts";
import { type Model, type Outcome, OUTCOMES, predict, PRIOR, type Weights } from "./model.ts";
import { createWorld, type History, type HistoryAct, inTime } from "./replay.ts";

/** The part of the examples, by time, that weights are made from; on the rest they are checked. */
const TRAIN_SHARE = 0.8;

export interface OutcomeReport {
  outcome: Outcome;
  /** Among all examples. */
  positives: number;
  /** Of the part that weights were not made from. */
  log_loss: number;
  log_loss_in_place: number;
  log_loss_base_rate: number;
  /** Whether its new weights are better than those in place and than knowing only how common it is. */
  taken: boolean;
}

export interface TrainReport {
  examples: number;
  people: number;
  outcomes: OutcomeReport[];
}

export interface Trained {
  weights: Model["weights"];
  report: TrainReport;
  /** True when at least one outcome is told better and none worse: only then may it take the place of what is there. */
  is_better: boolean;
}

/** Kinds of acts that are an outcome. What is sent elsewhere leaves no trace here, so sharing is quoting. */
const OUTCOME_OF: Readonly<Record<HistoryAct["kind"], Outcome | null>> = {
  like: "like",
  reply: "reply",
  repost: "repost",
  share: "share",
  watch: "watch",
  hide: "hide",
  report: "report",
  seen: null,
};
export const bitOf = (outcome: Outcome): number => 1 << OUTCOMES.indexOf(outcome);

/**
 * What people met and what became of it, with features as they were at that moment. Posts that were on somebody's screen and
 * left alone are the other half of the truth; for who keeps no memory of what they saw, posts of that time are drawn instead.
 */
export function examplesOf(history: History, seed: number): { examples: Example[]; people: number } {
  const chance = chanceOf(seed);
  const became = new Map<string, number>();
  const remembers = new Set<PersonId>();
  for (const { kind, person_id, post_id, share } of history.acts) {
    if (kind === "seen") remembers.add(person_id);
    const outcome = OUTCOME_OF[kind];
    if (outcome === null || (kind === "watch" && (share ?? 1) < b.WATCHED_SHARE_MIN)) continue;
    const key = `${person_id}:${post_id}`;
    became.set(key, (became.get(key) ?? 0) | bitOf(outcome));
  }
  // Of more than the bound some are drawn, over all of the time, whatever became of them.
  const expected = history.acts.reduce(
    (sum, act) => sum + (act.kind === "seen" || remembers.has(act.person_id) ? 1 : 1 + b.NEGATIVES_PER_ACT),
    0,
  );
  const kept_share = Math.min(1, b.TRAIN_EXAMPLES_MAX / Math.max(1, expected));
  const world = createWorld(history);
  const met = new Set<string>();
  const people = new Set<PersonId>();
  const examples: Example[] = [];
  let last: { person_id: PersonId; at_ms: number; viewer: ReturnType<typeof world.viewer> } | undefined;
  const meet = (person_id: PersonId, post_id: PostId, viewer: ReturnType<typeof world.viewer>, at_ms: number) => {
    const key = `${person_id}:${post_id}`;
    const post = world.post(post_id);
    if (!post || post.author_id === person_id || met.has(key)) return;
    met.add(key);
    people.add(person_id);
    examples.push({ row: featuresOf(post, viewer, at_ms), outcomes: became.get(key) ?? 0, at_ms });
  };
  for (const { post, act } of inTime(history)) {
    if (post) {
      world.write(post);
      continue;
    }
    const { person_id, post_id, at_ms } = act;
    const key = `${person_id}:${post_id}`;
    if (!met.has(key) && (kept_share === 1 || chance() < kept_share)) {
      // What is met in one look is met by the same person at the same moment: what is known of them is made once.
      if (last?.person_id !== person_id || last.at_ms !== at_ms)
        last = { person_id, at_ms, viewer: world.viewer(person_id, at_ms) };
      const { viewer } = last;
      meet(person_id, post_id, viewer, at_ms);
      if (act.kind !== "seen" && !remembers.has(person_id))
        for (const other of drawn(person_id, at_ms)) meet(person_id, other, viewer, at_ms);
    }
    // What was not drawn when it was met is not drawn again when it is liked, or liked ones would be too many.
    met.add(key);
    world.happen(act);
  }
  return { examples, people: people.size };

  /** Half of what the followed put there, half of the newest of all: what a person could have met instead. */
  function drawn(person_id: PersonId, at_ms: number): PostId[] {
    const home = world.home(person_id, at_ms).filter((id) => !became.has(`${person_id}:${id}`));
    const newest = world
      .newest(b.NEWEST_POSTS_LOOKED_AT_MAX)
      .filter((post) => !became.has(`${person_id}:${post.post_id}`));
    return Array.from({ length: b.NEGATIVES_PER_ACT }, (_, i): PostId[] => {
      const from = i % 2 === 0 && home.length > 0 ? home : newest.map((post) => post.post_id);
      const id = from[Math.floor(chance() * from.length)];
      return id === undefined ? [] : [id];
    }).flat();
  }
}

/**
 * New weights from a history, checked on its last part against those in place and against the base rate. Each outcome takes
 * its new weights only if they tell it better than both; too rare ones keep what they have.
 */
export function train(history: History, in_place: Model, seed: number): Trained {
  const { examples, people } = examplesOf(history, seed);
  const cut = Math.floor(examples.length * TRAIN_SHARE);
  const [past, rest] = [examples.slice(0, cut), examples.slice(cut)];
  const weights = {} as Record<Outcome, Weights>;
  const outcomes = OUTCOMES.map((outcome): OutcomeReport => {
    const bit = bitOf(outcome);
    const among = (some: readonly Example[]) => some.filter((one) => (one.outcomes & bit) !== 0).length;
    const [before, after] = [among(past), among(rest)];
    const rate = (before + 0.5) / (past.length + 1);
    const log_loss_in_place = logLoss(rest, bit, (row) => predict(in_place, outcome, row));
    const log_loss_base_rate = logLoss(rest, bit, () => rate);
    weights[outcome] = in_place.weights[outcome];
    const report = { outcome, positives: before + after, log_loss_in_place, log_loss_base_rate };
    if (before < b.TRAIN_POSITIVES_MIN || after < b.CHECK_POSITIVES_MIN)
      return { ...report, log_loss: log_loss_in_place, taken: false };
    const found = fit(past, bit, PRIOR.weights[outcome]);
    const model = { version: 0, weights: { ...PRIOR.weights, [outcome]: found } };
    const log_loss = logLoss(rest, bit, (row) => predict(model, outcome, row));
    const taken = log_loss < log_loss_in_place && log_loss < log_loss_base_rate;
    if (taken) weights[outcome] = found;
    return { ...report, log_loss, taken };
  });
  return {
    weights,
    report: { examples: examples.length, people, outcomes },
    is_better: outcomes.some((one) => one.taken),
  };
}
