import type { PersonId, SpaceId } from "#kernel/ids.ts";
import type { Query } from "#ports/sql/index.ts";

import type { ChannelKind, ChannelRole, Level } from "../contract.ts";
import type { ChannelId } from "../needs.ts";

export interface ChannelRow {
  id: ChannelId;
  kind: ChannelKind;
  space_id: SpaceId | null;
  low_id: PersonId | null;
  high_id: PersonId | null;
  name: string | null;
  topic: string;
  slow_mode_s: number;
  retention_days: number | null;
  members: number;
  last_seq: string;
  last_at: Date | null;
  created_by: PersonId;
  created_at: Date;
  archived_at: Date | null;
  /** Programs outside listen. */
  watched_at: Date | null;
}

export interface MemberRow {
  channel_id: ChannelId;
  person_id: PersonId;
  role: ChannelRole;
  joined_at: Date;
  read_seq: string;
  marked_seq: string | null;
  muted_at: Date | null;
  muted_until: Date | null;
  level: Level;
  favoured_at: Date | null;
  hidden_at: Date | null;
  last_sent_at: Date | null;
}

export async function findChannels(q: Query, ids: readonly ChannelId[]): Promise<ChannelRow[]> {
  if (ids.length === 0) return [];
  return (await q`SELECT * FROM chat_channels WHERE id = ANY(${q.array([...ids], "BIGINT")})`) as ChannelRow[];
}

export const findChannel = async (q: Query, id: ChannelId): Promise<ChannelRow | null> =>
  (await findChannels(q, [id]))[0] ?? null;

export async function findDirect(q: Query, low_id: PersonId, high_id: PersonId): Promise<ChannelRow | null> {
  const [row] = (await q`SELECT * FROM chat_channels
    WHERE kind = 'direct' AND low_id = ${low_id} AND high_id = ${high_id}`) as ChannelRow[];
  return row ?? null;
}

/** @returns false where the pair has one already, or the name is taken in the space */
export async function insertChannel(
  tx: Query,
  row: Pick<
    ChannelRow,
    "id" | "kind" | "space_id" | "low_id" | "high_id" | "name" | "topic" | "created_by" | "created_at"
  >,
): Promise<boolean> {
  const made = await tx`
    INSERT INTO chat_channels (id, kind, space_id, low_id, high_id, name, topic, created_by, created_at)
    VALUES (${row.id}, ${row.kind}, ${row.space_id}, ${row.low_id}, ${row.high_id}, ${row.name}, ${row.topic}, ${row.created_by},
      ${row.created_at})
    ON CONFLICT DO NOTHING`;
  return made.count === 1;
}

/** @returns false where the name is taken in the space */
export async function updateChannel(
  tx: Query,
  id: ChannelId,
  next: Pick<ChannelRow, "name" | "topic" | "slow_mode_s" | "retention_days" | "archived_at">,
  by: PersonId,
): Promise<boolean> {
  const done = await tx`
    UPDATE chat_channels c SET name = ${next.name}, topic = ${next.topic}, slow_mode_s = ${next.slow_mode_s},
      retention_days = ${next.retention_days}, archived_at = ${next.archived_at}::timestamptz,
      archived_by = CASE WHEN ${next.archived_at}::timestamptz IS NULL THEN NULL ELSE coalesce(archived_by, ${by}::bigint) END
    WHERE id = ${id} AND (${next.name}::text IS NULL OR space_id IS NULL OR ${next.archived_at}::timestamptz IS NOT NULL
      OR NOT EXISTS (SELECT 1 FROM chat_channels o
        WHERE o.space_id = c.space_id AND lower(o.name) = lower(${next.name}::text) AND o.archived_at IS NULL AND o.id <> c.id))`;
  return done.count === 1;
}

export async function channelsOfSpace(q: Query, space_id: SpaceId, channels_max: number): Promise<ChannelRow[]> {
  return (await q`SELECT * FROM chat_channels WHERE space_id = ${space_id}
    ORDER BY archived_at IS NOT NULL, lower(name) LIMIT ${channels_max}`) as ChannelRow[];
}

export async function countChannelsOfSpace(q: Query, space_id: SpaceId): Promise<number> {
  const [row] = (await q`SELECT count(*)::int AS n FROM chat_channels WHERE space_id = ${space_id}`) as { n: number }[];
  return row!.n;
}

/** Channels of these spaces that every member of the space may read. */
export async function openChannelIds(q: Query, space_ids: readonly SpaceId[], ids_max: number): Promise<ChannelId[]> {
  if (space_ids.length === 0) return [];
  const rows = (await q`SELECT id FROM chat_channels
    WHERE space_id = ANY(${q.array([...space_ids], "BIGINT")}) AND kind IN ('public', 'announcement') LIMIT ${ids_max}`) as {
    id: ChannelId;
  }[];
  return rows.map((row) => row.id);
}

/** @returns how many came in; who was in already stays as they are */
export async function addMembers(
  tx: Query,
  channel_id: ChannelId,
  people: readonly { person_id: PersonId; role: ChannelRole; hidden: boolean }[],
  read_seq: string,
  at: Date,
): Promise<PersonId[]> {
  const rows = (await tx`
    INSERT INTO chat_members (channel_id, person_id, role, joined_at, read_seq, hidden_at, level)
    SELECT c.id, p.person_id, p.role, ${at}::timestamptz, ${read_seq}::bigint,
      CASE WHEN p.hidden = 1 THEN ${at}::timestamptz END,
      -- Where a whole space writes, one is told of what is to oneself until one wishes for more.
      CASE WHEN c.kind IN ('public', 'private') THEN 'mentions' ELSE 'all' END
    FROM chat_channels c, unnest(${tx.array(
      people.map((p) => p.person_id),
      "BIGINT",
    )}, ${tx.array(
      people.map((p) => p.role),
      "TEXT",
    )}, ${tx.array(
      people.map((p) => (p.hidden ? 1 : 0)),
      "INT",
    )}) AS p (person_id, role, hidden)
    WHERE c.id = ${channel_id}
    ON CONFLICT DO NOTHING RETURNING person_id`) as { person_id: PersonId }[];
  if (rows.length > 0)
    await tx`UPDATE chat_channels SET members = members + ${rows.length}::int WHERE id = ${channel_id}`;
  return rows.map((row) => row.person_id);
}

export async function removeMembers(
  tx: Query,
  channel_id: ChannelId,
  person_ids: readonly PersonId[],
): Promise<PersonId[]> {
  const rows = (await tx`DELETE FROM chat_members
    WHERE channel_id = ${channel_id} AND person_id = ANY(${tx.array([...person_ids], "BIGINT")}) RETURNING person_id`) as {
    person_id: PersonId;
  }[];
  if (rows.length > 0)
    await tx`UPDATE chat_channels SET members = members - ${rows.length}::int WHERE id = ${channel_id}`;
  return rows.map((row) => row.person_id);
}

export async function findMember(q: Query, channel_id: ChannelId, person_id: PersonId): Promise<MemberRow | null> {
  const [row] = (await q`SELECT * FROM chat_members
    WHERE channel_id = ${channel_id} AND person_id = ${person_id}`) as MemberRow[];
  return row ?? null;
}

export async function membersAmong(
  q: Query,
  channel_id: ChannelId,
  person_ids: readonly PersonId[],
): Promise<MemberRow[]> {
  if (person_ids.length === 0) return [];
  return (await q`SELECT * FROM chat_members
    WHERE channel_id = ${channel_id} AND person_id = ANY(${q.array([...person_ids], "BIGINT")})`) as MemberRow[];
}

export async function membershipsAmong(
  q: Query,
  person_id: PersonId,
  channel_ids: readonly ChannelId[],
): Promise<MemberRow[]> {
  if (channel_ids.length === 0) return [];
  return (await q`SELECT * FROM chat_members
    WHERE person_id = ${person_id} AND channel_id = ANY(${q.array([...channel_ids], "BIGINT")})`) as MemberRow[];
}

export async function membershipsOf(q: Query, person_id: PersonId, rows_max: number): Promise<MemberRow[]> {
  return (await q`SELECT * FROM chat_members WHERE person_id = ${person_id}
    ORDER BY channel_id DESC LIMIT ${rows_max}`) as MemberRow[];
}

export async function countMemberships(q: Query, person_id: PersonId): Promise<number> {
  const [row] = (await q`SELECT count(*)::int AS n FROM chat_members WHERE person_id = ${person_id}`) as {
    n: number;
  }[];
  return row!.n;
}

/** After a place, in the order in which they came. */
export async function membersOf(
  q: Query,
  channel_id: ChannelId,
  after: { joined_us: string; person_id: string } | null,
  rows_max: number,
): Promise<(MemberRow & { joined_us: string })[]> {
  return (await q`
    SELECT *, (extract(epoch FROM joined_at) * 1000000)::bigint AS joined_us FROM chat_members
    WHERE channel_id = ${channel_id}
      AND (joined_at, person_id) > (to_timestamp(0) + ${after?.joined_us ?? "-1"}::bigint * interval '1 microsecond', ${after?.person_id ?? "0"}::bigint)
    ORDER BY joined_at, person_id LIMIT ${rows_max}`) as (MemberRow & { joined_us: string })[];
}

/** Some members of each of these channels, those who came first. */
export async function someMembers(
  q: Query,
  channel_ids: readonly ChannelId[],
  each_max: number,
): Promise<Map<ChannelId, PersonId[]>> {
  if (channel_ids.length === 0) return new Map();
  const rows = (await q`
    SELECT c.id, m.person_id FROM unnest(${q.array([...channel_ids], "BIGINT")}) AS c (id)
    CROSS JOIN LATERAL (SELECT person_id FROM chat_members WHERE channel_id = c.id ORDER BY joined_at, person_id
      LIMIT ${each_max}) m`) as { id: ChannelId; person_id: PersonId }[];
  const found = new Map<ChannelId, PersonId[]>();
  for (const { id, person_id } of rows) found.set(id, [...(found.get(id) ?? []), person_id]);
  return found;
}

export async function setRole(tx: Query, channel_id: ChannelId, person_id: PersonId, role: ChannelRole): Promise<void> {
  await tx`UPDATE chat_members SET role = ${role} WHERE channel_id = ${channel_id} AND person_id = ${person_id}`;
}

/** Who is to own a channel whose owner has gone: a moderator before others, who came first before the others. */
export async function heirOf(tx: Query, channel_id: ChannelId): Promise<PersonId | null> {
  const [row] = (await tx`SELECT person_id FROM chat_members WHERE channel_id = ${channel_id}
    ORDER BY role <> 'owner', role <> 'moderator', joined_at, person_id LIMIT 1`) as { person_id: PersonId }[];
  return row?.person_id ?? null;
}

export async function setWishes(
  tx: Query,
  channel_id: ChannelId,
  person_id: PersonId,
  w: Pick<MemberRow, "muted_at" | "muted_until" | "level" | "favoured_at" | "hidden_at">,
): Promise<void> {
  await tx`UPDATE chat_members SET muted_at = ${w.muted_at}, muted_until = ${w.muted_until}, level = ${w.level},
    favoured_at = ${w.favoured_at}, hidden_at = ${w.hidden_at}
    WHERE channel_id = ${channel_id} AND person_id = ${person_id}`;
}

/** Of channels in this space that somebody is in; of all where none is named. */
export async function channelsOfPerson(q: Query, person_id: PersonId, space_id: SpaceId | null): Promise<ChannelRow[]> {
  return (await q`SELECT c.* FROM chat_members m JOIN chat_channels c ON c.id = m.channel_id
    WHERE m.person_id = ${person_id} AND (${space_id}::bigint IS NULL OR c.space_id = ${space_id}::bigint)
    ORDER BY c.id`) as ChannelRow[];
}

export async function setWatched(tx: Query, ids: readonly ChannelId[], at: Date | null): Promise<void> {
  if (ids.length === 0) return;
  await tx`UPDATE chat_channels SET watched_at = ${at}::timestamptz
    WHERE id = ANY(${tx.array([...ids], "BIGINT")}) AND (watched_at IS NULL) <> (${at}::timestamptz IS NULL)`;
}
