import type { Json } from "#kernel/json.ts";
import { partsOfItem } from "#systems/realtime/index.ts";

/** What the house says, as lines of JSON. */

export interface Refusal {
  code: number;
  message: string;
  temporary?: true;
}

export const reply = (id: number, method: string, result: Json): string =>
  `{"id":${id},"${method}":${JSON.stringify(result)}}`;

export const refuse = (id: number, error: Refusal): string => JSON.stringify({ id, error });

export const PING = "{}";

/** An item of a stream. Nothing of it is encoded again but what stands around its data. */
export function publication(offset: number, item: string): string {
  const { id, kind, at, sender_id, cid, data } = partsOfItem(item);
  const tags = JSON.stringify({ id, kind, at, ...(cid === undefined ? {} : { cid }) });
  const info = sender_id === undefined ? "" : `,"info":{"user":"${sender_id}","client":""}`;
  return `{"data":${data},"offset":${offset},"tags":${tags}${info},"time":${Date.parse(at)}}`;
}

const push = (channel: string, what: string): string => `{"push":{"channel":"${channel}",${what}}}`;

/** For one and for a thousand: the text is made once. */
export const itemsPushed = (channel: string, _epoch: string, first: number, items: readonly string[]): string =>
  items.map((item, i) => push(channel, `"pub":${publication(first + i, item)}`)).join("\n");

/** Without an offset: it is no part of the stream, and may be lost. */
export const ephemeralPushed = (channel: string, slot: string, person_id: string | null, data: string): string =>
  push(
    channel,
    `"pub":{"data":${data},"tags":{"slot":"${slot}"}${person_id === null ? "" : `,"info":{"user":"${person_id}","client":""}`}}`,
  );

export const unsubscribed = (channel: string, code: number, reason: string): string =>
  push(channel, `"unsubscribe":{"code":${code},"reason":"${reason}"}`);

export interface Subscribed {
  epoch: string;
  offset: number;
  /** Null: it was not asked for. */
  recovered: boolean | null;
  publications: readonly string[];
}

export function subscribed(id: number, { epoch, offset, recovered, publications }: Subscribed): string {
  const recovery = recovered === null ? "" : `,"was_recovering":true,"recovered":${recovered}`;
  const missed = publications.length === 0 ? "" : `,"publications":[${publications.join(",")}]`;
  return `{"id":${id},"subscribe":{"recoverable":true,"positioned":true,"epoch":"${epoch}","offset":${offset}${recovery}${missed}}}`;
}

export const history = (id: number, epoch: string, offset: number, publications: readonly string[]): string =>
  `{"id":${id},"history":{"publications":[${publications.join(",")}],"epoch":"${epoch}","offset":${offset}}}`;
