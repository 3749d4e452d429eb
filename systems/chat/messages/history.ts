import { notFound, Problem } from "#kernel/errors.ts";
import type { SignedIn } from "#kernel/viewer.ts";

import { PINS_PER_CHANNEL_MAX } from "../bounds.ts";
import type { ChannelRow } from "../channels/store.ts";
import type { History, Message } from "../contract.ts";
import { type Ground, readable, type Stand } from "../ground.ts";
import type { ChannelId, MessageId } from "../needs.ts";
import { mayModerate, mayReact } from "../policy.ts";
import { hasReceipts } from "../reading/delivered.ts";
import { presentMessages } from "./present.ts";
import * as store from "./store.ts";

export interface PlaceAsked {
  before?: string | undefined;
  after?: string | undefined;
  around?: string | undefined;
  /** 1…100 */
  limit: number;
}

/** What stands in a channel, for who may read it now. */
export interface Reading {
  history(viewer: SignedIn, id: ChannelId, asked: PlaceAsked): Promise<History>;
  thread(viewer: SignedIn, id: MessageId, asked: PlaceAsked): Promise<History>;
  message(viewer: SignedIn, id: MessageId): Promise<Message>;
  /** Of these, those that the viewer may read now, each with where it stands; one look at each channel, however many they are. */
  messages(
    viewer: SignedIn,
    ids: readonly MessageId[],
  ): Promise<{ message: Message; channel: Pick<ChannelRow, "id" | "kind" | "name"> }[]>;
  pins(viewer: SignedIn, id: ChannelId): Promise<Message[]>;
  edits(viewer: SignedIn, id: MessageId): Promise<{ version: number; body: string; at: Date }[]>;
}

type Side = { before: string } | { after: string };

export function createReading(ground: Ground): Reading {
  const { sql } = ground;

  const rightsIn = ({ standing }: Stand) => ({ send: mayReact(standing).ok, moderate: mayModerate(standing).ok });
  const present = (viewer: SignedIn, stand: Stand, rows: readonly store.MessageRow[]) => {
    const rights = rightsIn(stand);
    return presentMessages(ground, viewer, rows, () => rights);
  };

  /** One more than asked for on each side tells whether there is more. */
  async function read(asked: PlaceAsked, beside: (side: Side, rows_max: number) => Promise<store.MessageRow[]>) {
    const { before, after, around, limit } = asked;
    if ([before, after, around].filter((place) => place !== undefined).length > 1)
      throw new Problem(422, "chat.one_place", "Ask for what is before, after or around a place: one of them.");
    if (around !== undefined) {
      const half = Math.max(1, Math.floor(limit / 2));
      const older = await beside({ before: String(BigInt(around) + 1n) }, half + 1);
      const newer = await beside({ after: around }, limit - half + 1);
      return {
        rows: [...older.slice(-half), ...newer.slice(0, limit - half)],
        more_before: older.length > half,
        more_after: newer.length > limit - half,
      };
    }
    if (after !== undefined) {
      const rows = await beside({ after }, limit + 1);
      const below = await beside({ before: String(BigInt(after) + 1n) }, 1);
      return { rows: rows.slice(0, limit), more_before: below.length > 0, more_after: rows.length > limit };
    }
    const rows = await beside(before === undefined ? store.newestPlace : { before }, limit + 1);
    const above = before === undefined ? [] : await beside({ after: String(BigInt(before) - 1n) }, 1);
    return { rows: rows.slice(-limit), more_before: rows.length > limit, more_after: above.length > 0 };
  }

  return {
    async history(viewer, id, asked) {
      const stand = await readable(ground, viewer, id);
      const { rows, ...more } = await read(asked, (side, max) => store.messagesBeside(sql.pool, id, side, max));
      const last = rows.findLast((row) => row.author_id !== viewer.person_id);
      if (last && hasReceipts(stand.channel.kind)) ground.deliveries.arrived(viewer.person_id, id, last.seq);
      return { items: await present(viewer, stand, rows), ...more };
    },

    async thread(viewer, id, asked) {
      const { stand } = await readableMessage(ground, viewer, id);
      const { rows, ...more } = await read(asked, (side, max) => store.repliesBeside(sql.pool, id, side, max));
      return { items: await present(viewer, stand, rows), ...more };
    },

    async message(viewer, id) {
      const { row, stand } = await readableMessage(ground, viewer, id);
      const [one] = await present(viewer, stand, [row]);
      if (!one) throw notFound("message");
      return one;
    },

    async messages(viewer, ids) {
      const rows = await store.findMessages(sql.pool, [...new Set(ids)]);
      const stands = new Map<ChannelId, Stand>();
      for (const id of new Set(rows.map((row) => row.channel_id))) {
        const stand = await orHidden(readable(ground, viewer, id));
        if (stand) stands.set(id, stand);
      }
      const shown = await presentMessages(
        ground,
        viewer,
        rows.filter((row) => stands.has(row.channel_id)),
        ({ channel_id }) => rightsIn(stands.get(channel_id)!),
      );
      const of = new Map(rows.map((row) => [row.id, row.channel_id]));
      return shown.map((message) => ({ message, channel: stands.get(of.get(message.id)!)!.channel }));
    },

    async pins(viewer, id) {
      const stand = await readable(ground, viewer, id);
      return present(viewer, stand, await store.pinsOf(sql.pool, id, PINS_PER_CHANNEL_MAX));
    },

    async edits(viewer, id) {
      await readableMessage(ground, viewer, id);
      return store.editsOf(sql.pool, id);
    },
  };
}

/** @throws Problem 404 `message.not_found`, also where its channel is not for them */
export async function readableMessage(
  ground: Ground,
  viewer: SignedIn,
  id: MessageId,
): Promise<{ row: store.MessageRow; stand: Stand }> {
  const row = await store.findMessage(ground.sql.pool, id);
  if (!row) throw notFound("message");
  try {
    return { row, stand: await readable(ground, viewer, row.channel_id) };
  } catch (error) {
    throw error instanceof Problem && error.status === 404 ? notFound("message") : error;
  }
}

/** What is not there, or not for them, is missing. */
async function orHidden<T>(asked: Promise<T>): Promise<T | null> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof Problem && (error.status === 404 || error.status === 403)) return null;
    throw error;
  }
}
