import type { PersonId, PostId, SpaceId } from "#kernel/ids.ts";
import { DAY_MS } from "#kernel/time.ts";

import { TRAIN_ACTS_MAX, TRAIN_PEOPLE_MAX, WATCHED_FILMS_MAX } from "./bounds.ts";
import { postsOfFilms } from "./candidate-store.ts";
import { evaluate, type Evaluation, type EvaluationAsked, momentAt } from "./evaluate.ts";
import { actsSince, peopleIn, postsSince, wantingAmong } from "./history-store.ts";
import { PRIOR } from "./model.ts";
import type { ForYouGround } from "./needs.ts";
import { modelInPlace } from "./refresh.ts";
import type { History, HistoryAct } from "./replay.ts";
import { installModel } from "./store.ts";
import { train, type Trained } from "./train.ts";

/** What only systems above the feed know, given by whoever joins them. */
export interface Elsewhere {
  /** Posts that were reported since then, by whom and when; of more than the bound, the newest. */
  reportsSince?(since: Date, reports_max: number): Promise<{ person_id: PersonId; post_id: PostId; at: Date }[]>;
}

/**
 * What happened in this house in the last so many days, of whom For you is on. Whom people follow, and their spaces, are as they are
 * now: when that began is not written down, so for the past they are taken to have been so all along.
 */
export async function historyOf(ground: ForYouGround, days: number, elsewhere: Elsewhere = {}): Promise<History> {
  const { sql, clock, people, spaces } = ground;
  const since = new Date(clock.now() - days * DAY_MS);
  const [posts, here] = [await postsSince(sql.pool, since), await actsSince(sql.pool, since)];
  const reports = await reportsOf(ground, since, elsewhere);
  const some = peopleIn([...here, ...reports]).slice(0, TRAIN_PEOPLE_MAX);
  const watched = await watchedSince(ground, some, since);
  const acts = [...here, ...reports, ...watched].toSorted((a, b) => a.at_ms - b.at_ms);
  const follows = new Map<PersonId, ReadonlySet<PersonId>>();
  const memberships = new Map<PersonId, { has(id: SpaceId): boolean }>();
  for (const person_id of some) {
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

async function reportsOf({ sql }: ForYouGround, since: Date, { reportsSince }: Elsewhere): Promise<HistoryAct[]> {
  const rows = (await reportsSince?.(since, TRAIN_ACTS_MAX)) ?? [];
  const wanting = await wantingAmong(sql.pool, [...new Set(rows.map((row) => row.person_id))]);
  return rows
    .filter(({ person_id }) => wanting.has(person_id))
    .map(({ at, ...row }) => ({ kind: "report", ...row, at_ms: at.getTime() }));
}

/** How far they came in films, as media remembers it of who lets it. Person by person: it is asked seldom, and by nobody who waits. */
async function watchedSince(ground: ForYouGround, person_ids: readonly PersonId[], since: Date): Promise<HistoryAct[]> {
  const { watchedBy } = ground.media;
  if (!watchedBy) return [];
  const all: HistoryAct[] = [];
  for (const person_id of person_ids) {
    const watched = (await watchedBy(person_id, WATCHED_FILMS_MAX)).filter(({ at }) => at > since);
    if (watched.length === 0) continue;
    const posts = await postsOfFilms(
      ground.sql.pool,
      person_id,
      watched.map(({ video_id }) => video_id),
    );
    for (const { video_id, share, at } of watched) {
      const post_id = posts.get(video_id)?.post_id;
      if (post_id !== undefined) all.push({ kind: "watch", person_id, post_id, at_ms: at.getTime(), share });
    }
  }
  return all;
}

/** Weights from what happened in this house; nothing is put in place yet. */
export async function trainHouse(
  ground: ForYouGround,
  days: number,
  seed: number,
  elsewhere?: Elsewhere,
): Promise<Trained> {
  return train(await historyOf(ground, days, elsewhere), await modelInPlace(ground.sql.pool), seed);
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
  elsewhere?: Elsewhere,
): Promise<Evaluation> {
  return evaluateHistory(await historyOf(ground, asked.days, elsewhere), asked);
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
