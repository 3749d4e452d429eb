/**
 * Fan-out of chat messages to many sockets: the line beside Socket.IO 4.8 on Node and Bun's bare publish, in the same run.
 * Deliveries per CPU second of the server alone, from `/proc`; the readers are another process, on bare sockets. Then one message
 * every `--every` ms, each with the time when it was said in it: how long until each reader has it. What the line does
 * before (the commit) is the database's and measured by `line-sends.ts`.
 *
 *   npm install --prefix bench/peers
 *   bun bench/fanout.ts [--subscribers=1000] [--messages=400] [--rounds=3] [--every=40] [--paced=200]
 */
import { at, BUN, LINE, machine, needPeers, option, type Side, SOCKET_IO, start, whole } from "./fanout/sides.ts";
import { cpuSeconds, median } from "./feed-read/load.ts";

const subscribers = option("subscribers", 1_000);
const messages = option("messages", 400);
const rounds = option("rounds", 3);
const every_ms = option("every", 40);
const paced = option("paced", 200);
const AT_ONCE = 50;
const PAUSE_MS = 2;
needPeers();

/** Of every message, wherever it stands and with whatever around it. */
const MARK = "said at <";
function* saidAt(text: string): Generator<number> {
  for (let from = text.indexOf(MARK); from >= 0; from = text.indexOf(MARK, from + 9))
    yield Number(text.slice(from + 9, from + 25));
}
const now_us = () => (performance.timeOrigin + performance.now()) * 1_000;

interface Result {
  together: number;
  alone: number;
  p50: number;
  p99: number;
}
async function run(side: Side): Promise<Result> {
  await using server = await start(side);
  let heard = 0;
  let wake = () => {};
  let awaited = 0;
  let delays: number[] | null = null;
  await server.comeAll(subscribers, (text) => {
    for (const said_us of saidAt(text)) {
      heard += 1;
      delays?.push((now_us() - said_us) / 1_000);
    }
    if (heard >= awaited) wake();
  });
  let from = 0;
  async function say(count: number, at_once: number, pause_ms: number): Promise<number> {
    heard = 0;
    awaited = count * subscribers;
    const done = new Promise<void>((resolve) => (wake = resolve));
    const cpu = cpuSeconds([server.pid]);
    await server.say(from, count, at_once, pause_ms);
    from += count;
    await done;
    return awaited / (cpuSeconds([server.pid]) - cpu);
  }
  await say(50, AT_ONCE, PAUSE_MS);
  await say(50, 1, PAUSE_MS);
  const together = await say(messages, AT_ONCE, PAUSE_MS);
  const alone = await say(messages, 1, PAUSE_MS);
  delays = [];
  await say(paced, 1, every_ms);
  const sorted = delays.toSorted((a, b) => a - b);
  return { together, alone, p50: at(sorted, 0.5), p99: at(sorted, 0.99) };
}

const SIDES = [LINE, SOCKET_IO, BUN];
const results = new Map<Side, Result[]>(SIDES.map((side) => [side, []]));
for (let round = 0; round < rounds; round++)
  for (const side of SIDES) {
    const found = await run(side);
    results.get(side)!.push(found);
    console.error(
      `${side.name}: ${Object.values(found)
        .map((n: number) => n.toFixed(1))
        .join(", ")}`,
    );
  }
const of = (side: Side, what: keyof Result) => median(results.get(side)!.map((one) => one[what]));
console.log(`\n${await machine()}`);
console.log(
  `${whole(subscribers)} subscribers, ${whole(messages)} messages of about 230 bytes; ${whole(paced)} more, one every ${every_ms} ms; medians of ${rounds} rounds\n`,
);
console.log("| | deliveries per CPU second, 50 at once | one at a time | p50 to the reader, ms | p99, ms |");
console.log("|---|---:|---:|---:|---:|");
for (const side of SIDES)
  console.log(
    `| ${side.name} | ${whole(of(side, "together"))} | ${whole(of(side, "alone"))} | ${of(side, "p50").toFixed(1)} | ${of(side, "p99").toFixed(1)} |`,
  );
const ratio = (what: keyof Result, to: Side) => (of(LINE, what) / of(to, what)).toFixed(2);
console.log(
  `\nThe line to Socket.IO: ${ratio("together", SOCKET_IO)} × at once, ${ratio("alone", SOCKET_IO)} × one at a time, p99 ${ratio("p99", SOCKET_IO)} ×. To Bun's publish: ${ratio("together", BUN)} × and ${ratio("alone", BUN)} ×, p99 ${ratio("p99", BUN)} ×.`,
);
process.exit(0);
