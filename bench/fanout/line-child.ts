/** The line: numbered items, who may read is asked, a cursor to come back with. What is committed before is not measured here. */
import { createLocalBus } from "#ports/bus/index.ts";
import { createSystemClock } from "#ports/clock/index.ts";
import type { SocketPart } from "#ports/http/index.ts";
import { createLocalLimiter } from "#ports/limiter/index.ts";
import { createGateway } from "#systems/realtime/gateway.ts";
import { createRulesBook } from "#systems/realtime/rules.ts";
import { encodeItem } from "#systems/realtime/wire.ts";

import { listen } from "../../apps/server/listen.ts";
import { messageAt, onCommands } from "./commands.ts";

const clock = createSystemClock();
const bus = createLocalBus();
const rules = createRulesBook();
const members = new Set<string>();
rules.add("room", { mayRead: async ({ person_id }) => members.has(person_id) });
let head = 0;
const gateway = createGateway({
  clock,
  bus,
  limiter: createLocalLimiter({ clock, keys_max: 100_000 }),
  rules,
  reader: {
    heads: async (streams) => new Map(streams.map((stream) => [stream, { epoch: "e", seq: head }])),
    after: async () => ({ first: 0, items: [] }),
    before: async () => ({ first: 0, items: [] }),
    floor: async () => 1,
  },
  authenticate: async () => null,
  node: "bench",
  onFailure: (error) => console.error(error),
});
let people = 0;
const { port } = listen({
  port: 0,
  host: "127.0.0.1",
  fetch: async () => new Response("no", { status: 400 }),
  async upgrade() {
    const person_id = String(++people);
    members.add(person_id);
    let connection: ReturnType<typeof gateway.connect> | null = null;
    const part: SocketPart = {
      protocol: null,
      opened(line) {
        connection = gateway.connect({
          line,
          token: null,
          viewer: {
            kind: "person",
            person_id,
            handle: `p${person_id}`,
            role: "member",
            suspended: false,
            credential: { kind: "session", id: person_id },
            scopes: ["read"],
          },
        });
      },
      said: (text) => connection?.said(text),
      closed() {
        connection?.ended();
        if (connection) gateway.lines.closed(connection);
      },
    };
    return part;
  },
  onError: (error) => console.error(error),
  onDrain() {},
});
onCommands(port, (n) => {
  const { id, sender_id, at, text } = messageAt(n);
  head += 1;
  const item = encodeItem({
    id,
    kind: "message",
    at: new Date(at),
    sender_id,
    cid: null,
    data: JSON.stringify({ text }),
  });
  bus.publish("realtime.room.a", { type: "items", epoch: "e", first_seq: String(head), items: [item], rechecks: [] });
});
