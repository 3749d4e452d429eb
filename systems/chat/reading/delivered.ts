import type { PersonId } from "#kernel/ids.ts";

import * as b from "../bounds.ts";
import { findChannel } from "../channels/store.ts";
import type { ChannelKind } from "../contract.ts";
import type { ChannelId, ChatNeeds } from "../needs.ts";
import * as store from "./store.ts";

/** Said on a channel's stream when receipts of it are to be asked for anew. It tells neither whose nor how far: not all who hear it may know. */
export const RECEIPTS_SLOT = "receipts";

/** Where receipts of delivery are given: among few. */
export const hasReceipts = (kind: ChannelKind): boolean => kind === "direct" || kind === "group";

/**
 * Up to where messages have arrived at somebody: a device of theirs has them, or was told that they are there.
 *
 * It is one cursor a person and channel, held in memory and written by one statement for all of a node every two seconds: a message to a
 * group of 50 would otherwise be 50 writes. What a node that dies did not write is said again by devices that come back, and whatever
 * was read has arrived.
 */
export interface Deliveries extends Disposable {
  /** Costs nothing where it is known already. Who is no member, or gives no receipts, is left out when it is written. */
  arrived(person_id: PersonId, channel_id: ChannelId, seq: string): void;
  /** The same of a channel whose kind is not known yet. */
  acked(person_id: PersonId, channel_id: ChannelId, seq: string): Promise<void>;
}

export function createDeliveries({ sql, line, clock }: Pick<ChatNeeds, "sql" | "line" | "clock">): Deliveries {
  /** What was said to be written, so that it is not said twice. */
  const known = new Map<string, number>();
  const waiting = new Map<string, store.Arrival>();
  /** Kinds never change. */
  const kinds = new Map<ChannelId, boolean>();
  const closing = new AbortController();
  let working = false;

  async function writeAll(): Promise<void> {
    const all = [...waiting];
    waiting.clear();
    for (let from = 0; from < all.length; from += b.ROWS_PER_PORTION_MAX) {
      const portion = all.slice(from, from + b.ROWS_PER_PORTION_MAX);
      try {
        const moved = await store.arrivedUpTo(
          sql.pool,
          portion.map(([, arrival]) => arrival),
        );
        for (const channel_id of moved) line.ephemeral(`chat:${channel_id}`, RECEIPTS_SLOT, null, {});
      } catch {
        // The database is away, which others tell of: it waits for the next time, unless something newer does.
        for (const [key, arrival] of portion) if (!waiting.has(key)) waiting.set(key, arrival);
      }
    }
  }
  async function work(): Promise<void> {
    try {
      // What arrives together is written together.
      await clock.sleep(b.DELIVERED_SOON_MS, closing.signal);
      while (waiting.size > 0) {
        await writeAll();
        await clock.sleep(b.DELIVERED_GAP_MS, closing.signal);
      }
    } catch (error) {
      if (!closing.signal.aborted) throw error;
    } finally {
      working = false;
    }
  }

  function arrived(person_id: PersonId, channel_id: ChannelId, seq: string): void {
    const key = `${channel_id} ${person_id}`;
    const at = Number(seq);
    if (closing.signal.aborted || at <= (known.get(key) ?? 0)) return;
    // Beyond it the next message says it.
    if (waiting.size >= b.DELIVERED_WAITING_MAX && !waiting.has(key)) return;
    remember(known, key, at);
    waiting.set(key, { channel_id, person_id, seq });
    if (working) return;
    working = true;
    // Owned by `waiting`: it ends by itself when nothing is left, and when this is disposed of.
    void work();
  }

  return {
    arrived,
    async acked(person_id, channel_id, seq) {
      let has = kinds.get(channel_id);
      if (has === undefined) {
        const channel = await findChannel(sql.pool, channel_id);
        has = channel !== null && hasReceipts(channel.kind);
        remember(kinds, channel_id, has);
      }
      if (has) arrived(person_id, channel_id, seq);
    },
    [Symbol.dispose]: () => closing.abort(),
  };
}

/** The oldest goes. */
function remember<K, V>(all: Map<K, V>, key: K, value: V): void {
  all.delete(key);
  all.set(key, value);
  if (all.size <= b.DELIVERED_KNOWN_MAX) return;
  for (const oldest of all.keys()) {
    all.delete(oldest);
    break;
  }
}
