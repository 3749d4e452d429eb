import type { PersonCard } from "#kernel/cards.ts";
import { Problem } from "#kernel/errors.ts";
import type { PersonId } from "#kernel/ids.ts";
import type { SignedIn } from "#kernel/viewer.ts";
import type { Tx } from "#ports/sql/index.ts";
import { personStream } from "#systems/realtime/index.ts";

import { GROUP_MEMBERS_MAX, RECEIPT_NAMES_MEMBERS_MAX } from "../bounds.ts";
import type { ReadState, Receipt } from "../contract.ts";
import { tell } from "../events.ts";
import { type Ground, otherOf, readable, streamOf } from "../ground.ts";
import type { ChannelId } from "../needs.ts";
import { findPreferences, preferencesOf } from "../presence/store.ts";
import { hasReceipts, RECEIPTS_SLOT } from "./delivered.ts";
import * as store from "./store.ts";

/** How far somebody read. A read on one device is a read on all. */
export interface Cursors {
  state(viewer: SignedIn, id: ChannelId): Promise<ReadState>;
  read(viewer: SignedIn, id: ChannelId, seq: string, unmark: boolean): Promise<void>;
  mark(viewer: SignedIn, id: ChannelId, seq: string): Promise<void>;
  readAll(viewer: SignedIn): Promise<void>;
  readers(viewer: SignedIn, id: ChannelId, seq: string): Promise<{ count: number; people: PersonCard[] | null }>;
  /** How far it has arrived at the others, and how far they read; nobody in the channels of spaces. */
  receipts(viewer: SignedIn, id: ChannelId): Promise<Receipt[]>;
}

export function createCursors(ground: Ground): Cursors {
  const { sql, log, line, people } = ground;

  async function joined(viewer: SignedIn, id: ChannelId) {
    const stand = await readable(ground, viewer, id);
    if (!stand.member) throw new Problem(403, "chat.join_first", "Join this channel first.");
    return { ...stand, member: stand.member };
  }

  /** Whether all of these tell how far they are. */
  async function give(...ids: PersonId[]): Promise<boolean> {
    const wishes = await findPreferences(sql.pool, ids);
    return ids.every((id) => preferencesOf(wishes.get(id)).receipts);
  }

  /** Their other devices hear of it by their own stream; notifications by the log. */
  async function told(
    tx: Tx,
    viewer: SignedIn,
    channel_id: ChannelId,
    at: { read_seq: string; marked_seq: string | null },
  ): Promise<void> {
    const person_id = viewer.person_id;
    await tell(log, tx, { type: "chat.read", version: 1, data: { channel_id, person_id, seq: at.read_seq } });
    await line.append(tx, personStream(person_id), [{ kind: "chat.read", data: { channel_id, ...at } }]);
  }

  return {
    async state(viewer, id) {
      const { member } = await joined(viewer, id);
      const counts = (await store.unreadOf(sql.pool, viewer.person_id, [id])).get(id);
      return {
        channel_id: id,
        read_seq: member.read_seq,
        marked_seq: member.marked_seq,
        unread: counts?.unread ?? 0,
        unread_mentions: counts?.mentions ?? 0,
        first_unread_seq: counts?.first ?? null,
      };
    },

    async read(viewer, id, seq, unmark) {
      const { channel } = await joined(viewer, id);
      const moved = await sql.tx(async (tx) => {
        const at = await store.readUpTo(tx, id, viewer.person_id, seq, unmark);
        if (at) await told(tx, viewer, id, at);
        return at;
      });
      if (!moved || channel.members > RECEIPT_NAMES_MEMBERS_MAX) return;
      // Of a pair, that somebody read says who did: it is said where both tell. Others hear that they may ask, and are answered as they may.
      const knowing =
        channel.kind === "direct" ? [viewer.person_id, otherOf(channel, viewer.person_id)] : [viewer.person_id];
      if (await give(...knowing)) line.ephemeral(streamOf(id), RECEIPTS_SLOT, null, {});
    },

    async mark(viewer, id, seq) {
      const { member } = await joined(viewer, id);
      const marked_seq = seq === "0" ? "1" : seq;
      await sql.tx(async (tx) => {
        await store.mark(tx, id, viewer.person_id, marked_seq);
        await line.append(tx, personStream(viewer.person_id), [
          { kind: "chat.read", data: { channel_id: id, read_seq: member.read_seq, marked_seq } },
        ]);
      });
    },

    async readAll(viewer) {
      await sql.tx(async (tx) => {
        const moved = await store.readAll(tx, viewer.person_id);
        for (const { channel_id, read_seq } of moved)
          await tell(log, tx, {
            type: "chat.read",
            version: 1,
            data: { channel_id, person_id: viewer.person_id, seq: read_seq },
          });
        if (moved.length > 0)
          await line.append(tx, personStream(viewer.person_id), [{ kind: "chat.read_all", data: {} }]);
      });
    },

    async readers(viewer, id, seq) {
      const { channel } = await joined(viewer, id);
      if (!(await give(viewer.person_id))) return { count: 0, people: [] };
      const named = channel.members <= RECEIPT_NAMES_MEMBERS_MAX;
      const names_max = named ? RECEIPT_NAMES_MEMBERS_MAX : 1;
      const found = await store.readersUpTo(sql.pool, id, viewer.person_id, seq, names_max);
      if (!named) return { count: found.count, people: null };
      const cards = await people.cards(found.person_ids);
      return { count: found.count, people: found.person_ids.flatMap((person_id) => cards.get(person_id) ?? []) };
    },

    async receipts(viewer, id) {
      const { channel } = await joined(viewer, id);
      if (!hasReceipts(channel.kind) || !(await give(viewer.person_id))) return [];
      const rows = await store.receiptsOf(sql.pool, id, viewer.person_id, GROUP_MEMBERS_MAX);
      // Programs read when they like, and nobody waits for it.
      const cards = await people.cards(rows.map(({ person_id }) => person_id));
      return rows.filter(({ person_id }) => cards.has(person_id) && cards.get(person_id)?.bot !== true);
    },
  };
}
