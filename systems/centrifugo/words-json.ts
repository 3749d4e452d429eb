import { partsOfItem } from "#systems/realtime/index.ts";

import type { Numbered, Words } from "./words.ts";

/** Nothing of an item is encoded again but what stands around its data. */
function publication({ offset, item }: Numbered): string {
  const { id, kind, at, sender_id, cid, data } = partsOfItem(item);
  const tags = JSON.stringify({ id, kind, at, ...(cid === undefined ? {} : { cid }) });
  const info = sender_id === undefined ? "" : `,"info":{"user":"${sender_id}","client":""}`;
  return `{"data":${data},"offset":${offset},"tags":${tags}${info},"time":${Date.parse(at)}}`;
}

const push = (channel: string, what: string): string => `{"push":{"channel":"${channel}",${what}}}`;

/** Lines of JSON. */
export const JSON_WORDS = {
  ping: "{}",
  reply: (id, method, result) => `{"id":${id},"${method}":${JSON.stringify(result)}}`,
  refuse: (id, error) => JSON.stringify({ id, error }),
  items: (channel, _epoch, first, items) =>
    items.map((item, i) => push(channel, `"pub":${publication({ offset: first + i, item })}`)).join("\n"),
  ephemeral(channel, slot, person_id, data) {
    const info = person_id === null ? "" : `,"info":{"user":"${person_id}","client":""}`;
    return push(channel, `"pub":{"data":${data},"tags":{"slot":"${slot}"}${info}}`);
  },
  unsubscribed: (channel, code, reason) => push(channel, `"unsubscribe":{"code":${code},"reason":"${reason}"}`),
  subscribed(id, { epoch, offset, recovered, publications }) {
    const recovery = recovered === null ? "" : `,"was_recovering":true,"recovered":${recovered}`;
    const missed = publications.length === 0 ? "" : `,"publications":[${publications.map(publication).join(",")}]`;
    return `{"id":${id},"subscribe":{"recoverable":true,"positioned":true,"epoch":"${epoch}","offset":${offset}${recovery}${missed}}}`;
  },
  history: (id, epoch, offset, publications) =>
    `{"id":${id},"history":{"publications":[${publications.map(publication).join(",")}],"epoch":"${epoch}","offset":${offset}}}`,
} satisfies Words;
