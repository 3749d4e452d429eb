import type { Id, Ids } from "#kernel/ids.ts";
import type { Json } from "#kernel/json.ts";
import type { Bus } from "#ports/bus/index.ts";
import { afterCommit, type Query } from "#ports/sql/index.ts";

import { APPEND_ITEMS_MAX, CID_CHARS_MAX, ITEM_DATA_BYTES_MAX } from "./bounds.ts";
import * as store from "./store.ts";
import { partsOf, type StreamName, subjectOf } from "./streams.ts";
import { encodeItem, type PushedItems } from "./wire.ts";

export interface NewItem {
  /** What happened, in the system's words: `message`, `edited`. `[a-z][a-z0-9_.]*`. */
  kind: string;
  data: Json;
  /** The name of what it tells of; a new one where none is given. */
  id?: string;
  sender_id?: Id<"person">;
  /** Needs a sender. */
  cid?: string;
  /**
   * Who may not read what comes after, because of this: a member who was removed, or `everybody` where the rules changed. On
   * every node they are asked again before they get this item or any behind it; no message can be lost that says so.
   */
  recheck?: Id<"person"> | "everybody";
}

export interface Appended {
  epoch: string;
  /** In the order of the items. `dup`: it was sent before, this is what it got then, and nothing was added. */
  items: { seq: string; id: string; at: Date; dup: boolean }[];
}

const CID = /^[A-Za-z0-9_-]+$/;
const EVERYBODY = "0";

/** @returns `append` of the door: numbers in the caller's transaction, and a message to all nodes after its commit. */
export function createAppend({ ids, bus }: { ids: Ids; bus: Bus }) {
  return async (tx: Query, stream: StreamName, items: readonly NewItem[]): Promise<Appended> => {
    const rows = checked(stream, items, ids);
    const appended = await store.appendItems(tx, stream, rows);
    const epoch = appended[0]!.epoch;
    const fresh = appended.filter((row) => !row.dup);
    if (fresh.length > 0) {
      const message: PushedItems = {
        type: "items",
        epoch,
        first_seq: fresh[0]!.seq,
        items: fresh.map((row) => encodeItem({ ...rows[row.place - 1]!, at: row.at })),
        rechecks: fresh.flatMap((row): [string, string][] => {
          const { recheck_id } = rows[row.place - 1]!;
          return recheck_id === null ? [] : [[row.seq, recheck_id]];
        }),
      };
      // One that is lost with its process is found by the heads that all nodes look at.
      afterCommit(tx, `realtime:${stream}:${message.first_seq}`, () => bus.publish(subjectOf(stream), { ...message }));
    }
    return { epoch, items: appended.map(({ seq, id, at, dup }) => ({ seq, id, at, dup })) };
  };
}

function checked(stream: StreamName, items: readonly NewItem[], ids: Ids): store.NewRow[] {
  if (!partsOf(stream)) throw new RangeError(`no name of a stream: ${stream.slice(0, 100)}`);
  if (items.length === 0 || items.length > APPEND_ITEMS_MAX)
    throw new RangeError(`1 to ${APPEND_ITEMS_MAX} items at a time, not ${items.length}`);
  return items.map(({ kind, data, id, sender_id, cid, recheck }) => {
    if (cid !== undefined && (cid.length > CID_CHARS_MAX || !CID.test(cid) || sender_id === undefined))
      throw new RangeError("a cid has 1 to 64 of A-Z, a-z, 0-9, _ and -, and a sender");
    const text = JSON.stringify(data);
    if (Buffer.byteLength(text) > ITEM_DATA_BYTES_MAX)
      throw new RangeError(`an item has ${ITEM_DATA_BYTES_MAX} bytes of data at most`);
    return {
      id: id ?? ids.next(),
      kind,
      data: text,
      sender_id: sender_id ?? null,
      cid: cid ?? null,
      recheck_id: recheck === undefined ? null : recheck === "everybody" ? EVERYBODY : recheck,
    };
  });
}
