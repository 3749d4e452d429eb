import type { Shape } from "./protobuf.ts";

/** Centrifugo's messages as Protocol Buffers number them: those that are said here. */

const ofChannel: Shape = { channel: [1, "string"] };

export const COMMAND: Shape = {
  id: [1, "uint"],
  connect: [4, { token: [1, "string"] }],
  subscribe: [
    5,
    {
      channel: [1, "string"],
      recover: [3, "bool"],
      epoch: [6, "string"],
      offset: [7, "uint"],
      tf: [13, "bytes"],
      flag: [14, "uint"],
      type: [15, "int32"],
    },
  ],
  unsubscribe: [6, ofChannel],
  publish: [7, { channel: [1, "string"], data: [2, "bytes"], type: [3, "int32"] }],
  presence: [8, ofChannel],
  presence_stats: [9, ofChannel],
  history: [
    10,
    {
      channel: [1, "string"],
      limit: [7, "int32"],
      since: [8, { offset: [1, "uint"], epoch: [2, "string"] }],
      reverse: [9, "bool"],
    },
  ],
  ping: [11, {}],
  send: [12, {}],
  rpc: [13, { method: [2, "string"] }],
  refresh: [14, { token: [1, "string"] }],
  sub_refresh: [15, ofChannel],
};

const clientInfo: Shape = { user: [1, "string"], client: [2, "string"] };
const publication: Shape = {
  data: [4, "bytes"],
  info: [5, clientInfo],
  offset: [6, "uint"],
  tags: [7, { map: "string" }],
  time: [9, "uint"],
};
const publications = [publication] as const;

export const REPLY: Shape = {
  id: [1, "uint"],
  error: [2, { code: [1, "uint"], message: [2, "string"], temporary: [3, "bool"] }],
  push: [
    4,
    {
      channel: [2, "string"],
      pub: [4, publication],
      unsubscribe: [7, { code: [2, "uint"], reason: [3, "string"] }],
    },
  ],
  connect: [
    5,
    {
      client: [1, "string"],
      version: [2, "string"],
      expires: [3, "bool"],
      ttl: [4, "uint"],
      ping: [7, "uint"],
      pong: [8, "bool"],
    },
  ],
  subscribe: [
    6,
    {
      recoverable: [3, "bool"],
      epoch: [6, "string"],
      publications: [7, publications],
      recovered: [8, "bool"],
      offset: [9, "uint"],
      positioned: [10, "bool"],
      was_recovering: [12, "bool"],
    },
  ],
  unsubscribe: [7, {}],
  publish: [8, {}],
  presence: [9, { presence: [1, { map: clientInfo }] }],
  presence_stats: [10, { num_clients: [1, "uint"], num_users: [2, "uint"] }],
  history: [11, { publications: [1, publications], epoch: [2, "string"], offset: [3, "uint"] }],
  ping: [12, {}],
  refresh: [14, { expires: [3, "bool"], ttl: [4, "uint"] }],
};
