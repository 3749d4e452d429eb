import { rfc3339 } from "#kernel/time.ts";

import type { HouseFrame, PullAsked, WireItem } from "./contract.ts";
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

export interface PushedEphemeral {
  type: "eph";
  slot: string;
  person_id: string | null;
  /** JSON, as it goes over the line. */
  data: string;
}

/** What is kept at hand changed in its words; it is read again. */
export interface PushedRedaction {
  type: "redacted";
}

export type Pushed = PushedItems | PushedEphemeral | PushedRedaction;

/** As PROTOCOL.md has an item; what is not there is left out. The data is JSON already. */
export function encodeItem(item: Omit<ItemRow, "seq" | "recheck_id">): string {
  const sender = item.sender_id === null ? "" : `,"sender_id":"${item.sender_id}"`;
  // A cid and a kind have no character that JSON escapes: their CHECKs say so.
  const cid = item.cid === null ? "" : `,"cid":"${item.cid}"`;
  return `{"id":"${item.id}","kind":"${item.kind}","at":"${rfc3339(item.at)}"${sender}${cid},"data":${item.data}}`;
}

/** An item as `encodeItem` made it, with its data as the text that it is. */
export function partsOfItem(text: string): Omit<WireItem, "data"> & { data: string } {
  // Nothing before it has a quote inside: what stands there is ids, words and a time.
  const at = text.indexOf(',"data":');
  return { ...(JSON.parse(`${text.slice(0, at)}}`) as Omit<WireItem, "data">), data: text.slice(at + 8, -1) };
}

/** For one and for a thousand: the text is made once. Names of streams and epochs have nothing to escape either. */
export const itemsFrame = (stream: string, epoch: string, first: number, items: readonly string[]): string =>
  `["items","${stream}","${epoch}","${first}",[${items.join(",")}]]`;

export interface PageText {
  epoch: string;
  head: number;
  floor: number;
  first: number | null;
  items: readonly string[];
}

export const pageFrame = (stream: string, asked: PullAsked, page: PageText): string =>
  `["page","${stream}",{"asked":${JSON.stringify(asked)},"epoch":"${page.epoch}","head":"${page.head}","floor":"${page.floor}","first_seq":${page.first === null ? "null" : `"${page.first}"`},"items":[${page.items.join(",")}]}]`;

export const ephemeralFrame = (stream: string, { slot, person_id, data }: PushedEphemeral): string =>
  `["eph","${stream}","${slot}",${person_id === null ? "null" : `"${person_id}"`},${data}]`;

export const frameOf = (frame: HouseFrame): string => JSON.stringify(frame);
