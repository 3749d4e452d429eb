import { conflict, notFound, Problem } from "#kernel/errors.ts";
import type { PersonId, SpaceId } from "#kernel/ids.ts";
import type { SignedIn } from "#kernel/viewer.ts";
import type { Query } from "#ports/sql/index.ts";

import { CHANNELS_PER_PERSON_MAX, CHANNELS_PER_SPACE_MAX } from "../bounds.ts";
import type { Channel } from "../contract.ts";
import { tell } from "../events.ts";
import { type Ground, must, nowOf, personOf, readable, streamOf } from "../ground.ts";
import type { ChannelId } from "../needs.ts";
import { mayCreateIn, mayManage } from "../policy.ts";
import { findPreferences } from "../presence/store.ts";
import { hasReceipts } from "../reading/delivered.ts";
import { presentChannels } from "./present.ts";
import * as store from "./store.ts";

export interface ChannelChange {
  name?: string | undefined;
  topic?: string | undefined;
  slow_mode_s?: number | undefined;
  retention_days?: number | null | undefined;
  archived?: boolean | undefined;
}

/** Which channels there are. */
export interface Channels {
  list(viewer: SignedIn): Promise<Channel[]>;
  unread(viewer: SignedIn): Promise<{ channels: number; addressed: number }>;
  get(viewer: SignedIn, id: ChannelId): Promise<Channel>;
  ofSpace(viewer: SignedIn, slug: string): Promise<Channel[]>;
  openDirect(viewer: SignedIn, handle: string): Promise<Channel>;
  createGroup(viewer: SignedIn, handles: readonly string[], name: string | null): Promise<Channel>;
  createIn(
    viewer: SignedIn,
    slug: string,
    asked: { name: string; kind: "public" | "private" | "announcement"; topic: string },
  ): Promise<Channel>;
  change(viewer: SignedIn, id: ChannelId, change: ChannelChange): Promise<Channel>;
}

export function createChannels(ground: Ground): Channels {
  const { sql, log, ids, people, spaces, line } = ground;

  async function list(viewer: SignedIn): Promise<Channel[]> {
    const members = await store.membershipsOf(sql.pool, viewer.person_id, CHANNELS_PER_PERSON_MAX);
    const rows = await store.findChannels(
      sql.pool,
      members.map((row) => row.channel_id),
    );
    const mine = new Map(members.map((row) => [row.channel_id, row]));
    const visible = rows.filter(({ id, last_at }) => {
      const hidden_at = mine.get(id)?.hidden_at ?? null;
      return hidden_at === null || (last_at !== null && last_at > hidden_at);
    });
    const shown = await presentChannels(ground, viewer, visible, mine);
    // Whoever is told that something is unread has it: a device of theirs counts it, and one press shows it.
    for (const { id, kind, mine: now, last_seq } of shown)
      if (now && now.unread > 0 && hasReceipts(kind))
        ground.deliveries.arrived(viewer.person_id, id as ChannelId, last_seq);
    const newest = (channel: Channel) => channel.last_at ?? channel.created_at;
    return shown.toSorted((a, b) => (newest(a) < newest(b) ? 1 : -1));
  }

  async function get(viewer: SignedIn, id: ChannelId): Promise<Channel> {
    const { channel, member } = await readable(ground, viewer, id);
    const [one] = await presentChannels(ground, viewer, [channel], new Map(member ? [[id, member]] : []));
    if (!one) throw notFound("channel");
    return one;
  }

  async function roomFor(person_id: PersonId): Promise<void> {
    if ((await store.countMemberships(sql.pool, person_id)) >= CHANNELS_PER_PERSON_MAX) throw tooMany();
  }

  async function spaceOf(viewer: SignedIn, slug: string) {
    const space = await spaces.find(slug);
    const role = space && ((await spaces.membershipsOf(viewer.person_id)).get(space.id) ?? null);
    if (!space || role === null) throw notFound("space");
    return { space, role };
  }

  async function make(
    tx: Query,
    viewer: SignedIn,
    row: Pick<store.ChannelRow, "id" | "kind"> & Partial<store.ChannelRow>,
    others: readonly { person_id: PersonId; hidden: boolean }[],
  ): Promise<boolean> {
    const at = nowOf(ground);
    const me = viewer.person_id;
    const made = await store.insertChannel(tx, {
      space_id: null,
      low_id: null,
      high_id: null,
      name: null,
      topic: "",
      created_by: me,
      created_at: at,
      ...row,
    });
    if (!made) return false;
    const owner = {
      person_id: me,
      role: row.kind === "direct" ? ("member" as const) : ("owner" as const),
      hidden: false,
    };
    const members = others
      .filter(({ person_id }) => person_id !== me)
      .map((other) => ({ ...other, role: "member" as const }));
    await store.addMembers(tx, row.id, [owner, ...members], "0", at);
    await line.append(tx, streamOf(row.id), [{ kind: "channel.created", data: {}, sender_id: me }]);
    await tell(log, tx, { type: "chat.channel_created", version: 1, data: { channel_id: row.id, by: me } });
    return true;
  }

  return {
    list,
    get,

    async unread(viewer) {
      const waiting = (await list(viewer)).filter(({ mine }) => mine !== null && mine.unread > 0);
      const loud = waiting.filter(({ mine }) => !mine!.muted);
      const addressed = loud.reduce(
        (sum, { kind, mine }) => sum + (kind === "direct" ? mine!.unread : mine!.unread_mentions),
        0,
      );
      return { channels: loud.length, addressed };
    },

    async ofSpace(viewer, slug) {
      const { space } = await spaceOf(viewer, slug);
      const rows = await store.channelsOfSpace(sql.pool, space.id, CHANNELS_PER_SPACE_MAX);
      const members = await store.membershipsOf(sql.pool, viewer.person_id, CHANNELS_PER_PERSON_MAX);
      return presentChannels(ground, viewer, rows, new Map(members.map((row) => [row.channel_id, row])));
    },

    async openDirect(viewer, handle) {
      const me = viewer.person_id;
      const them = await personOf(ground, handle);
      const [low_id, high_id] = BigInt(me) <= BigInt(them.id) ? [me, them.id] : [them.id, me];
      const known = await store.findDirect(sql.pool, low_id, high_id);
      if (known) {
        await sql.tx(async (tx) => {
          const member = await store.findMember(tx, known.id, me);
          if (member?.hidden_at) await store.setWishes(tx, known.id, me, { ...member, hidden_at: null });
        });
        return get(viewer, known.id);
      }
      await mayBeWrittenTo(ground, viewer, [them.id]);
      await roomFor(me);
      const id = ids.next<"channel">();
      // The other one has it in their list once something was written.
      await sql.tx((tx) =>
        make(tx, viewer, { id, kind: "direct", low_id, high_id }, [{ person_id: them.id, hidden: true }]),
      );
      const made = await store.findDirect(sql.pool, low_id, high_id);
      return get(viewer, made!.id);
    },

    async createGroup(viewer, handles, name) {
      const found = await people.byHandles(handles.map((handle) => handle.toLowerCase().replace(/^@/, "")));
      const others = [...found.values()].filter(({ suspended }) => !suspended);
      if (others.length < new Set(handles.map((handle) => handle.toLowerCase())).size) throw notFound("person");
      await mayBeWrittenTo(
        ground,
        viewer,
        others.map((card) => card.id),
      );
      await roomFor(viewer.person_id);
      const id = ids.next<"channel">();
      await sql.tx((tx) =>
        make(
          tx,
          viewer,
          { id, kind: "group", name },
          others.map((card) => ({ person_id: card.id, hidden: false })),
        ),
      );
      return get(viewer, id);
    },

    async createIn(viewer, slug, { name, kind, topic }) {
      const { space, role } = await spaceOf(viewer, slug);
      must(mayCreateIn(role, kind));
      await roomFor(viewer.person_id);
      if ((await store.countChannelsOfSpace(sql.pool, space.id)) >= CHANNELS_PER_SPACE_MAX)
        throw conflict("chat.too_many_channels", `A space has ${CHANNELS_PER_SPACE_MAX} channels at most.`);
      const id = ids.next<"channel">();
      const row = { id, kind, space_id: space.id satisfies SpaceId, name, topic };
      if (!(await sql.tx((tx) => make(tx, viewer, row, [])))) throw nameTaken();
      return get(viewer, id);
    },

    async change(viewer, id, change) {
      must(mayManage((await readable(ground, viewer, id)).standing));
      const me = viewer.person_id;
      await sql.tx(async (tx) => {
        // The stream first: whoever writes in this channel waits, and then meets the new rules.
        await line.append(tx, streamOf(id), [{ kind: "channel.changed", data: {}, sender_id: me }]);
        const before = await store.findChannel(tx, id);
        if (!before) throw notFound("channel");
        const { archived } = change;
        const archived_at =
          archived === undefined ? before.archived_at : archived ? (before.archived_at ?? nowOf(ground)) : null;
        const next = {
          name: change.name ?? before.name,
          topic: change.topic ?? before.topic,
          slow_mode_s: change.slow_mode_s ?? before.slow_mode_s,
          retention_days: change.retention_days === undefined ? before.retention_days : change.retention_days,
          archived_at,
        };
        if (!(await store.updateChannel(tx, id, next, me))) throw nameTaken();
        await tell(log, tx, { type: "chat.channel_changed", version: 1, data: { channel_id: id, by: me } });
      });
      return get(viewer, id);
    },
  };
}

/** Nobody is written to across a block, nor by strangers where they wish to hear from those alone whom they follow. @throws Problem 403 */
export async function mayBeWrittenTo(ground: Ground, viewer: SignedIn, person_ids: readonly PersonId[]): Promise<void> {
  const me = viewer.person_id;
  const mine = await ground.people.relations(me);
  const wishes = await findPreferences(ground.sql.pool, person_ids);
  for (const id of person_ids) {
    if (id === me) continue;
    if (mine.blocks.has(id) || mine.blocked_by.has(id))
      throw new Problem(403, "chat.blocked", "You block this person, or they block you.");
    if (wishes.get(id)?.direct_from === "followed" && !(await ground.people.relations(id)).follows.has(me))
      throw new Problem(
        403,
        "chat.direct_closed",
        "They hear from people whom they follow, and you are not among them.",
      );
  }
}

export const tooMany = () =>
  conflict(
    "chat.too_many_channels",
    `${CHANNELS_PER_PERSON_MAX} channels are the most for one person. Leave some first.`,
  );
const nameTaken = () => conflict("chat.name_taken", "Another channel of this space has this name. Choose another one.");
