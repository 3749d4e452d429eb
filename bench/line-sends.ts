import type { RawClient } from "../tests/line-history/raw-socket.ts";
/**
 * Messages that are kept: 2,000 people, each with a line, in groups of 20, write to each other through chat. `sent` comes after
 * the commit, with fsync on; what counts is from the moment of sending until each of the other members has it. First at a fixed
 * rate whatever the answers take (a late start counts as waiting), then as fast as so many at once go.
 *
 *   bun bench/line-sends.ts [--people=2000] [--group=20] [--rate=100] [--seconds=20] [--at-once=32] [--flood=8]
 */
import { at, machine, option, whole } from "./fanout/sides.ts";
import { cpuSeconds } from "./feed-read/load.ts";
import { openLineHouse } from "./line/house.ts";
import { startLineNode } from "./line/node.ts";

const PEOPLE = option("people", 2_000);
const GROUP = option("group", 20);
const RATE = option("rate", 100);
const SECONDS = option("seconds", 20);
const AT_ONCE = option("at-once", 32);
const FLOOD_S = option("flood", 8);
const OPENED_AT_ONCE = 50;

await using house = await openLineHouse({ people: PEOPLE, group: GROUP });
await using node = await startLineNode(house.target);
const now_ms = () => performance.timeOrigin + performance.now();

let to_sender: number[] = [];
let to_reader: number[] = [];
/** By cid: when it was due, and who waits for `sent`. */
const underway = new Map<string, { due_ms: number; answered: () => void }>();
const SAID = /said at <(\d+\.\d+)>/g;
const clients: RawClient[] = [];
async function come(person: number): Promise<void> {
  const ready = Promise.withResolvers<void>();
  const stream = house.streamOf(person);
  clients[person] = await node.open(person, house.secretOf(person), {
    heard(text, self) {
      if (text.startsWith('["items"'))
        for (const [, said_ms] of text.matchAll(SAID)) to_reader.push(now_ms() - Number(said_ms));
      else if (text.startsWith('["sent"')) {
        const [, , cid] = JSON.parse(text) as [string, string, string];
        const sending = underway.get(cid)!;
        underway.delete(cid);
        to_sender.push(now_ms() - sending.due_ms);
        sending.answered();
      } else if (text.startsWith('["hello"')) self.say(JSON.stringify(["resume", { [stream]: null }]));
      else if (text.startsWith('["ready"')) ready.resolve();
      else if (text.startsWith('["unsent"') || text.startsWith('["problem"')) throw new Error(text);
    },
    // At the end too, when nobody waits for it any more.
    closed: () => ready.reject(new Error("a line was closed")),
  });
  await ready.promise;
}
for (let from = 0; from < PEOPLE; from += OPENED_AT_ONCE)
  await Promise.all(Array.from({ length: Math.min(OPENED_AT_ONCE, PEOPLE - from) }, (_, i) => come(from + i)));
console.error(`${PEOPLE} lines are open`);

let made = 0;
function send(due_ms: number): Promise<void> {
  // Everybody in turn, and neighbours in different groups.
  const person = (made * 7_919) % PEOPLE;
  const cid = `c${made++}`;
  const { promise, resolve } = Promise.withResolvers<void>();
  underway.set(cid, { due_ms, answered: resolve });
  const body = `Are you coming on Saturday, or shall we take the boat without you? said at <${due_ms.toFixed(3)}>`;
  clients[person]!.say(JSON.stringify(["send", house.streamOf(person), cid, { body }]));
  return promise;
}
async function heardBy(messages: number): Promise<void> {
  while (to_reader.length < messages * GROUP) await Bun.sleep(5);
}

async function paced(seconds: number): Promise<void> {
  const began = now_ms();
  const sending: Promise<void>[] = [];
  for (let i = 0; i < RATE * seconds; i++) {
    const due_ms = began + (i * 1_000) / RATE;
    const wait = due_ms - now_ms();
    if (wait > 1) await Bun.sleep(wait);
    sending.push(send(due_ms));
  }
  await Promise.all(sending);
  await heardBy(RATE * seconds);
}
await paced(2);
[to_sender, to_reader] = [[], []];
const pids = [node.pid, house.pid];
let cpu = cpuSeconds(pids);
await paced(SECONDS);
const paced_cpu = cpuSeconds(pids) - cpu;
const rate = { sent: to_sender.toSorted((a, b) => a - b), heard: to_reader.toSorted((a, b) => a - b) };
console.error("the fixed rate is done");

[to_sender, to_reader] = [[], []];
cpu = cpuSeconds(pids);
const began = now_ms();
let flooded = 0;
await Promise.all(
  Array.from({ length: AT_ONCE }, async () => {
    while (now_ms() < began + FLOOD_S * 1_000) {
      await send(now_ms());
      flooded += 1;
    }
  }),
);
const flood_s = (now_ms() - began) / 1_000;
await heardBy(flooded);
const flood_cpu = cpuSeconds(pids) - cpu;
const flood = { sent: to_sender.toSorted((a, b) => a - b), heard: to_reader.toSorted((a, b) => a - b) };

console.log(
  `\n${await machine()}, PostgreSQL ${house.version}, fsync ${house.fsync}, synchronous_commit ${house.commit}`,
);
console.log(`${whole(PEOPLE)} people in groups of ${GROUP}; CPU is of the house and PostgreSQL\n`);
console.log(
  "| | messages/s | to `sent`, p50 ms | p99 | to each reader, p50 ms | p99 (aim 100) | ms of CPU a message | heard |\n|---|---:|---:|---:|---:|---:|---:|---:|",
);
const row = (name: string, per_s: number, of: typeof rate, cpu_ms: number) =>
  console.log(
    `| ${name} | ${whole(per_s)} | ${at(of.sent, 0.5).toFixed(1)} | ${at(of.sent, 0.99).toFixed(1)} | ${at(of.heard, 0.5).toFixed(1)} | ${at(of.heard, 0.99).toFixed(1)} | ${cpu_ms.toFixed(2)} | ${whole(of.heard.length)} |`,
  );
row(`${RATE} a second`, RATE, rate, (paced_cpu * 1_000) / (RATE * SECONDS));
row(`${AT_ONCE} at once`, flooded / flood_s, flood, (flood_cpu * 1_000) / flooded);
await node[Symbol.asyncDispose]();
await house[Symbol.asyncDispose]();
process.exit(0);
