import { listOf } from "./model.ts";
import { OracleFault } from "./reading.ts";
import type { World } from "./world.ts";

/** The model itself is held against the rows of truth, and homes against plain SQL over them, so that all three agree. */
export async function checkTruth(world: World): Promise<void> {
  const { pool } = world.db.sql;
  const { model } = world;
  const same = (what: string, rows: string[], should: string[]) => {
    const [a, b] = [rows.toSorted(), should.toSorted()];
    if (a.length === b.length && a.every((row, i) => row === b[i])) return;
    const odd = [...a.filter((row) => !b.includes(row)), ...b.filter((row) => !a.includes(row))];
    throw new OracleFault(
      `world ${world.seed}, operation ${world.operations}: ${what} differ: ${odd.slice(0, 5).join("; ")}`,
    );
  };
  const pairs = (of: "follows" | "blocks" | "mutes") =>
    model.people.flatMap((one) => [...one[of]].map((other) => `${one.id} ${other.id}`));
  const rows = async (text: string) =>
    ((await pool.unsafe(text)) as Record<string, unknown>[]).map((row) => Object.values(row).join(" "));
  same("follows", await rows("SELECT follower_id, followee_id FROM people_follows"), pairs("follows"));
  same("blocks", await rows("SELECT blocker_id, blocked_id FROM people_blocks"), pairs("blocks"));
  same("mutes", await rows("SELECT muter_id, muted_id FROM people_mutes"), pairs("mutes"));
  same(
    "members",
    await rows("SELECT space_id, person_id FROM spaces_members"),
    model.spaces.flatMap((space) => [...space.members.keys()].map((person) => `${space.id} ${person.id}`)),
  );
  same(
    "lists",
    await rows(`SELECT l.id, l.out_of_home_at IS NOT NULL, p.person_id FROM feed_lists l LEFT JOIN feed_list_people p ON p.list_id = l.id
      WHERE l.deleted_at IS NULL`),
    model.lists
      .filter((list) => list.deleted_ms === null)
      .flatMap((list) =>
        (list.people.size === 0 ? [""] : [...list.people].map((person) => person.id)).map(
          (id) => `${list.id} ${list.out_of_home} ${id}`,
        ),
      ),
  );
  same(
    "muted words",
    await rows("SELECT person_id, folded, matches, kind, place FROM feed_muted_words"),
    model.people.flatMap((person) =>
      [...person.muted_words.values()].map((w) => `${person.id} ${w.word} ${w.matches} ${w.kind} ${w.place}`),
    ),
  );
  same(
    "votes",
    await rows(
      "SELECT b.post_id, b.person_id, b.choices[1] FROM feed_ballots b JOIN feed_posts p ON p.id = b.post_id WHERE p.purged_at IS NULL",
    ),
    model.posts
      .filter((post) => !post.purged)
      .flatMap((post) => [...(post.poll?.votes ?? [])].map(([who, choice]) => `${post.id} ${who.id} ${choice}`)),
  );
  same(
    "posts",
    await rows("SELECT id, audience, hidden_at IS NOT NULL, sensitive, text FROM feed_posts WHERE deleted_at IS NULL"),
    model.posts
      .filter((post) => !post.deleted)
      .map((post) => `${post.id} ${post.audience} ${post.hidden} ${post.sensitive} ${post.text}`),
  );
  same(
    "entries",
    await rows(
      "SELECT e.id, e.post_id, e.actor_id FROM feed_entries e JOIN feed_posts p ON p.id = e.post_id WHERE p.purged_at IS NULL",
    ),
    model.posts.flatMap((post) => [
      ...(post.deleted ? [] : [`${post.id} ${post.id} ${post.author.id}`]),
      ...(post.purged
        ? []
        : [...(model.reposts.get(post)?.values() ?? [])].map((e) => `${e.key} ${post.id} ${e.by.id}`)),
    ]),
  );
  same(
    "likes",
    await rows("SELECT post_id, person_id FROM feed_likes"),
    model.posts.flatMap((post) => [...post.likes].map((person) => `${post.id} ${person.id}`)),
  );
  same(
    "sums",
    await rows(`SELECT s.subject_id, sum(s.likes) FROM (SELECT subject_id, likes FROM feed_counts
      UNION ALL SELECT subject_id, likes FROM feed_count_deltas) s GROUP BY 1 HAVING sum(s.likes) <> 0`),
    model.posts.filter((post) => post.likes.size > 0).map((post) => `${post.id} ${post.likes.size}`),
  );
  for (const viewer of model.people) {
    if (viewer.suspended) continue;
    const home = (await pool`
      WITH me AS (SELECT id, role <> 'member' AS is_staff FROM people_persons WHERE id = ${viewer.id}),
      followed AS (SELECT followee_id AS id FROM people_follows WHERE follower_id = ${viewer.id} UNION SELECT ${viewer.id}::bigint),
      makers AS (SELECT id FROM followed WHERE id = ${viewer.id}::bigint OR id NOT IN (SELECT q.person_id FROM feed_lists l JOIN feed_list_people q ON q.list_id = l.id
        WHERE l.person_id = ${viewer.id} AND l.deleted_at IS NULL AND l.out_of_home_at IS NOT NULL)),
      wish AS (SELECT coalesce(max(sensitive_media), 'warn') AS sensitive_media, coalesce(max(home_reposts), 'show') AS home_reposts
        FROM feed_preferences WHERE person_id = ${viewer.id}),
      everything AS (
        SELECT p.id AS key, p.id AS post_id, p.author_id AS actor_id FROM feed_posts p JOIN makers f ON f.id = p.author_id
        UNION ALL SELECT x.entry_id, x.post_id, x.person_id FROM feed_reposts x JOIN makers f ON f.id = x.person_id
          WHERE x.person_id = ${viewer.id} OR (SELECT home_reposts FROM wish) = 'show'
      ), shown AS (
        SELECT e.key, e.post_id, e.actor_id, row_number() OVER (PARTITION BY e.post_id ORDER BY e.key DESC) AS place
        FROM everything e JOIN feed_posts p ON p.id = e.post_id LEFT JOIN spaces_spaces s ON s.id = p.space_id CROSS JOIN me
        WHERE p.deleted_at IS NULL
          AND (p.author_id = me.id OR (p.hidden_at IS NULL
            AND (s.id IS NULL OR s.visibility = 'public' OR EXISTS (SELECT FROM spaces_members m WHERE m.space_id = s.id AND m.person_id = me.id))
            AND ((p.audience = 'public' AND (NOT EXISTS (SELECT FROM people_persons a WHERE a.id = p.author_id AND a.private_at IS NOT NULL)
                OR p.author_id IN (SELECT id FROM followed)
                OR EXISTS (SELECT FROM spaces_members m WHERE m.space_id = p.space_id AND m.person_id = me.id))) OR (p.audience = 'followers' AND p.author_id IN (SELECT id FROM followed))
              OR (p.audience = 'space' AND EXISTS (SELECT FROM spaces_members m WHERE m.space_id = p.space_id AND m.person_id = me.id)))))
          AND (e.key = e.post_id OR (p.audience = 'public' AND NOT EXISTS (SELECT FROM people_persons a WHERE a.id = p.author_id AND a.private_at IS NOT NULL) AND p.hidden_at IS NULL AND (s.id IS NULL OR s.visibility = 'public')))
          AND NOT EXISTS (SELECT FROM people_blocks b WHERE (b.blocker_id = me.id AND b.blocked_id IN (p.author_id, e.actor_id))
            OR (b.blocked_id = me.id AND b.blocker_id IN (p.author_id, e.actor_id)))
          AND (p.author_id IN (SELECT id FROM followed) OR NOT EXISTS (SELECT FROM people_persons a WHERE a.id = p.author_id AND a.limited_at IS NOT NULL))
          AND (p.author_id = me.id OR ((NOT p.sensitive OR (SELECT sensitive_media FROM wish) <> 'hide')
            AND NOT EXISTS (SELECT FROM feed_muted_words w
              WHERE w.person_id = me.id AND w.kind = 'hide' AND (w.expires_at IS NULL OR w.expires_at > ${new Date(world.clock.now())})
                AND (CASE WHEN w.matches = 'part' THEN position(w.folded IN lower(concat_ws(E'\\n', p.content_warning, p.text))) > 0
                  ELSE lower(concat_ws(E'\\n', p.content_warning, p.text)) ~ (CASE WHEN w.folded LIKE '#%' THEN '' ELSE '\\m' END || w.folded || '\\M') END))))
          AND NOT EXISTS (SELECT FROM people_mutes m WHERE m.muter_id = me.id AND m.muted_id IN (p.author_id, e.actor_id))
          AND (me.is_staff OR NOT EXISTS (SELECT FROM people_persons q
            WHERE q.id IN (p.author_id, e.actor_id) AND q.id <> me.id AND q.suspended_at IS NOT NULL))
      )
      SELECT CASE WHEN key = post_id THEN post_id::text ELSE post_id || ' by ' || actor_id END AS text
      FROM shown WHERE place = 1 ORDER BY key DESC`) as { text: string }[];
    const should = listOf(model, viewer, { list: "home", about: null }).map((shown) => shown.place);
    const is = home.map((row) => row.text);
    if (is.length !== should.length || is.some((text, i) => text !== should[i]))
      throw new OracleFault(
        `world ${world.seed}, operation ${world.operations}: SQL gives ${viewer.handle} ${is.join(", ")}, the model ${should.join(", ")}`,
      );
  }
}
