import { conflict, notFound, Problem } from "#kernel/errors.ts";
import type { PersonId } from "#kernel/ids.ts";
import { decodeCursor, encodeCursor, type Page } from "#kernel/paging.ts";
import { rfc3339 } from "#kernel/time.ts";
import type { SignedIn } from "#kernel/viewer.ts";
import type { Query } from "#ports/sql/index.ts";

import { CHANNELS_PER_PERSON_MAX, GROUP_MEMBERS_MAX } from "../bounds.ts";
import type { ChannelMember, ChannelRole, Level } from "../contract.ts";
import { tell } from "../events.ts";
import { type Ground, must, nowOf, readable, streamOf } from "../ground.ts";
import { wants, type Why } from "../mentions/address.ts";
import type { ChannelId } from "../needs.ts";
import { mayAdd, mayGive, mayPutOut } from "../policy.ts";
import { mayBeWrittenTo, tooMany } from "./channels.ts";
import * as store from "./store.ts";

export interface Wishes {
  muted?: boolean | undefined;
  muted_for_s?: number | undefined;
  level?: Level | undefined;
  favoured?: boolean | undefined;
  hidden?: boolean | undefined;
}

/** Who is in a channel, as what, and how they wish to be told of it. */
export interface Members {
  list(
    viewer: SignedIn,
    id: ChannelId,
    asked: { limit: number; cursor?: string | undefined },
  ): Promise<Page<ChannelMember>>;
  join(viewer: SignedIn, id: ChannelId): Promise<void>;
  leave(viewer: SignedIn, id: ChannelId): Promise<void>;
  add(viewer: SignedIn, id: ChannelId, handles: readonly string[]): Promise<void>;
  putOut(viewer: SignedIn, id: ChannelId, handle: string): Promise<void>;
  give(viewer: SignedIn, id: ChannelId, handle: string, role: ChannelRole): Promise<void>;
  wish(viewer: SignedIn, id: ChannelId, wishes: Wishes): Promise<void>;
  /** Whether somebody wishes, at this moment, to be told of what comes in these channels, by why it would be. Where they are no member they do not. */
  wanting(person_id: PersonId, ids: readonly ChannelId[]): Promise<Map<ChannelId, (why: Why) => boolean>>;
}

export function createMembers(ground: Ground): Members {
  const { sql, log, people, spaces, line } = ground;

  async function comeIn(
    tx: Query,
    channel: store.ChannelRow,
    person_ids: readonly PersonId[],
    by: PersonId,
  ): Promise<void> {
    const id = channel.id;
    const members = person_ids.map((person_id) => ({ person_id, role: "member" as const, hidden: false }));
    const at = nowOf(ground);
    // What was written before somebody came counts as read: nobody begins with a thousand unread messages.
    const fresh = (await store.findChannel(tx, id))!;
    const added = await store.addMembers(tx, id, members, fresh.last_seq, at);
    if (added.length === 0) return;
    if (channel.kind === "group" && fresh.members + added.length > GROUP_MEMBERS_MAX)
      throw conflict("chat.full", `A group has ${GROUP_MEMBERS_MAX} people at most. A space has room for more.`);
    for (const person_id of added)
      await tell(log, tx, { type: "chat.joined", version: 1, data: { channel_id: id, person_id, by } });
  }

  /** Who goes reads nothing that comes after, on whichever node they listen. */
  async function goOut(
    tx: Query,
    id: ChannelId,
    person_id: PersonId,
    by: PersonId,
    mayStill?: () => Promise<void>,
  ): Promise<void> {
    await line.append(tx, streamOf(id), [
      { kind: "member.left", data: { person_id }, sender_id: by, recheck: person_id },
    ]);
    await mayStill?.();
    const gone = await store.removeMembers(tx, id, [person_id]);
    if (gone.length === 0) return;
    await inherit(tx, id);
    await tell(log, tx, { type: "chat.left", version: 1, data: { channel_id: id, person_id, by } });
  }

  async function target(id: ChannelId, handle: string): Promise<store.MemberRow> {
    const card = await people.byHandle(handle.toLowerCase().replace(/^@/, ""));
    const member = card && (await store.findMember(sql.pool, id, card.id));
    if (!member) throw notFound("member");
    return member;
  }

  /** Roles move one after the other: whoever changes one holds the channel's stream, and looks again. */
  async function roleUnderLock(tx: Query, id: ChannelId, person_id: PersonId): Promise<ChannelRole> {
    const member = await store.findMember(tx, id, person_id);
    if (!member) throw notFound("member");
    return member.role;
  }

  return {
    async list(viewer, id, { limit, cursor }) {
      await readable(ground, viewer, id);
      const parts = cursor === undefined ? null : decodeCursor(cursor, ["micros", "id"]);
      const after = parts && { joined_us: String(parts[0]), person_id: String(parts[1]) };
      const rows = await store.membersOf(sql.pool, id, after, limit + 1);
      const shown = rows.slice(0, limit);
      const cards = await people.cards(shown.map((row) => row.person_id));
      const last = shown.at(-1);
      return {
        items: shown.flatMap(({ person_id, role, joined_at }) => {
          const person = cards.get(person_id);
          return person ? [{ person, role, joined_at: rfc3339(joined_at) }] : [];
        }),
        next_cursor: rows.length > limit && last ? encodeCursor([last.joined_us, last.person_id]) : null,
      };
    },

    async join(viewer, id) {
      const { channel, member } = await readable(ground, viewer, id);
      if (member) return;
      if ((await store.countMemberships(sql.pool, viewer.person_id)) >= CHANNELS_PER_PERSON_MAX) throw tooMany();
      await sql.tx(async (tx) => {
        await line.append(tx, streamOf(id), [
          { kind: "member.joined", data: { person_ids: [viewer.person_id] }, sender_id: viewer.person_id },
        ]);
        await comeIn(tx, channel, [viewer.person_id], viewer.person_id);
      });
    },

    async leave(viewer, id) {
      const { channel, member } = await readable(ground, viewer, id);
      if (!member) return;
      const me = viewer.person_id;
      if (channel.kind === "direct")
        await sql.tx((tx) => store.setWishes(tx, id, me, { ...member, hidden_at: nowOf(ground) }));
      else await sql.tx((tx) => goOut(tx, id, me, me));
    },

    async add(viewer, id, handles) {
      const { channel, standing } = await readable(ground, viewer, id);
      must(mayAdd(standing));
      const wanted = new Set(handles.map((handle) => handle.toLowerCase().replace(/^@/, "")));
      const found = [...(await people.byHandles(wanted)).values()].filter(({ suspended }) => !suspended);
      if (found.length < wanted.size) throw notFound("person");
      const person_ids = found.map((card) => card.id);
      await mayBeWrittenTo(ground, viewer, person_ids);
      for (const person_id of person_ids) {
        if (channel.space_id !== null && !(await spaces.membershipsOf(person_id)).has(channel.space_id))
          throw new Problem(403, "chat.not_in_space", "Only members of the space can be put into its channels.");
        if ((await store.countMemberships(sql.pool, person_id)) >= CHANNELS_PER_PERSON_MAX) throw tooMany();
      }
      await sql.tx(async (tx) => {
        await line.append(tx, streamOf(id), [
          { kind: "member.joined", data: { person_ids }, sender_id: viewer.person_id },
        ]);
        await comeIn(tx, channel, person_ids, viewer.person_id);
      });
    },

    async putOut(viewer, id, handle) {
      const { standing } = await readable(ground, viewer, id);
      const them = await target(id, handle);
      must(mayPutOut(standing, them.role));
      await sql.tx((tx) =>
        goOut(tx, id, them.person_id, viewer.person_id, async () => {
          const theirs = await roleUnderLock(tx, id, them.person_id);
          must(mayPutOut((await readable(ground, viewer, id, tx)).standing, theirs));
        }),
      );
    },

    async give(viewer, id, handle, role) {
      const { channel, standing } = await readable(ground, viewer, id);
      const them = await target(id, handle);
      must(mayGive(standing, role));
      if (them.role === role) return;
      if (them.role === "owner") throw new Problem(403, "chat.not_yours", "Hand the channel over to step down.");
      await sql.tx(async (tx) => {
        await line.append(tx, streamOf(id), [
          { kind: "member.role", data: { person_id: them.person_id, role }, sender_id: viewer.person_id },
        ]);
        const theirs = await roleUnderLock(tx, id, them.person_id);
        must(mayGive((await readable(ground, viewer, id, tx)).standing, role));
        if (theirs === "owner") throw new Problem(403, "chat.not_yours", "Hand the channel over to step down.");
        if (role === "owner") await store.setRole(tx, id, viewer.person_id, "moderator");
        await store.setRole(tx, id, them.person_id, role);
        await tell(log, tx, {
          type: "chat.channel_changed",
          version: 1,
          data: { channel_id: channel.id, by: viewer.person_id },
        });
      });
    },

    async wish(viewer, id, wishes) {
      const { member } = await readable(ground, viewer, id);
      if (!member) throw new Problem(403, "chat.join_first", "Join this channel first.");
      const now = nowOf(ground);
      const since = (wish: boolean | undefined, before: Date | null) =>
        wish === undefined ? before : wish ? (before ?? now) : null;
      const until =
        wishes.muted === undefined
          ? member.muted_until
          : wishes.muted && wishes.muted_for_s !== undefined
            ? new Date(now.getTime() + wishes.muted_for_s * 1_000)
            : null;
      await sql.tx((tx) =>
        store.setWishes(tx, id, viewer.person_id, {
          muted_at: since(wishes.muted, member.muted_at),
          muted_until: until,
          level: wishes.level ?? member.level,
          favoured_at: since(wishes.favoured, member.favoured_at),
          hidden_at: wishes.hidden === true ? now : since(wishes.hidden, member.hidden_at),
        }),
      );
    },

    async wanting(person_id, ids) {
      const now = nowOf(ground);
      const members = await store.membershipsAmong(sql.pool, person_id, ids);
      return new Map(members.map((member) => [member.channel_id, (why) => wants(member, why, now)]));
    },
  };
}

/** A group or private channel that lost its owner goes to the next in rank; others are looked after by their space. */
export async function inherit(tx: Query, id: ChannelId): Promise<void> {
  const channel = await store.findChannel(tx, id);
  if (channel?.kind !== "group" && channel?.kind !== "private") return;
  const heir = await store.heirOf(tx, id);
  if (heir) await store.setRole(tx, id, heir, "owner");
}
