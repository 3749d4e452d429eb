/**
 * Fan-out through the door of Centrifugo's clients beside the line's own protocol, of the same process, on bare sockets: deliveries per
 * CPU second of the server. Then the npm client `centrifuge` itself: as many as `--clients` hear everything, leave, miss `--missed`
 * messages, come back at once and recover; each must have every message once and in order.
 *
 *   bun bench/centrifugo.ts [--subscribers=1000] [--messages=400] [--rounds=3] [--clients=300] [--missed=50]
 */
import { cpus } from "node:os";

import { Centrifuge } from "centrifuge";

import { CENTRIFUGO, LINE, option, type RunningSide, type Side, start, whole } from "./fanout/sides.ts";
import { cpuSeconds, median } from "./feed-read/load.ts";

const subscribers = option("subscribers", 1_000);
const messages = option("messages", 400);
const rounds = option("rounds", 3);
const clients = option("clients", 300);
const missed = option("missed", 50);
const AT_ONCE = 50;
const PAUSE_MS = 2;
const MARK = "said at <";

function countIn(text: string): number {
  let n = 0;
  for (let from = text.indexOf(MARK); from >= 0; from = text.indexOf(MARK, from + 9)) n += 1;
  return n;
}

/** Deliveries per CPU second of the server, many messages in a turn and one. */
async function fanOut(side: Side): Promise<{ together: number; alone: number }> {
  await using server = await start(side);
  let heard = 0;
  let awaited = 0;
  let wake = () => {};
  await server.comeAll(subscribers, (text) => {
    heard += countIn(text);
    if (heard >= awaited) wake();
  });
  let from = 0;
  async function say(count: number, at_once: number): Promise<number> {
    heard = 0;
    awaited = count * subscribers;
    const done = new Promise<void>((resolve) => (wake = resolve));
    const cpu = cpuSeconds([server.pid]);
    await server.say(from, count, at_once, PAUSE_MS);
    from += count;
    await done;
    return awaited / (cpuSeconds([server.pid]) - cpu);
  }
  await say(50, AT_ONCE);
  await say(50, 1);
  return { together: await say(messages, AT_ONCE), alone: await say(messages, 1) };
}

interface Returned {
  ms: number;
  cpu_ms: number;
  recovered: number;
  faults: number;
}

/** The npm client, as it is. */
async function returning(server: RunningSide): Promise<Returned> {
  let awaited = 0;
  let wake = () => {};
  let recovered = 0;
  const all = Array.from({ length: clients }, (_, i) => {
    // What a proxy in front would say of it; the client itself gets a WebSocket like any other.
    class FromSomewhere extends WebSocket {
      constructor(url: string) {
        super(url, { headers: { "x-forwarded-for": `10.0.${i >> 8}.${i & 255}` } } as unknown as string[]);
      }
    }
    const client = new Centrifuge(`ws://127.0.0.1:${server.port}/connection/websocket`, {
      token: `t${1_000_000 + i}`,
      websocket: FromSomewhere,
      timeout: 60_000,
    });
    const offsets: number[] = [];
    const sub = client.newSubscription("room:a");
    sub.on("subscribed", (ctx) => (recovered += ctx.recovered ? 1 : 0));
    sub.on("publication", ({ offset }) => {
      offsets.push(offset!);
      if (all.every((one) => one.offsets.length >= awaited)) wake();
    });
    return { client, sub, offsets };
  });
  const everyoneHas = (count: number) => {
    awaited = count;
    return new Promise<void>((resolve) => (wake = resolve));
  };
  const ready = all.map(({ sub }) => new Promise((resolve) => sub.once("subscribed", resolve)));
  for (const { client, sub } of all) {
    sub.subscribe();
    client.connect();
  }
  await Promise.all(ready);
  const first = everyoneHas(messages);
  await server.say(0, messages, AT_ONCE, PAUSE_MS);
  await first;
  for (const { client } of all) client.disconnect();
  await server.say(messages, missed, AT_ONCE, PAUSE_MS);
  await Bun.sleep(500);
  const second = everyoneHas(messages + missed);
  const began = performance.now();
  const cpu = cpuSeconds([server.pid]);
  for (const { client } of all) client.connect();
  await second;
  const ms = performance.now() - began;
  const cpu_ms = (cpuSeconds([server.pid]) - cpu) * 1_000;
  const faults = all.filter(({ offsets }) => offsets.some((offset, n) => offset !== n + 1)).length;
  for (const { client } of all) client.disconnect();
  return { ms, cpu_ms, recovered, faults };
}

const SIDES = [LINE, CENTRIFUGO];
const results = new Map<Side, Awaited<ReturnType<typeof fanOut>>[]>(SIDES.map((side) => [side, []]));
for (let round = 0; round < rounds; round++)
  for (const side of SIDES) {
    const found = await fanOut(side);
    results.get(side)!.push(found);
    console.error(`${side.name}: ${whole(found.together)}, ${whole(found.alone)}`);
  }
const returns: Returned[] = [];
for (let round = 0; round < rounds; round++) {
  await using server = await start(CENTRIFUGO);
  returns.push(await returning(server));
}
const load = (await Bun.file("/proc/loadavg").text()).split(" ")[0];
console.log(`\n${cpus().length} × ${cpus()[0]?.model}; Bun ${Bun.version}; load ${load}`);
console.log(
  `${whole(subscribers)} subscribers, ${whole(messages)} messages of about 230 bytes; medians of ${rounds} rounds\n`,
);
console.log("| | deliveries per CPU second, 50 at once | one at a time |\n|---|---:|---:|");
const of = (side: Side, what: "together" | "alone") => median(results.get(side)!.map((one) => one[what]));
for (const side of SIDES)
  console.log(`| ${side.name} | ${whole(of(side, "together"))} | ${whole(of(side, "alone"))} |`);
console.log(
  `| ratio | ${(of(CENTRIFUGO, "together") / of(LINE, "together")).toFixed(2)} | ${(of(CENTRIFUGO, "alone") / of(LINE, "alone")).toFixed(2)} |`,
);
const mid = (what: keyof Returned) => median(returns.map((one) => one[what]));
console.log(
  `\n${whole(clients)} clients \`centrifuge\` come back with ${missed} missed each: all have them after ${whole(mid("ms"))} ms, ${whole(mid("cpu_ms"))} ms of the server's CPU; ${whole(mid("recovered"))} recovered, ${whole(returns.reduce((sum, one) => sum + one.faults, 0))} with a message missing, twice or out of order.`,
);
process.exit(0);
