import { partsOfItem } from "#systems/realtime/index.ts";

import { encode, framed, type Value } from "./protobuf.ts";
import { REPLY } from "./shapes.ts";
import type { Numbered, Words } from "./words.ts";

type Message = { readonly [name: string]: Value | undefined };

const utf8 = new TextEncoder();
const reply = (message: Message): Uint8Array => framed([encode(REPLY, message)]);

/** The data are JSON as bytes, whoever reads them. */
function publication({ offset, item }: Numbered): Message {
  const { id, kind, at, sender_id, cid, data } = partsOfItem(item);
  return {
    data: utf8.encode(data),
    offset,
    tags: { id, kind, at, ...(cid === undefined ? {} : { cid }) },
    info: sender_id === undefined ? undefined : { user: sender_id },
    time: Date.parse(at),
  } as Message;
}

/** Protocol Buffers, each reply with its length before it. */
export const PROTOBUF_WORDS = {
  ping: framed([new Uint8Array()]),
  reply: (id, method, result) => reply({ id, [method]: result as Message }),
  refuse: (id, error) => reply({ id, error: { ...error } }),
  items: (channel, _epoch, first, items) =>
    framed(items.map((item, i) => encode(REPLY, { push: { channel, pub: publication({ offset: first + i, item }) } }))),
  ephemeral: (channel, slot, person_id, data) =>
    reply({
      push: {
        channel,
        pub: {
          data: utf8.encode(data),
          tags: { slot },
          ...(person_id === null ? {} : { info: { user: person_id } }),
        },
      },
    }),
  unsubscribed: (channel, code, reason) => reply({ push: { channel, unsubscribe: { code, reason } } }),
  subscribed: (id, { epoch, offset, recovered, publications }) =>
    reply({
      id,
      subscribe: {
        recoverable: true,
        positioned: true,
        epoch,
        offset,
        was_recovering: recovered !== null,
        recovered: recovered === true,
        publications: publications.map(publication),
      },
    }),
  history: (id, epoch, offset, publications) =>
    reply({ id, history: { publications: publications.map(publication), epoch, offset } }),
} satisfies Words;
