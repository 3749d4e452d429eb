import type { PersonId, PostId } from "#kernel/ids.ts";
import type { Query } from "#ports/sql/index.ts";

import { NEIGHBOURS_PER_POST_MAX, PAIR_HALF_LIFE_MS, PAIRED_ACTS_MAX } from "./bounds.ts";

/** Somebody spoke for a post; what else they lately spoke for goes with it. */
export interface Spoke {
  kind: "like" | "repost" | "watch";
  person_id: PersonId;
  post_id: PostId;
  at: Date;
}

const HALF_LIFE_S = PAIR_HALF_LIFE_MS / 1_000;

/** What each of these had liked or passed on before, the latest first. Their own rows say when, by the clock that wrote them all. */
export async function spokenBefore(
  db: Query,
  spoke: readonly Spoke[],
): Promise<{ pair: [PostId, PostId]; at: Date }[]> {
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
    ) b`) as { post_id: PostId; other_id: PostId; at: Date }[];
  return rows.map((row) => ({ pair: [row.post_id, row.other_id], at: row.at }));
}

/** Counts these pairs, both ways, and keeps of each post its strongest neighbours. */
export async function addPairs(tx: Query, pairs: readonly { pair: [PostId, PostId]; at: Date }[]): Promise<void> {
  if (pairs.length === 0) return;
  const ways = pairs.flatMap(({ pair: [one, other], at }) => [
    { post_id: one, other_id: other, at },
    { post_id: other, other_id: one, at },
  ]);
  const touched = tx.array([...new Set(ways.map((way) => way.post_id))], "BIGINT");
  // Each count stands as of its `at` and halves from there; several in one go are brought to the latest of them first.
  await tx`
    INSERT INTO feed_for_you_pairs AS p (post_id, other_id, weight, at)
    SELECT post_id, other_id, sum(0.5 ^ (extract(epoch FROM latest - at)::float8 / ${HALF_LIFE_S}))::real, latest FROM (
      SELECT w.post_id, w.other_id, w.at, max(w.at) OVER (PARTITION BY w.post_id, w.other_id) AS latest
      FROM unnest(${tx.array(
        ways.map((way) => way.post_id),
        "BIGINT",
      )}, ${tx.array(
        ways.map((way) => way.other_id),
        "BIGINT",
      )}, ${tx.array(
        ways.map((way) => way.at.toISOString()),
        "TEXT",
      )}::timestamptz[]) AS w (post_id, other_id, at)
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
