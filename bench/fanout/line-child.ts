/**
 * The line, by the house's own door: who comes is known by a token, who may read is asked, items are numbered, and there is a
 * cursor to come back with. What is committed before is not measured here.
 */
import { createLocalBus } from "#ports/bus/index.ts";
import { createSystemClock } from "#ports/clock/index.ts";
import { createApi, DEFAULT_LIMITS, type Idempotency } from "#ports/http/index.ts";
import { createLocalLimiter } from "#ports/limiter/index.ts";
import { serveCentrifugo } from "#systems/centrifugo/index.ts";
import { createGateway } from "#systems/realtime/gateway.ts";
import { createRulesBook } from "#systems/realtime/rules.ts";
import { serveLine, serveSpoken } from "#systems/realtime/serve.ts";
import { encodeItem } from "#systems/realtime/wire.ts";

import { listen } from "../../apps/server/listen.ts";
import { messageAt, onCommands } from "./commands.ts";

const clock = createSystemClock();
const bus = createLocalBus();
const limiter = createLocalLimiter({ clock, keys_max: 200_000 });
const rules = createRulesBook();
const members = new Set<string>();
rules.add("room", { mayRead: async ({ person_id }) => members.has(person_id) });
let head = 0;

async function authenticate(token: string) {
  const person_id = /^t(\d+)$/.exec(token)?.[1];
  if (person_id === undefined) return null;
  members.add(person_id);
  return {
    kind: "person" as const,
    person_id,
    handle: `p${person_id}`,
    role: "member" as const,
    suspended: false,
    credential: { kind: "session" as const, id: person_id },
    scopes: ["read" as const],
  };
}

const gateway = createGateway({
  clock,
  bus,
  limiter,
  rules,
  reader: {
    heads: async (streams) => new Map(streams.map((stream) => [stream, { epoch: "e", seq: head }])),
    after: async () => ({ first: 0, items: [] }),
    before: async () => ({ first: 0, items: [] }),
    floor: async () => 1,
  },
  authenticate,
  node: "bench",
  onFailure: (error) => console.error(error),
});
const api = createApi({
  authenticate,
  limiter,
  limits: DEFAULT_LIMITS,
  // Of requests that change something; nobody sends one here.
  idempotency: {} as Idempotency,
  clock,
  // Readers stand for people all over, so each says where it is, as a proxy would.
  trusted_proxies: 1,
  requestId: () => crypto.randomUUID(),
  onServed: ({ error }) => error !== undefined && console.error(error),
});
serveLine(api, gateway);
serveCentrifugo(api, {
  clock,
  people: { tokenEnd: async () => null },
  line: {
    serveIn: (to, door, spoken) => serveSpoken(to, gateway, door, spoken),
  },
  version: "bench",
});
const { port } = listen({
  port: 0,
  host: "0.0.0.0",
  fetch: async () => new Response("no", { status: 400 }),
  upgrade: (request, peer) => api.upgrade(request, peer()),
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
