import { existsSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";

import { openRaw, type RawClient, type RawEvents } from "../../tests/line-history/raw-socket.ts";

/** A server that tells many of one thing, and what a client says to it until it listens. */
export interface Side {
  name: string;
  command: string[];
  path: string;
  headers?: (person: number) => { [name: string]: string };
  /** What a client says first, where it is the one who begins. */
  begin?: string;
  greet(text: string, person: number): string | null;
  isReady(text: string): boolean;
}

const child = (name: string) => join(import.meta.dirname, name);
const PEERS = join(import.meta.dirname, "../peers");

export const LINE: Side = {
  name: "the line",
  command: [process.execPath, child("line-child.ts")],
  path: "/v1/socket",
  headers: (person) => ({
    authorization: `Bearer t${person}`,
    "x-forwarded-for": `10.${person >> 16}.${(person >> 8) & 255}.${person & 255}`,
  }),
  greet: (text) => (text.startsWith('["hello"') ? '["resume",{"room:a":null}]' : null),
  isReady: (text) => text.startsWith('["ready"'),
};
/** The same process, through the door of Centrifugo's clients. */
export const CENTRIFUGO: Side = {
  ...LINE,
  name: "the line, in Centrifugo's protocol",
  path: "/connection/websocket",
  begin: '{"id":1,"connect":{}}\n{"id":2,"subscribe":{"channel":"room:a"}}',
  greet: (text) => (text === "{}" ? "{}" : null),
  isReady: (text) => text.startsWith('{"id":2,"subscribe"'),
};
export const SOCKET_IO: Side = {
  name: "Socket.IO 4.8",
  command: ["node", child("socketio-child.mjs")],
  path: "/socket.io/?EIO=4&transport=websocket",
  greet: (text, person) => (text.startsWith("0") ? `40{"token":"t${person}"}` : text === "2" ? "3" : null),
  isReady: (text) => text.startsWith("40"),
};
export const BUN: Side = {
  name: "Bun's publish",
  command: [process.execPath, child("bun-child.ts")],
  path: "/",
  greet: () => null,
  isReady: (text) => text === "ready",
};

export function needPeers(): void {
  if (existsSync(join(PEERS, "node_modules/socket.io"))) return;
  console.error("This bench needs Socket.IO: npm install --prefix bench/peers");
  process.exit(2);
}

export interface RunningSide extends AsyncDisposable {
  pid: number;
  port: number;
  /** One more of these, who listens when this resolves. */
  come(heard: RawEvents["heard"]): Promise<RawClient>;
  /** So many at a time. */
  comeAll(count: number, heard: RawEvents["heard"]): Promise<RawClient[]>;
  /** Has it say `count` messages, `at_once` in a turn. */
  say(from: number, count: number, at_once: number, every_ms: number): Promise<void>;
  kib(): Promise<number>;
}

const OPENED_AT_ONCE = 100;
/** Loopback has many addresses, each with ports of its own; the kernel looks for a free one ever longer. */
const PER_ADDRESS = 5_000;

export async function start(side: Side): Promise<RunningSide> {
  const server = Bun.spawn(side.command, { stdin: "pipe", stdout: "pipe", stderr: "inherit" });
  const { value } = await server.stdout.getReader().read();
  const port = Number(new TextDecoder().decode(value));
  let people = 0;
  const running: RunningSide = {
    pid: server.pid,
    port,
    async come(heard) {
      const person = ++people;
      const ready = Promise.withResolvers<void>();
      let is_ready = false;
      const client = await openRaw(
        {
          port,
          path: side.path,
          host: `127.0.0.${1 + Math.floor(person / PER_ADDRESS)}`,
          headers: side.headers?.(person) ?? {},
        },
        {
          heard(text, self) {
            if (!is_ready && side.isReady(text)) {
              is_ready = true;
              return ready.resolve();
            }
            const answer = side.greet(text, person);
            if (answer !== null) self.say(answer);
            else heard(text, self);
          },
          opened: (self) => side.begin !== undefined && self.say(side.begin),
          closed: () => ready.reject(new Error(`${side.name} closed a socket`)),
        },
      );
      await ready.promise;
      return client;
    },
    async comeAll(count, heard) {
      const clients: RawClient[] = [];
      for (let from = 0; from < count; from += OPENED_AT_ONCE)
        clients.push(
          ...(await Promise.all(
            Array.from({ length: Math.min(OPENED_AT_ONCE, count - from) }, () => running.come(heard)),
          )),
        );
      return clients;
    },
    async say(from, count, at_once, every_ms) {
      void server.stdin.write(`${from} ${count} ${at_once} ${every_ms}\n`);
      await server.stdin.flush();
    },
    kib: () => memoryKib(server.pid),
    async [Symbol.asyncDispose]() {
      server.kill("SIGKILL");
      await server.exited;
    },
  };
  return running;
}

/** What the process has in memory of its own. */
export async function memoryKib(pid: number): Promise<number> {
  const status = await Bun.file(`/proc/${pid}/status`).text();
  return Number(/^RssAnon:\s+(\d+)/m.exec(status)![1]);
}

/** As every bench here begins its table. */
export const machine = async (): Promise<string> =>
  `${cpus().length} × ${cpus()[0]?.model}; Bun ${Bun.version}, Node ${(await Bun.$`node -v`.text()).trim()}, Socket.IO ${((await Bun.file(join(PEERS, "node_modules/socket.io/package.json")).json()) as { version: string }).version}; load ${(await Bun.file("/proc/loadavg").text()).split(" ")[0]}`;

export const option = (name: string, otherwise: number) =>
  Number(process.argv.find((arg) => arg.startsWith(`--${name}=`))?.split("=")[1] ?? otherwise);
export const whole = (n: number) => Math.round(n).toLocaleString("en");
export const at = (sorted: readonly number[], share: number) =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]!;
