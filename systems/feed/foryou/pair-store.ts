import type { PersonId, PostId } from "#kernel/ids.ts";
import type { Query } from "#ports/sql/index.ts";

import { weightOf } from "../trending/weight.ts";
import { NEIGHBOURS_PER_POST_MAX, PAIR_HALF_LIFE_MS, PAIRED_ACTS_MAX, TAKEN_BACK_PER_PERSON_MAX } from "./bounds.ts";

/** Somebody spoke for a post; what else they lately spoke for goes with it. */
export interface Spoke {
  kind: "like" | "repost" | "watch";
  person_id: PersonId;
  post_id: PostId;
  at: Date;
}

const HALF_LIFE_S = PAIR_HALF_LIFE_MS / 1_000;

/** Two posts that one person spoke for, and how much that person counts; all of it where nothing is said. */
export interface Paired {
  pair: [PostId, PostId];
  at: Date;
  weight?: number;
}

/** What each of these had liked or passed on before, the latest first. Their own rows say when, by the clock that wrote them all. */
export async function spokenBefore(db: Query, spoke: readonly Spoke[]): Promise<Paired[]> {
  const rows = (await db`
    WITH spoke AS (
      SELECT s.person_id, s.post_id, coalesce(CASE s.kind WHEN 'like' THEN l.at WHEN 'repost' THEN r.at END, s.at) AS at FROM unnest(${db.array(
        spoke.map((one) => one.person_id),
        "BIGINT",
      )}, ${db.array(
        spoke.map((one) => one.post_id),
        "BIGINT",
      )}, ${db.array(
        spoke.map((one) => one.at.toISOString()),
        "TEXT",
      )}::timestamptz[], ${db.array(
        spoke.map((one) => one.kind),
        "TEXT",
      )}) AS s (person_id, post_id, at, kind)
      LEFT JOIN feed_likes l USING (person_id, post_id) LEFT JOIN feed_reposts r USING (person_id, post_id)
    )
    SELECT DISTINCT s.person_id, s.post_id, b.post_id AS other_id, s.at FROM spoke s
    CROSS JOIN LATERAL (
      SELECT post_id FROM (
        (SELECT post_id, at FROM feed_likes WHERE person_id = s.person_id AND at <= s.at ORDER BY at DESC, post_id DESC LIMIT ${PAIRED_ACTS_MAX + 1})
        UNION ALL
        (SELECT post_id, at FROM feed_reposts WHERE person_id = s.person_id AND at <= s.at ORDER BY at DESC, post_id DESC LIMIT ${PAIRED_ACTS_MAX + 1})
      ) before JOIN feed_posts p ON p.id = before.post_id
      WHERE post_id <> s.post_id AND p.author_id <> s.person_id
      GROUP BY post_id ORDER BY max(at) DESC, post_id DESC LIMIT ${PAIRED_ACTS_MAX}
    ) b`) as { person_id: PersonId; post_id: PostId; other_id: PostId; at: Date }[];
  return rows.map(({ person_id, post_id, other_id, at }) => ({
    pair: [post_id, other_id],
    at,
    weight: weightOf(person_id, at.getTime()),
  }));
}

/** Counts these pairs, both ways, and keeps of each post its strongest neighbours. */
export async function addPairs(tx: Query, pairs: readonly Paired[]): Promise<void> {
  if (pairs.length === 0) return;
  const ways = pairs.flatMap(({ pair: [one, other], at, weight = 1 }) => [
    { post_id: one, other_id: other, at, weight },
    { post_id: other, other_id: one, at, weight },
  ]);
  const touched = tx.array([...new Set(ways.map((way) => way.post_id))], "BIGINT");
  // Each count stands as of its `at` and halves from there; several in one go are brought to the latest of them first.
  await tx`
    INSERT INTO feed_for_you_pairs AS p (post_id, other_id, weight, at)
    SELECT post_id, other_id, sum(worth * 0.5 ^ (extract(epoch FROM latest - at)::float8 / ${HALF_LIFE_S}))::real, latest FROM (
      SELECT w.post_id, w.other_id, w.worth, w.at, max(w.at) OVER (PARTITION BY w.post_id, w.other_id) AS latest
      FROM unnest(${tx.array(
        ways.map((way) => way.post_id),
        "BIGINT",
      )}, ${tx.array(
        ways.map((way) => way.other_id),
        "BIGINT",
      )}, ${tx.array(
        ways.map((way) => way.at.toISOString()),
        "TEXT",
      )}::timestamptz[], ${tx.array(
        ways.map((way) => way.weight),
        "DOUBLE PRECISION",
      )}) AS w (post_id, other_id, at, worth)
    ) x GROUP BY post_id, other_id, latest ORDER BY post_id, other_id
    ON CONFLICT (post_id, other_id) DO UPDATE SET
      weight = (p.weight * 0.5 ^ (greatest(0, extract(epoch FROM excluded.at - p.at))::float8 / ${HALF_LIFE_S})
        + excluded.weight * 0.5 ^ (greatest(0, extract(epoch FROM p.at - excluded.at))::float8 / ${HALF_LIFE_S}))::real,
      at = greatest(p.at, excluded.at)`;
  // ln(weight) + at ÷ half-life orders decayed weights the same at any moment, and never overflows.
  await tx`
    DELETE FROM feed_for_you_pairs WHERE (post_id, other_id) IN (
      SELECT post_id, other_id FROM (
        SELECT post_id, other_id, row_number() OVER (PARTITION BY post_id
          ORDER BY ln(weight) + extract(epoch FROM at)::float8 / ${HALF_LIFE_S} * ln(2::float8) DESC, other_id DESC) AS place
        FROM feed_for_you_pairs WHERE post_id = ANY(${touched})) x
      WHERE place > ${NEIGHBOURS_PER_POST_MAX})`;
}

/** What these people took back; of each the newest so many are remembered. */
export async function noteTakenBack(
  tx: Query,
  taken: readonly { person_id: PersonId; post_id: PostId; at: Date }[],
): Promise<void> {
  if (taken.length === 0) return;
  const people = tx.array([...new Set(taken.map((one) => one.person_id))], "BIGINT");
  await tx`
    INSERT INTO feed_for_you_taken_back (person_id, post_id, at)
    SELECT person_id, post_id, max(at) FROM unnest(${tx.array(
      taken.map((one) => one.person_id),
      "BIGINT",
    )}, ${tx.array(
      taken.map((one) => one.post_id),
      "BIGINT",
    )}, ${tx.array(
      taken.map((one) => one.at.toISOString()),
      "TEXT",
    )}::timestamptz[]) AS t (person_id, post_id, at) GROUP BY person_id, post_id
    ON CONFLICT (person_id, post_id) DO UPDATE SET at = excluded.at`;
  await tx`
    DELETE FROM feed_for_you_taken_back WHERE (person_id, post_id) IN (
      SELECT person_id, post_id FROM (
        SELECT person_id, post_id, row_number() OVER (PARTITION BY person_id ORDER BY at DESC, post_id DESC) AS place
        FROM feed_for_you_taken_back WHERE person_id = ANY(${people})) x
      WHERE place > ${TAKEN_BACK_PER_PERSON_MAX})`;
}

/** Of these, what was taken back before; as `person:post`. */
export async function takenBackAmong(db: Query, spoke: readonly Spoke[]): Promise<Set<string>> {
  if (spoke.length === 0) return new Set();
  const rows = (await db`
    SELECT t.person_id, t.post_id FROM unnest(${db.array(
      spoke.map((one) => one.person_id),
      "BIGINT",
    )}, ${db.array(
      spoke.map((one) => one.post_id),
      "BIGINT",
    )}) AS s (person_id, post_id) JOIN feed_for_you_taken_back t USING (person_id, post_id)`) as Pick<
    Spoke,
    "person_id" | "post_id"
  >[];
  return new Set(rows.map(keyOf));
}

export const keyOf = ({ person_id, post_id }: Pick<Spoke, "person_id" | "post_id">): string =>
  `${person_id}:${post_id}`;
