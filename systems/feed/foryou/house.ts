import type { PersonId, SpaceId } from "#kernel/ids.ts";
import { DAY_MS } from "#kernel/time.ts";

import { TRAIN_PEOPLE_MAX } from "./bounds.ts";
import { evaluate, type Evaluation, type EvaluationAsked, momentAt } from "./evaluate.ts";
import { actsSince, peopleIn, postsSince } from "./history-store.ts";
import { PRIOR } from "./model.ts";
import type { ForYouGround } from "./needs.ts";
import { modelInPlace } from "./refresh.ts";
import type { History } from "./replay.ts";
import { installModel } from "./store.ts";
import { train, type Trained } from "./train.ts";

/**
 * What happened in this house in the last so many days, of whom For you is on. Whom people follow, and their spaces, are as they are
 * now: when that began is not written down, so for the past they are taken to have been so all along.
 */
export async function historyOf({ sql, clock, people, spaces }: ForYouGround, days: number): Promise<History> {
  const since = new Date(clock.now() - days * DAY_MS);
  const [posts, acts] = [await postsSince(sql.pool, since), await actsSince(sql.pool, since)];
  const follows = new Map<PersonId, ReadonlySet<PersonId>>();
  const memberships = new Map<PersonId, { has(id: SpaceId): boolean }>();
  for (const person_id of peopleIn(acts).slice(0, TRAIN_PEOPLE_MAX)) {
    follows.set(person_id, (await people.relations(person_id)).follows);
    memberships.set(person_id, await spaces.membershipsOf(person_id));
  }
  const nobody: ReadonlySet<PersonId> = new Set();
  const nowhere: ReadonlySet<SpaceId> = new Set();
  return {
    posts,
    acts: acts.filter((act) => follows.has(act.person_id)),
    followsOf: (id) => follows.get(id) ?? nobody,
    spacesOf: (id) => memberships.get(id) ?? nowhere,
  };
}

/** Weights from what happened in this house; nothing is put in place yet. */
export async function trainHouse(ground: ForYouGround, days: number, seed: number): Promise<Trained> {
  return train(await historyOf(ground, days), await modelInPlace(ground.sql.pool), seed);
}

/** @returns the version that is in place now; null where what is there was better and stays */
export async function installTrained({ sql, clock }: Pick<ForYouGround, "sql" | "clock">, trained: Trained) {
  if (!trained.is_better) return null;
  return sql.tx((tx) => installModel(tx, trained.weights, trained.report, new Date(clock.now())));
}

/**
 * How For you would have done in this house: trained on the first part of the time, measured on the rest, beside the weights set
 * by hand and what needs no weights.
 */
export async function evaluateHouse(
  ground: ForYouGround,
  asked: { days: number; moments_max: number; seed: number },
): Promise<Evaluation> {
  return evaluateHistory(await historyOf(ground, asked.days), asked);
}

const FROM_SHARE = 0.8;

export function evaluateHistory(
  history: History,
  asked: Pick<EvaluationAsked, "moments_max" | "seed" | "worth">,
): Evaluation {
  const cut_ms = momentAt(history, FROM_SHARE);
  const past = { ...history, acts: history.acts.filter((act) => act.at_ms < cut_ms) };
  const { weights } = train(past, PRIOR, asked.seed);
  const models = { "For you, trained": { version: 1, weights }, "For you, set by hand": PRIOR };
  return evaluate(history, { ...asked, models, from_share: FROM_SHARE });
}
