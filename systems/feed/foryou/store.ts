import type { PersonId, PostId } from "#kernel/ids.ts";
import type { Query } from "#ports/sql/index.ts";

import { LESS_PER_PERSON_MAX, MODELS_KEPT_MAX, QUEUES_PER_PERSON_MAX } from "./bounds.ts";
import { FEATURES } from "./features.ts";
import type { Model } from "./model.ts";
import { fromMarks, marksOf, type Place } from "./rank.ts";

/** Switches, wishes, lists made ahead and weights. */

export interface PersonRow {
  is_on: boolean;
  switched_at: Date | null;
  asked_at: Date | null;
  watched_until: Date | null;
  house_is_on: boolean;
}

export async function findPerson(db: Query, person_id: PersonId): Promise<PersonRow> {
  const [row] = (await db`
    SELECT coalesce(p.is_on, true) AS is_on, p.switched_at, p.asked_at, p.watched_until,
      coalesce((SELECT is_on FROM feed_for_you_house), true) AS house_is_on
    FROM (SELECT ${person_id}::bigint AS id) one LEFT JOIN feed_for_you_people p ON p.person_id = one.id`) as PersonRow[];
  return row!;
}

/** Off takes along what was kept for ranking. @returns false when it was so already */
export async function switchPerson(tx: Query, person_id: PersonId, is_on: boolean, at: Date): Promise<boolean> {
  const done = await tx`
    INSERT INTO feed_for_you_people AS p (person_id, is_on, switched_at) VALUES (${person_id}, ${is_on}, ${at})
    ON CONFLICT (person_id) DO UPDATE SET is_on = excluded.is_on, switched_at = excluded.switched_at,
      asked_at = CASE WHEN excluded.is_on THEN p.asked_at END, watched_until = CASE WHEN excluded.is_on THEN p.watched_until END
    WHERE p.is_on <> excluded.is_on`;
  if (!is_on) {
    await tx`DELETE FROM feed_for_you_queues WHERE person_id = ${person_id}`;
    await tx`DELETE FROM feed_for_you_taken_back WHERE person_id = ${person_id}`;
  }
  return done.count > 0;
}

export async function switchHouse(tx: Query, is_on: boolean, by: PersonId, at: Date): Promise<void> {
  await tx`
    INSERT INTO feed_for_you_house (is_on, switched_by, switched_at) VALUES (${is_on}, ${by}, ${at})
    ON CONFLICT (one) DO UPDATE SET is_on = excluded.is_on, switched_by = excluded.switched_by, switched_at = excluded.switched_at`;
  if (!is_on) await tx`DELETE FROM feed_for_you_queues`;
}

export async function noteAsked(db: Query, person_id: PersonId, at: Date): Promise<void> {
  await db`
    INSERT INTO feed_for_you_people AS p (person_id, asked_at) VALUES (${person_id}, ${at})
    ON CONFLICT (person_id) DO UPDATE SET asked_at = excluded.asked_at WHERE p.is_on`;
}

export async function noteWatched(tx: Query, person_id: PersonId, until: Date): Promise<void> {
  await tx`UPDATE feed_for_you_people SET watched_until = ${until} WHERE person_id = ${person_id} AND is_on`;
}

/** Of these, who wants it; `lately` of them looked since. Nobody does while it is off for the house. */
export async function wanting(
  db: Query,
  person_ids: readonly PersonId[],
  since: Date,
): Promise<{ person_id: PersonId; lately: boolean }[]> {
  return (await db`
    SELECT a.id AS person_id, coalesce(p.asked_at > ${since}, false) AS lately
    FROM unnest(${db.array([...person_ids], "BIGINT")}) AS a (id) LEFT JOIN feed_for_you_people p ON p.person_id = a.id
    WHERE coalesce(p.is_on, true) AND coalesce((SELECT is_on FROM feed_for_you_house), true)`) as {
    person_id: PersonId;
    lately: boolean;
  }[];
}

export interface Less {
  kind: "post" | "author";
  subject_id: string;
  author_id: PersonId;
  at: Date;
}

/** @returns false when it was asked for before */
export async function addLess(tx: Query, person_id: PersonId, less: Less): Promise<boolean> {
  const done = await tx`
    INSERT INTO feed_for_you_less (person_id, kind, subject_id, author_id, at)
    VALUES (${person_id}, ${less.kind}, ${less.subject_id}, ${less.author_id}, ${less.at}) ON CONFLICT DO NOTHING`;
  await tx`
    DELETE FROM feed_for_you_less WHERE (person_id, kind, subject_id) IN (
      SELECT person_id, kind, subject_id FROM feed_for_you_less WHERE person_id = ${person_id}
      ORDER BY at DESC, subject_id DESC OFFSET ${LESS_PER_PERSON_MAX})`;
  return done.count > 0;
}

export async function removeLess(
  tx: Query,
  person_id: PersonId,
  kind: Less["kind"],
  subject_id: string,
): Promise<boolean> {
  const done = await tx`
    DELETE FROM feed_for_you_less WHERE person_id = ${person_id} AND kind = ${kind} AND subject_id = ${subject_id}`;
  return done.count > 0;
}

export async function lessOf(db: Query, person_id: PersonId): Promise<Less[]> {
  return (await db`
    SELECT kind, subject_id, author_id, at FROM feed_for_you_less WHERE person_id = ${person_id}
    ORDER BY at DESC, subject_id DESC LIMIT ${LESS_PER_PERSON_MAX}`) as Less[];
}

export interface Queue {
  person_id: PersonId;
  generation: string;
  made_at: Date;
  model_version: number;
  seed: number;
  places: Place[];
}

interface QueueRow extends Omit<Queue, "places" | "seed"> {
  seed: string;
  features_per_post: number;
  post_ids: ArrayLike<string | bigint>;
  author_ids: ArrayLike<string | bigint>;
  marks: ArrayLike<number>;
  features: ArrayLike<number>;
}

/** The newest list of a person, or the one of this generation; null where there is none that this version can read. */
export async function findQueue(db: Query, person_id: PersonId, generation: string | null): Promise<Queue | null> {
  const [row] = (await db`
    SELECT person_id, generation, made_at, model_version, seed, features_per_post, post_ids, author_ids, marks, features
    FROM feed_for_you_queues
    WHERE person_id = ${person_id} AND (${generation === null} OR generation = ${generation ?? "0"}::bigint)
    ORDER BY generation DESC LIMIT 1`) as QueueRow[];
  if (!row || row.features_per_post !== FEATURES.length) return null;
  const { post_ids, author_ids, marks, features, features_per_post: width, seed, ...rest } = row;
  const all = Array.from(features, Number);
  return {
    ...rest,
    seed: Number(seed),
    places: Array.from(post_ids, (post_id, i) => ({
      post_id: String(post_id) as PostId,
      author_id: String(author_ids[i]) as PersonId,
      features: all.slice(i * width, (i + 1) * width),
      ...fromMarks(Number(marks[i])),
    })),
  };
}

/** Puts a new list before the others of this person, and drops those that nobody can be paging through any more. Not where it is off. */
export async function insertQueue(tx: Query, queue: Queue): Promise<void> {
  const { places } = queue;
  await tx`
    INSERT INTO feed_for_you_queues (person_id, generation, made_at, model_version, seed, features_per_post, post_ids, author_ids, marks, features)
    SELECT ${queue.person_id}, ${queue.generation}, ${queue.made_at}, ${queue.model_version}, ${queue.seed}, ${FEATURES.length},
      ${tx.array(
        places.map((place) => place.post_id),
        "BIGINT",
      )}, ${tx.array(
        places.map((place) => place.author_id),
        "BIGINT",
      )}, ${tx.array(places.map(marksOf), "INT")}, ${tx.array(
        places.flatMap((place) => place.features),
        "SMALLINT",
      )}
    WHERE coalesce((SELECT is_on FROM feed_for_you_house), true)
      AND coalesce((SELECT is_on FROM feed_for_you_people WHERE person_id = ${queue.person_id} FOR SHARE), true)`;
  await tx`
    DELETE FROM feed_for_you_queues WHERE person_id = ${queue.person_id} AND generation NOT IN (
      SELECT generation FROM feed_for_you_queues WHERE person_id = ${queue.person_id}
      ORDER BY generation DESC LIMIT ${QUEUES_PER_PERSON_MAX})`;
}

/** The place of a post in this person's newest list that has it. */
export async function queueWith(db: Query, person_id: PersonId, post_id: PostId): Promise<Queue | null> {
  const [row] = (await db`
    SELECT generation FROM feed_for_you_queues WHERE person_id = ${person_id} AND post_ids @> ARRAY[${post_id}::bigint]
    ORDER BY generation DESC LIMIT 1`) as { generation: string }[];
  return row ? findQueue(db, person_id, row.generation) : null;
}

/** Who looked since `since` and whose newest list is older than `made_before`. */
export async function staleQueues(db: Query, since: Date, made_before: Date, people_max: number): Promise<PersonId[]> {
  const rows = (await db`
    SELECT p.person_id FROM feed_for_you_people p
    WHERE p.asked_at > ${since} AND coalesce((SELECT is_on FROM feed_for_you_house), true)
      AND NOT EXISTS (SELECT FROM feed_for_you_queues q WHERE q.person_id = p.person_id AND q.made_at > ${made_before})
    ORDER BY p.asked_at DESC LIMIT ${people_max}`) as { person_id: PersonId }[];
  return rows.map((row) => row.person_id);
}

/** @returns rows that went: lists that are too old, pairs that count for nothing any more, and what was taken back before those */
export async function dropOld(db: Query, queues_before: Date, pairs_before: Date): Promise<number> {
  const queues = await db`DELETE FROM feed_for_you_queues WHERE made_at < ${queues_before}`;
  const pairs = await db`DELETE FROM feed_for_you_pairs WHERE (post_id, other_id) IN (
    SELECT post_id, other_id FROM feed_for_you_pairs WHERE at < ${pairs_before} LIMIT 50000)`;
  const taken_back = await db`DELETE FROM feed_for_you_taken_back WHERE at < ${pairs_before}`;
  return queues.count + pairs.count + taken_back.count;
}

/** Whoever deleted their account. */
export async function forgetPerson(tx: Query, person_id: PersonId): Promise<void> {
  await tx`DELETE FROM feed_for_you_queues WHERE person_id = ${person_id}`;
  await tx`DELETE FROM feed_for_you_less WHERE person_id = ${person_id} OR subject_id = ${person_id}`;
  await tx`DELETE FROM feed_for_you_people WHERE person_id = ${person_id}`;
  await tx`DELETE FROM feed_for_you_taken_back WHERE person_id = ${person_id}`;
}

export async function forgetPosts(tx: Query, post_ids: readonly PostId[]): Promise<void> {
  const ids = tx.array([...post_ids], "BIGINT");
  await tx`DELETE FROM feed_for_you_pairs WHERE post_id = ANY(${ids}) OR other_id = ANY(${ids})`;
  await tx`DELETE FROM feed_for_you_taken_back WHERE post_id = ANY(${ids})`;
  await tx`DELETE FROM feed_for_you_less WHERE kind = 'post' AND subject_id = ANY(${ids})`;
}

export interface ModelRow {
  version: number;
  weights: Model["weights"];
  report: unknown;
  made_at: Date;
  in_place: boolean;
}

/** The one in place, or of this version. */
export async function findModel(db: Query, version: number | null): Promise<ModelRow | null> {
  const [row] = (await db`
    SELECT version, weights, report, made_at, in_place FROM feed_for_you_models
    WHERE CASE WHEN ${version === null} THEN in_place ELSE version = ${version ?? 0} END`) as ModelRow[];
  return row ?? null;
}

/** @returns its version, one above all before */
export async function installModel(tx: Query, weights: Model["weights"], report: unknown, at: Date): Promise<number> {
  await tx`LOCK TABLE feed_for_you_models IN SHARE ROW EXCLUSIVE MODE`;
  await tx`UPDATE feed_for_you_models SET in_place = false WHERE in_place`;
  const [row] = (await tx`
    INSERT INTO feed_for_you_models (version, weights, report, made_at, in_place)
    SELECT coalesce(max(version), 0) + 1, ${weights}::jsonb, ${report}::jsonb, ${at}, true FROM feed_for_you_models
    RETURNING version`) as { version: number }[];
  await tx`DELETE FROM feed_for_you_models WHERE version <= ${row!.version - MODELS_KEPT_MAX}`;
  return row!.version;
}

/** Back to the weights that stand in the code. */
export async function withdrawModel(tx: Query): Promise<void> {
  await tx`UPDATE feed_for_you_models SET in_place = false WHERE in_place`;
}
