import type { PersonId, SpaceId } from "#kernel/ids.ts";
import { rfc3339 } from "#kernel/time.ts";
import type { SignedIn } from "#kernel/viewer.ts";

import type { Channel } from "../contract.ts";
import { type Ground, nowOf, otherOf, standIn } from "../ground.ts";
import type { ChannelId } from "../needs.ts";
import { mayAdd, mayManage, mayMentionAll, mayModerate, mayRead, maySend } from "../policy.ts";
import { unreadOf } from "../reading/store.ts";
import * as store from "./store.ts";

/** Faces of a group that are shown without asking for its members. */
const FACES_MAX = 5;

/** Channels as they stand for somebody: what they may not read is left out. One query each for members, counts and cards. */
export async function presentChannels(
  ground: Ground,
  viewer: SignedIn,
  rows: readonly store.ChannelRow[],
  members: ReadonlyMap<ChannelId, store.MemberRow>,
): Promise<Channel[]> {
  const { sql, people, spaces } = ground;
  const me = viewer.person_id;
  const stands = await Promise.all(rows.map((row) => standIn(ground, viewer, row, members.get(row.id) ?? null)));
  const shown = stands.filter(({ standing }) => mayRead(standing).ok);
  const groups = shown.filter(({ channel }) => channel.kind === "group").map(({ channel }) => channel.id);
  const mine = shown.flatMap(({ member }) => (member ? [member.channel_id] : []));
  const [faces, unread] = await Promise.all([
    store.someMembers(sql.pool, groups, FACES_MAX + 1),
    unreadOf(sql.pool, me, mine),
  ]);
  const person_ids = new Set<PersonId>([...faces.values()].flat());
  const space_ids = new Set<SpaceId>();
  for (const { channel } of shown) {
    if (channel.kind === "direct") person_ids.add(otherOf(channel, me));
    if (channel.space_id !== null) space_ids.add(channel.space_id);
  }
  const [cards, space_cards] = await Promise.all([people.cards(person_ids), spaces.cards(space_ids)]);
  const now = nowOf(ground);
  return shown.map(({ channel, member, standing }): Channel => {
    const seen =
      channel.kind === "direct"
        ? [otherOf(channel, me)]
        : (faces.get(channel.id) ?? []).filter((id) => id !== me).slice(0, FACES_MAX);
    const send = maySend(standing);
    const counts = unread.get(channel.id);
    return {
      id: channel.id,
      kind: channel.kind,
      name: channel.name,
      topic: channel.topic,
      space: channel.space_id === null ? null : (space_cards.get(channel.space_id) ?? null),
      people: seen.flatMap((id) => cards.get(id) ?? []),
      member_count: channel.members,
      slow_mode_s: channel.slow_mode_s,
      retention_days: channel.retention_days,
      archived: channel.archived_at !== null,
      created_at: rfc3339(channel.created_at),
      last_seq: channel.last_seq,
      last_at: channel.last_at === null ? null : rfc3339(channel.last_at),
      mine: member && {
        role: member.role,
        read_seq: member.read_seq,
        marked_seq: member.marked_seq,
        unread: counts?.unread ?? 0,
        unread_mentions: counts?.mentions ?? 0,
        muted: isMuted(member, now),
        muted_until: member.muted_until === null ? null : rfc3339(member.muted_until),
        level: member.level,
        favoured: member.favoured_at !== null,
      },
      may: {
        send: send.ok,
        send_because: send.ok ? null : send.sentence,
        manage: mayManage(standing).ok,
        add: mayAdd(standing).ok,
        moderate: mayModerate(standing).ok,
        mention_all: mayMentionAll(standing).ok,
      },
    };
  });
}

export const isMuted = ({ muted_at, muted_until }: Pick<store.MemberRow, "muted_at" | "muted_until">, now: Date) =>
  muted_at !== null && (muted_until === null || muted_until > now);
