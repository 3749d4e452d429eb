import { rfc3339 } from "#kernel/time.ts";

import type { ItemRow } from "./store.ts";

/** What nodes tell each other of a stream. Items are the text that goes over the line, so no node encodes them again. */
export interface PushedItems {
  type: "items";
  epoch: string;
  first_seq: string;
  items: string[];
  /** At which number whom to ask again; "0" is everybody. */
  rechecks: [seq: string, person_id: string][];
}

/** As PROTOCOL.md has an item; what is not there is left out. The data is JSON already. */
export function encodeItem(item: Omit<ItemRow, "seq" | "recheck_id">): string {
  const sender = item.sender_id === null ? "" : `,"sender_id":"${item.sender_id}"`;
  // A cid and a kind have no character that JSON escapes: their CHECKs say so.
  const cid = item.cid === null ? "" : `,"cid":"${item.cid}"`;
  return `{"id":"${item.id}","kind":"${item.kind}","at":"${rfc3339(item.at)}"${sender}${cid},"data":${item.data}}`;
}
