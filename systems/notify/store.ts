import type { CommentId, PersonId, PostId } from "#kernel/ids.ts";
import type { Query } from "#ports/sql/index.ts";

import type { Act } from "./acts.ts";
import { GROUP_ITEMS_LOOKED_MAX } from "./bounds.ts";
import type { Kind } from "./kinds-contract.ts";

const TOP = "9223372036854775807";
const bigints = (q: Query, list: readonly string[]) => q.array([...list], "BIGINT");
const texts = (q: Query, list: readonly string[]) => q.array([...list], "TEXT");

export interface ItemRow {
  seq: string;
  group_id: string;
  kind: Kind;
  actor_id: PersonId | null;
  post_id: PostId | null;
  comment_id: CommentId | null;
  /** Of another system. */
  thing: string | null;
  at: Date;
}

export interface GroupRow {
  group_id: string;
  kind: Kind;
  latest_seq: string;
  items: number;
}

/** Who is told of these acts waits for whoever else writes to the same inboxes; in the order of ids, so nobody waits in a circle. */
export async function lockInboxes(tx: Query, person_ids: readonly PersonId[]): Promise<void> {
  const sorted = [...new Set(person_ids)].toSorted((a, b) => (BigInt(a) < BigInt(b) ? -1 : 1));
  await tx`INSERT INTO notify_inboxes (person_id) SELECT unnest(${bigints(tx, sorted)}) ON CONFLICT DO NOTHING`;
  await tx`SELECT 1 FROM notify_inboxes WHERE person_id = ANY(${bigints(tx, sorted)}) ORDER BY person_id FOR UPDATE`;
}

/** Marks acts as taken back (`at`) or as holding again (null). @returns how many rows of each group changed */
export async function setGone(tx: Query, acts: readonly Act[], gone_at: Date | null): Promise<void> {
  if (acts.length === 0) return;
  await tx`
    WITH asked AS (
      SELECT * FROM unnest(${bigints(
        tx,
        acts.map((a) => a.person_id),
      )}, ${texts(
        tx,
        acts.map((a) => a.act_key),
      )}) AS a (person_id, act_key)
    ), changed AS (
      UPDATE notify_items i SET gone_at = ${gone_at}::timestamptz FROM asked a
      WHERE i.person_id = a.person_id AND i.act_key = a.act_key AND (i.gone_at IS NULL) = ${gone_at !== null}::boolean
      RETURNING i.person_id, i.group_id
    ), steps AS (SELECT person_id, group_id, count(*)::int AS n FROM changed GROUP BY 1, 2)
    UPDATE notify_groups g SET items = g.items + ${gone_at === null ? 1 : -1}::int * s.n FROM steps s
    WHERE g.person_id = s.person_id AND g.group_id = s.group_id`;
}

/** Of these acts, those that stand in an inbox already, taken back or not. As `person act_key`. */
export async function known(tx: Query, acts: readonly Act[]): Promise<Set<string>> {
  const rows = (await tx`
    SELECT i.person_id, i.act_key FROM unnest(${bigints(
      tx,
      acts.map((a) => a.person_id),
    )}, ${texts(
      tx,
      acts.map((a) => a.act_key),
    )}) AS a (person_id, act_key)
    JOIN notify_items i ON i.person_id = a.person_id AND i.act_key = a.act_key`) as {
    person_id: string;
    act_key: string;
  }[];
  return new Set(rows.map((row) => `${row.person_id} ${row.act_key}`));
}

/** Takes so many numbers for each. @returns the last number before them, and up to where was read */
export async function takeSeqs(
  tx: Query,
  wanted: ReadonlyMap<PersonId, number>,
): Promise<Map<PersonId, { before: bigint; read_seq: bigint }>> {
  const rows = (await tx`
    UPDATE notify_inboxes i SET last_seq = i.last_seq + w.n
    FROM unnest(${bigints(tx, [...wanted.keys()])}, ${tx.array([...wanted.values()], "INT")}) AS w (person_id, n)
    WHERE i.person_id = w.person_id RETURNING i.person_id, i.last_seq - w.n AS before, i.read_seq`) as {
    person_id: PersonId;
    before: string;
    read_seq: string;
  }[];
  return new Map(rows.map((row) => [row.person_id, { before: BigInt(row.before), read_seq: BigInt(row.read_seq) }]));
}

/** Groups of these acts that were not read yet, so that the new ones join them. As `person group_key` → group. */
export async function openGroups(tx: Query, acts: readonly Act[]): Promise<Map<string, string>> {
  const rows = (await tx`
    SELECT DISTINCT ON (g.person_id, g.group_key) g.person_id, g.group_key, g.group_id
    FROM unnest(${bigints(
      tx,
      acts.map((a) => a.person_id),
    )}, ${texts(
      tx,
      acts.map((a) => a.group_key),
    )}) AS a (person_id, group_key)
    JOIN notify_inboxes i ON i.person_id = a.person_id
    JOIN notify_groups g ON g.person_id = a.person_id AND g.group_key = a.group_key AND g.latest_seq > i.read_seq
    ORDER BY g.person_id, g.group_key, g.latest_seq DESC`) as {
    person_id: string;
    group_key: string;
    group_id: string;
  }[];
  return new Map(rows.map((row) => [`${row.person_id} ${row.group_key}`, row.group_id]));
}

export interface NewItem {
  act: Act;
  seq: string;
  group_id: string;
}

export async function insertItems(tx: Query, items: readonly NewItem[], at: Date): Promise<void> {
  const column = (of: (item: NewItem) => string | null) => tx.array(items.map(of) as string[], "BIGINT");
  const words = (of: (item: NewItem) => string | null) => texts(tx, items.map(of) as string[]);
  await tx`
    INSERT INTO notify_items (person_id, seq, group_id, kind, actor_id, post_id, comment_id, act_key, thing, thing_seq, at)
    SELECT *, ${at}::timestamptz FROM unnest(
      ${column((i) => i.act.person_id)}, ${column((i) => i.seq)}, ${column((i) => i.group_id)}, ${words((i) => i.act.kind)},
      ${column((i) => i.act.actor_id)}, ${column((i) => i.act.post_id)}, ${column((i) => i.act.comment_id)},
      ${words((i) => i.act.act_key)}, ${words((i) => i.act.thing?.name ?? null)}, ${column((i) => i.act.thing?.seq ?? null)})`;
  await tx`
    INSERT INTO notify_groups AS g (person_id, group_id, group_key, kind, latest_seq, items)
    SELECT person_id, group_id, min(group_key), min(kind), max(seq), count(*)
    FROM unnest(${column((i) => i.act.person_id)}, ${column((i) => i.group_id)}, ${words((i) => i.act.group_key)},
      ${words((i) => i.act.kind)}, ${column((i) => i.seq)}) AS n (person_id, group_id, group_key, kind, seq)
    GROUP BY person_id, group_id
    ON CONFLICT (person_id, group_id) DO UPDATE SET latest_seq = excluded.latest_seq, items = g.items + excluded.items`;
}

/** The newest groups below a place, with the newest items of each. */
export async function groupsBelow(
  q: Query,
  person_id: PersonId,
  asked: { below: string | null; above?: string; kinds?: readonly Kind[] | undefined; groups_max: number },
): Promise<(GroupRow & { newest: ItemRow[] })[]> {
  const groups = (await q`
    SELECT group_id, kind, latest_seq, items FROM notify_groups
    WHERE person_id = ${person_id} AND items > 0 AND latest_seq < ${asked.below ?? TOP}::bigint AND latest_seq > ${asked.above ?? "0"}::bigint
      AND (${asked.kinds === undefined}::boolean OR kind = ANY(${texts(q, asked.kinds ?? [])}))
    ORDER BY latest_seq DESC LIMIT ${asked.groups_max}`) as GroupRow[];
  return withNewest(q, person_id, groups);
}

/** These groups, as far as something in them holds. */
export async function groupsOf(
  q: Query,
  person_id: PersonId,
  group_ids: readonly string[],
): Promise<(GroupRow & { newest: ItemRow[] })[]> {
  const groups = (await q`
    SELECT group_id, kind, latest_seq, items FROM notify_groups
    WHERE person_id = ${person_id} AND group_id = ANY(${bigints(q, group_ids)}) AND items > 0
    ORDER BY latest_seq DESC`) as GroupRow[];
  return withNewest(q, person_id, groups);
}

async function withNewest(
  q: Query,
  person_id: PersonId,
  groups: readonly GroupRow[],
): Promise<(GroupRow & { newest: ItemRow[] })[]> {
  if (groups.length === 0) return [];
  const items = (await q`
    SELECT i.* FROM unnest(${bigints(
      q,
      groups.map((g) => g.group_id),
    )}) AS g (group_id)
    CROSS JOIN LATERAL (
      SELECT seq, group_id, kind, actor_id, post_id, comment_id, thing, at FROM notify_items
      WHERE person_id = ${person_id} AND group_id = g.group_id AND gone_at IS NULL
      ORDER BY seq DESC LIMIT ${GROUP_ITEMS_LOOKED_MAX}
    ) i`) as ItemRow[];
  const of = Map.groupBy(items, (item) => item.group_id);
  return groups.map((group) => ({ ...group, newest: of.get(group.group_id) ?? [] }));
}

/** One by one, without groups; the nearest to the end that is asked from. Newest first, whichever way was gone. */
export async function itemsAround(
  q: Query,
  person_id: PersonId,
  asked: {
    below: string | null;
    above: string | null;
    upward: boolean;
    kinds?: readonly Kind[] | undefined;
    items_max: number;
  },
): Promise<ItemRow[]> {
  const kinds = texts(q, asked.kinds ?? []);
  const rows = (await q`
    SELECT seq, group_id, kind, actor_id, post_id, comment_id, thing, at FROM notify_items
    WHERE person_id = ${person_id} AND gone_at IS NULL
      AND seq < ${asked.below ?? TOP}::bigint AND seq > ${asked.above ?? "0"}::bigint
      AND (${asked.kinds === undefined}::boolean OR kind = ANY(${kinds}))
    ORDER BY CASE WHEN ${asked.upward}::boolean THEN seq ELSE -seq END LIMIT ${asked.items_max}`) as ItemRow[];
  return asked.upward ? rows.toReversed() : rows;
}

export async function item(q: Query, person_id: PersonId, seq: string): Promise<ItemRow | null> {
  const [row] = (await q`
    SELECT seq, group_id, kind, actor_id, post_id, comment_id, thing, at FROM notify_items
    WHERE person_id = ${person_id} AND seq = ${seq}::bigint AND gone_at IS NULL`) as ItemRow[];
  return row ?? null;
}

export async function inbox(q: Query, person_id: PersonId): Promise<{ last_seq: string; read_seq: string }> {
  const [row] = (await q`SELECT last_seq, read_seq FROM notify_inboxes WHERE person_id = ${person_id}`) as {
    last_seq: string;
    read_seq: string;
  }[];
  return row ?? { last_seq: "0", read_seq: "0" };
}

/** @returns where reading now stands, or null when it stood there or further already */
export async function readUpTo(tx: Query, person_id: PersonId, up_to: string): Promise<string | null> {
  const [row] = (await tx`
    UPDATE notify_inboxes SET read_seq = least(${up_to}::bigint, last_seq)
    WHERE person_id = ${person_id} AND read_seq < least(${up_to}::bigint, last_seq) RETURNING read_seq`) as {
    read_seq: string;
  }[];
  return row?.read_seq ?? null;
}

/** @returns whether something was there */
export async function dismissGroup(tx: Query, person_id: PersonId, group_id: string, at: Date): Promise<boolean> {
  const gone = await tx`UPDATE notify_groups SET items = 0
    WHERE person_id = ${person_id} AND group_id = ${group_id}::bigint AND items > 0 RETURNING 1`;
  if (gone.length === 0) return false;
  await tx`UPDATE notify_items SET gone_at = ${at}
    WHERE person_id = ${person_id} AND group_id = ${group_id}::bigint AND gone_at IS NULL`;
  return true;
}

/** @returns its group as it stands then, or null where nothing was there */
export async function dismissItem(
  tx: Query,
  person_id: PersonId,
  seq: string,
  at: Date,
): Promise<{ group_id: string; items: number } | null> {
  const [row] = (await tx`UPDATE notify_items SET gone_at = ${at}
    WHERE person_id = ${person_id} AND seq = ${seq}::bigint AND gone_at IS NULL RETURNING group_id`) as {
    group_id: string;
  }[];
  if (!row) return null;
  const [group] = (await tx`UPDATE notify_groups SET items = items - 1
    WHERE person_id = ${person_id} AND group_id = ${row.group_id} RETURNING group_id, items`) as {
    group_id: string;
    items: number;
  }[];
  return group ?? null;
}

/** What was read in its own system, up to a place there: gone from here. @returns its groups */
export async function settle(
  tx: Query,
  settlings: readonly { person_id: PersonId; group_key: string; up_to: string }[],
  at: Date,
): Promise<{ person_id: PersonId; group_id: string }[]> {
  if (settlings.length === 0) return [];
  return (await tx`
    WITH read AS (
      SELECT * FROM unnest(${bigints(
        tx,
        settlings.map((s) => s.person_id),
      )}, ${texts(
        tx,
        settlings.map((s) => s.group_key),
      )}, ${bigints(
        tx,
        settlings.map((s) => s.up_to),
      )}) AS r (person_id, group_key, up_to)
    ), changed AS (
      UPDATE notify_items i SET gone_at = ${at} FROM read r
      JOIN notify_groups g ON g.person_id = r.person_id AND g.group_key = r.group_key AND g.items > 0
      WHERE i.person_id = r.person_id AND i.group_id = g.group_id AND i.thing_seq <= r.up_to AND i.gone_at IS NULL
      RETURNING i.person_id, i.group_id
    ), steps AS (SELECT person_id, group_id, count(*)::int AS n FROM changed GROUP BY 1, 2)
    UPDATE notify_groups g SET items = g.items - s.n FROM steps s
    WHERE g.person_id = s.person_id AND g.group_id = s.group_id
    RETURNING g.person_id, g.group_id`) as { person_id: PersonId; group_id: string }[];
}

export async function clear(tx: Query, person_id: PersonId): Promise<void> {
  await tx`DELETE FROM notify_groups WHERE person_id = ${person_id}`;
  await tx`DELETE FROM notify_items WHERE person_id = ${person_id}`;
  await tx`UPDATE notify_inboxes SET read_seq = last_seq WHERE person_id = ${person_id}`;
}

/** What stands in anybody's inbox about a post that is gone, or by somebody who is gone. @returns the groups of what went, one for each row */
export async function eraseSome(
  tx: Query,
  what: { post_id: string } | { actor_id: string } | { thing: string },
  rows_max: number,
): Promise<{ person_id: PersonId; group_id: string }[]> {
  const met =
    "thing" in what
      ? tx`thing = ${what.thing}`
      : "post_id" in what
        ? tx`post_id = ${what.post_id}::bigint`
        : tx`actor_id = ${what.actor_id}::bigint`;
  const gone = (await tx`
    DELETE FROM notify_items WHERE ctid = ANY(ARRAY(
      SELECT ctid FROM notify_items WHERE ${met} LIMIT ${rows_max} FOR UPDATE))
    RETURNING person_id, group_id, (gone_at IS NULL)::int AS held`) as {
    person_id: PersonId;
    group_id: string;
    held: number;
  }[];
  const held = gone.filter((row) => row.held === 1);
  if (held.length > 0)
    await tx`
      UPDATE notify_groups g SET items = g.items - s.n FROM (
        SELECT person_id, group_id, count(*)::int AS n FROM unnest(${bigints(
          tx,
          held.map((r) => r.person_id),
        )}, ${bigints(
          tx,
          held.map((r) => r.group_id),
        )}) AS h (person_id, group_id) GROUP BY 1, 2
      ) s WHERE g.person_id = s.person_id AND g.group_id = s.group_id`;
  return gone;
}

export async function eraseInbox(tx: Query, person_id: PersonId): Promise<void> {
  await clear(tx, person_id);
  await tx`DELETE FROM notify_inboxes WHERE person_id = ${person_id}`;
}

/** Inboxes after this one, in the order of ids. */
export const inboxesAfter = async (q: Query, after: string, inboxes_max: number): Promise<PersonId[]> =>
  (
    (await q`SELECT person_id FROM notify_inboxes WHERE person_id > ${after}::bigint ORDER BY person_id LIMIT ${inboxes_max}`) as {
      person_id: PersonId;
    }[]
  ).map((row) => row.person_id);

/** What is too old or too much of these inboxes, in portions. @returns rows that went */
export async function trimSome(
  tx: Query,
  person_ids: readonly PersonId[],
  bounds: { items_max: number; before: Date; rows_max: number },
): Promise<number> {
  const gone = await tx`
    DELETE FROM notify_items i USING notify_inboxes b
    WHERE b.person_id = ANY(${bigints(tx, person_ids)}) AND i.person_id = b.person_id AND i.ctid = ANY(ARRAY(
      SELECT x.ctid FROM notify_items x JOIN notify_inboxes y ON y.person_id = x.person_id
      WHERE x.person_id = ANY(${bigints(tx, person_ids)}) AND (x.seq <= y.last_seq - ${bounds.items_max}::bigint OR x.at < ${bounds.before})
      LIMIT ${bounds.rows_max}))`;
  await tx`
    DELETE FROM notify_groups g WHERE g.person_id = ANY(${bigints(tx, person_ids)})
      AND NOT EXISTS (SELECT 1 FROM notify_items i WHERE i.person_id = g.person_id AND i.group_id = g.group_id)`;
  return gone.count;
}
