import { Problem } from "#kernel/errors.ts";
import { decodeCursor, encodeCursor, type Page } from "#kernel/paging.ts";
import { rfc3339 } from "#kernel/time.ts";
import type { SignedIn } from "#kernel/viewer.ts";

import { type Ground, nowOf } from "../ground.ts";
import { readableMessage } from "../messages/history.ts";
import { presentMessages } from "../messages/present.ts";
import { findMessages, type MessageRow } from "../messages/store.ts";
import type { ChannelId, MessageId } from "../needs.ts";
import { mayModerate, mayReact } from "../policy.ts";
import type { Thread, ThreadState } from "./contract.ts";
import * as store from "./store.ts";

/** Threads that somebody follows. An answer's thread is that of the message it stands under. */
export interface Threads {
  list(viewer: SignedIn, asked: { limit: number; cursor?: string | undefined }): Promise<Page<Thread>>;
  state(viewer: SignedIn, id: MessageId): Promise<ThreadState>;
  follow(viewer: SignedIn, id: MessageId, on: boolean): Promise<ThreadState>;
  read(viewer: SignedIn, id: MessageId, seq: string): Promise<ThreadState>;
}

const NOT_FOLLOWED: ThreadState = Object.freeze({ followed: false, read_seq: "0", unread: 0 });

export function createThreads(ground: Ground): Threads {
  const { sql } = ground;

  async function rootOf(viewer: SignedIn, id: MessageId) {
    const found = await readableMessage(ground, viewer, id);
    return { ...found, root_id: found.row.root_id ?? id };
  }

  async function stateOf(viewer: SignedIn, root_id: MessageId): Promise<ThreadState> {
    const row = await store.findFollow(sql.pool, root_id, viewer.person_id);
    if (!row) return NOT_FOLLOWED;
    return { followed: row.followed, read_seq: row.read_seq, unread: row.followed ? row.unread : 0 };
  }

  return {
    async list(viewer, { limit, cursor }) {
      const place = cursor === undefined ? null : decodeCursor(cursor, ["micros", "id"]);
      const after = place && { micros: String(place[0]), root_id: String(place[1]) };
      const rows = await store.followedBy(sql.pool, viewer.person_id, after, limit + 1);
      const shown = rows.slice(0, limit);
      const messages = await findMessages(sql.pool, [
        ...new Set(shown.flatMap((row) => (row.latest_id === null ? [row.root_id] : [row.root_id, row.latest_id]))),
      ]);
      const byId = new Map((await readableOf(ground, viewer, messages)).map((message) => [message.id, message]));
      const last = shown.at(-1);
      return {
        items: shown.flatMap((row): Thread[] => {
          const root = byId.get(row.root_id);
          if (!root) return [];
          const latest = row.latest_id === null ? null : (byId.get(row.latest_id) ?? null);
          return [{ root, latest, last_reply_at: rfc3339(row.last_reply_at), unread: row.unread }];
        }),
        next_cursor: rows.length > limit && last ? encodeCursor([last.micros, last.root_id]) : null,
      };
    },

    state: async (viewer, id) => stateOf(viewer, (await rootOf(viewer, id)).root_id),

    async follow(viewer, id, on) {
      const { root_id, stand } = await rootOf(viewer, id);
      const { person_id } = viewer;
      if (on && !stand.member) throw new Problem(403, "chat.join_first", "Join this channel first.");
      await sql.tx(async (tx) => {
        if (!on) return store.leave(tx, root_id, person_id, nowOf(ground));
        await store.follow(tx, root_id, [{ person_id, read_seq: "0", again: true }], nowOf(ground));
        // What is there now was seen by who follows by hand.
        await store.readUpTo(tx, root_id, person_id, String(Number.MAX_SAFE_INTEGER));
      });
      return stateOf(viewer, root_id);
    },

    async read(viewer, id, seq) {
      const { root_id } = await rootOf(viewer, id);
      await sql.tx((tx) => store.readUpTo(tx, root_id, viewer.person_id, seq));
      return stateOf(viewer, root_id);
    },
  };
}

/** Those that they may read now; each channel is asked for once. */
async function readableOf(ground: Ground, viewer: SignedIn, rows: readonly MessageRow[]) {
  const rights = new Map<ChannelId, { send: boolean; moderate: boolean }>();
  for (const row of new Map(rows.map((one) => [one.channel_id, one])).values()) {
    try {
      const { standing } = (await readableMessage(ground, viewer, row.id)).stand;
      rights.set(row.channel_id, { send: mayReact(standing).ok, moderate: mayModerate(standing).ok });
    } catch (error) {
      if (!(error instanceof Problem) || error.status !== 404) throw error;
    }
  }
  const allowed = rows.filter((row) => rights.has(row.channel_id));
  return presentMessages(ground, viewer, allowed, (row) => rights.get(row.channel_id)!);
}
