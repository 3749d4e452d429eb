/**
 * Fan-out of chat messages to many sockets: the line beside Socket.IO 4.8 on Node and Bun's bare publish, in the same run.
 * Deliveries per CPU second of the server alone, from `/proc`; the readers are another process. What the line does before
 * (the commit) is the database's and measured elsewhere.
 *
 *   npm install --prefix bench/peers
 *   bun bench/fanout.ts [--subscribers=1000] [--messages=400] [--rounds=3]
 */
import { existsSync } from "node:fs";
import { join } from "node:path";

import { cpuSeconds, median } from "./feed-read/load.ts";

const option = (name: string, otherwise: number) =>
  Number(process.argv.find((arg) => arg.startsWith(`--${name}=`))?.split("=")[1] ?? otherwise);
const subscribers = option("subscribers", 1_000);
const messages = option("messages", 400);
const rounds = option("rounds", 3);
const AT_ONCE = 50;
const OPENED_AT_ONCE = 50;

if (!existsSync(join(import.meta.dirname, "peers/node_modules/socket.io"))) {
  console.error("This bench needs Socket.IO: npm install --prefix bench/peers");
  process.exit(2);
}

interface Side {
  name: string;
  command: string[];
  path: string;
  /** What a client answers to what it hears, until it is ready; null for nothing. */
  greet(text: string): string | null;
  isReady(text: string): boolean;
}
const child = (name: string) => join(import.meta.dirname, "fanout", name);
const SIDES: Side[] = [
  {
    name: "the line",
    command: [process.execPath, child("line-child.ts")],
    path: "/v1/socket",
    greet: (text) => (text.startsWith('["hello"') ? '["resume",{"room:a":null}]' : null),
    isReady: (text) => text.startsWith('["ready"'),
  },
  {
    name: "Socket.IO 4.8",
    command: ["node", child("socketio-child.mjs")],
    path: "/socket.io/?EIO=4&transport=websocket",
    greet: (text) => (text.startsWith("0") ? "40" : text === "2" ? "3" : null),
    isReady: (text) => text.startsWith("40"),
  },
  {
    name: "Bun's publish",
    command: [process.execPath, child("bun-child.ts")],
    path: "/",
    greet: () => null,
    isReady: () => false,
  },
];

/** Of every message, wherever it stands and with whatever around it. */
const MARK = '"text"';
const ESCAPED_MARK = String.raw`\"text\"`;
function countIn(text: string): number {
  let n = 0;
  for (const mark of [MARK, ESCAPED_MARK])
    for (let at = text.indexOf(mark); at >= 0; at = text.indexOf(mark, at + 5)) n += 1;
  return n;
}

async function run(side: Side): Promise<{ together: number; alone: number; kib: number; p99: number }> {
  const server = Bun.spawn(side.command, { stdin: "pipe", stdout: "pipe", stderr: "inherit" });
  const { value } = await server.stdout.getReader().read();
  const port = Number(new TextDecoder().decode(value));
  const before = await memoryKib(server.pid);
  let heard = 0;
  let wake = () => {};
  let awaited = 0;
  /** When the first and the last subscriber had it, of messages that come alone. */
  let said_at = 0;
  const delays: number[] = [];
  const sockets: WebSocket[] = [];
  for (let from = 0; from < subscribers; from += OPENED_AT_ONCE) {
    await Promise.all(
      Array.from({ length: Math.min(OPENED_AT_ONCE, subscribers - from) }, async () => {
        const socket = new WebSocket(`ws://127.0.0.1:${port}${side.path}`);
        sockets.push(socket);
        const ready = Promise.withResolvers<void>();
        socket.onerror = () => ready.reject(new Error(`${side.name} closed a socket`));
        socket.onopen = () => {
          if (side.path === "/") ready.resolve();
        };
        socket.onmessage = ({ data }) => {
          const text = String(data);
          const answer = side.greet(text);
          if (answer !== null) socket.send(answer);
          if (side.isReady(text)) ready.resolve();
          heard += countIn(text);
          if (said_at > 0) delays.push(performance.now() - said_at);
          if (heard >= awaited) wake();
        };
        await ready.promise;
      }),
    );
  }
  await Bun.sleep(500);
  const kib = ((await memoryKib(server.pid)) - before) / subscribers;

  async function say(from: number, count: number, at_once: number): Promise<number> {
    heard = 0;
    awaited = count * subscribers;
    const done = new Promise<void>((resolve) => (wake = resolve));
    const cpu = cpuSeconds([server.pid]);
    void server.stdin.write(`${from} ${count} ${at_once}\n`);
    await server.stdin.flush();
    await done;
    return awaited / (cpuSeconds([server.pid]) - cpu);
  }
  await say(0, 50, AT_ONCE);
  const together = await say(50, messages, AT_ONCE);
  const alone = await say(50 + messages, messages, 1);
  for (let i = 0; i < 20; i++) {
    said_at = performance.now();
    await say(50 + 2 * messages + i, 1, 1);
  }
  said_at = 0;
  for (const socket of sockets) socket.close();
  server.kill();
  await server.exited;
  return { together, alone, kib, p99: delays.toSorted((a, b) => a - b)[Math.floor(delays.length * 0.99)]! };
}

async function memoryKib(pid: number): Promise<number> {
  const status = await Bun.file(`/proc/${pid}/status`).text();
  return Number(/^VmRSS:\s+(\d+)/m.exec(status)![1]);
}

const results = new Map<Side, Awaited<ReturnType<typeof run>>[]>(SIDES.map((side) => [side, []]));
for (let round = 0; round < rounds; round++) for (const side of SIDES) results.get(side)!.push(await run(side));
const of = (side: Side, what: "together" | "alone" | "kib" | "p99") =>
  median(results.get(side)!.map((one) => one[what]));
const whole = (n: number) => Math.round(n).toLocaleString("en");
console.log(
  `${whole(subscribers)} subscribers, ${whole(messages)} messages of about 230 bytes, medians of ${rounds} rounds\n`,
);
console.log(
  "| | deliveries per CPU second, 50 at once | one at a time | p99 of one to all, ms | KiB a connection |\n|---|---:|---:|---:|---:|",
);
for (const side of SIDES)
  console.log(
    `| ${side.name} | ${whole(of(side, "together"))} | ${whole(of(side, "alone"))} | ${of(side, "p99").toFixed(1)} | ${of(side, "kib").toFixed(1)} |`,
  );
const [line, socketio, bun] = SIDES as [Side, Side, Side];
const ratio = (what: "together" | "alone" | "p99" | "kib", to: Side) => (of(line, what) / of(to, what)).toFixed(2);
console.log(
  `\nThe line to Socket.IO: ${ratio("together", socketio)} × (50 at once), ${ratio("alone", socketio)} × (one at a time), p99 ${ratio("p99", socketio)} ×, memory ${ratio("kib", socketio)} ×. To Bun's publish: ${ratio("together", bun)} × and ${ratio("alone", bun)} ×.`,
);
process.exit(0);
