import { Centrifuge, type Options, type PublicationContext, type Subscription } from "centrifuge";
import { Centrifuge as InProtobuf } from "centrifuge/build/protobuf";

import type { Bus } from "#ports/bus/index.ts";
import type { Clock } from "#ports/clock/index.ts";
import { createApi, createIdempotency, DEFAULT_LIMITS, type SocketPart } from "#ports/http/index.ts";
import { createJobs } from "#ports/jobs/index.ts";
import type { TestHouse, TestPerson } from "#systems/people/testing.ts";
import { createRealtime, type Realtime } from "#systems/realtime/index.ts";
import type { TestLine } from "#systems/realtime/testing.ts";

import { CENTRIFUGO_PATH } from "./contract.ts";
import { serveCentrifugo } from "./index.ts";

/** A network of tests, without wires: what clients say comes to the house's own door. */
export interface TestNet {
  /** In place of the browser's WebSocket. */
  WebSocket: typeof WebSocket;
  /** Connections that are open, the oldest first. */
  readonly open: TestSocket[];
  /** While true, nobody reaches the house. */
  down: boolean;
  /** Breaks what is open; who comes back while it is down fails. */
  cut(): void;
  /** A line without a client at it. */
  raw(token?: string): Promise<RawClient>;
}

export interface TestSocket {
  /** The network breaks: neither side said goodbye. */
  cut(): void;
  /** Bytes that this client has not taken yet, as the house sees it. */
  waiting: number;
  /** While true, nothing that the house says arrives. */
  stalled: boolean;
  /** Takes all that was said, and what comes. */
  read(): void;
}

export interface RawClient {
  say(text: string): void;
  heard: string[];
  /** Resolves with the code when the house closes the line. */
  closed: Promise<number>;
  /** A reply, waited for. */
  reply(id: number): Promise<Record<string, unknown>>;
  /** A push that says this, waited for. */
  push(what: string): Promise<unknown>;
}

const URL_OF_TESTS = `http://house.test${CENTRIFUGO_PATH}`;

export function testNet(house: Pick<TestHouse, "api">): TestNet {
  const open: TestSocket[] = [];

  async function dial(headers: Record<string, string>, url = URL_OF_TESTS): Promise<SocketPart> {
    const part = await house.api.upgrade(new Request(url, { headers }), "192.0.2.1");
    if (!part || part instanceof Response) throw new Error(part ? await part.text() : "no such path");
    return part;
  }

  class Socket implements TestSocket {
    onopen: (() => void) | null = null;
    onmessage: ((event: { data: string | Uint8Array }) => void) | null = null;
    onclose: ((event: { code: number; reason: string }) => void) | null = null;
    onerror: ((event: unknown) => void) | null = null;
    waiting = 0;
    stalled = false;
    readonly #kept: (string | Uint8Array)[] = [];
    #part: SocketPart | null = null;
    #ended = false;

    constructor(url: string, protocol?: string) {
      if (net.down) queueMicrotask(() => this.#end(1006, ""));
      else
        void dial(
          protocol === undefined ? {} : { "sec-websocket-protocol": protocol },
          url.replace(/^ws/, "http"),
        ).then(
          (part) => this.#stand(part),
          () => this.#end(1006, ""),
        );
    }
    #stand(part: SocketPart): void {
      if (this.#ended) return part.closed();
      this.#part = part;
      open.push(this);
      // As over a network: later, and in order.
      const send = (words: string | Uint8Array) => {
        this.#kept.push(words);
        queueMicrotask(() => this.#deliver());
        return true;
      };
      part.opened({
        send,
        sendBytes: send,
        close: (code, reason) => {
          queueMicrotask(() => {
            this.#deliver();
            this.#end(code, reason);
          });
        },
        waiting: () => this.waiting,
      });
      this.onopen?.();
    }
    #deliver(): void {
      if (this.stalled || this.#ended) return;
      for (const data of this.#kept.splice(0)) this.onmessage?.({ data });
    }
    #end(code: number, reason: string): void {
      if (this.#ended) return;
      this.#ended = true;
      const at = open.indexOf(this);
      if (at >= 0) open.splice(at, 1);
      this.#part?.closed();
      this.onclose?.({ code, reason });
    }
    send(words: string | Uint8Array): void {
      if (this.#ended) return;
      if (typeof words === "string") this.#part?.said(words);
      else this.#part?.saidBytes?.(words);
    }
    close(): void {
      this.#end(1000, "");
    }
    cut(): void {
      this.#end(1006, "");
    }
    read(): void {
      this.stalled = false;
      this.waiting = 0;
      this.#deliver();
    }
  }

  const net: TestNet = {
    WebSocket: Socket as unknown as typeof WebSocket,
    open,
    down: false,
    cut() {
      for (const socket of open.slice()) socket.cut();
    },
    async raw(token) {
      const heard: string[] = [];
      const ended = Promise.withResolvers<number>();
      const wakers = new Set<() => void>();
      const part = await dial(token === undefined ? {} : { authorization: `Bearer ${token}` });
      part.opened({
        send(text) {
          heard.push(...text.split("\n"));
          for (const wake of wakers) wake();
          wakers.clear();
          return true;
        },
        close(code) {
          ended.resolve(code);
          queueMicrotask(() => part.closed());
        },
        waiting: () => 0,
      });
      async function said<T>(pick: (message: Record<string, unknown>) => T | undefined): Promise<T> {
        for (;;) {
          for (const text of heard) {
            const found = pick(JSON.parse(text) as Record<string, unknown>);
            if (found !== undefined) return found;
          }
          await new Promise<void>((resolve) => wakers.add(resolve));
        }
      }
      return {
        heard,
        closed: ended.promise,
        say: (text) => part.said(text),
        reply: (id) => said((message) => (message.id === id ? message : undefined)),
        push: (what) => said(({ push }) => (push && what in (push as object) ? push : undefined)),
      };
    },
  };
  return net;
}

/** One more node of a test house, with a door of its own. */
export interface TestNode extends AsyncDisposable {
  realtime: Realtime;
  net: TestNet;
}

export async function nodeOf(house: TestHouse, { bus, clock }: { bus: Bus; clock: Clock }): Promise<TestNode> {
  const { sql, ids } = house.db;
  const { log, limiter, people } = house;
  const jobs = createJobs({ sql, clock });
  const onFailure = (error: unknown) => void house.broken.push(error);
  const realtime = await createRealtime({ sql, ids, bus, clock, log, jobs, limiter, people, onFailure });
  const api = createApi({
    authenticate: people.authenticate,
    limiter,
    limits: DEFAULT_LIMITS,
    idempotency: createIdempotency(sql, "a secret of tests"),
    clock,
    trusted_proxies: 0,
    requestId: () => crypto.randomUUID(),
    onServed: ({ error }) => error !== undefined && house.broken.push(error),
  });
  serveCentrifugo(api, { clock, people, line: realtime, version: "house" });
  return { realtime, net: testNet({ api }), [Symbol.asyncDispose]: () => realtime[Symbol.asyncDispose]() };
}

/** The npm client as it is, with short waits before it comes back. */
export const clientOn = (net: TestNet, token: string, more: Partial<Options> = {}, script = "json"): Centrifuge =>
  new (script === "json" ? Centrifuge : (InProtobuf as unknown as typeof Centrifuge))(
    URL_OF_TESTS.replace("http", "ws"),
    {
      websocket: net.WebSocket,
      token,
      minReconnectDelay: 5,
      maxReconnectDelay: 20,
      // A machine that is busy is not away.
      timeout: 60_000,
      ...more,
    },
  );

/** Somebody else on that node, over the house's own line. @returns waits until the node has told this one */
export async function witnessOf(
  line: TestLine,
  person: TestPerson,
  stream: string,
): Promise<(seq: number) => Promise<void>> {
  const client = await line.connect(person);
  client.say(["resume", { [stream]: null }]);
  await client.next("ready");
  let told = 0;
  return async (seq) => {
    while (told < seq) {
      const [, , , first, items] = await client.next("items");
      told = Number(first) + items.length - 1;
    }
  };
}

export interface Heard {
  publications: PublicationContext[];
  /** Offsets of what is part of the stream, in the order in which it came. */
  offsets(): number[];
  /** Waits until this one was heard. */
  upTo(offset: number): Promise<number[]>;
}

export function hear(sub: Subscription): Heard {
  const publications: PublicationContext[] = [];
  const wakers = new Set<() => void>();
  sub.on("publication", (ctx) => {
    publications.push(ctx);
    for (const wake of wakers) wake();
    wakers.clear();
  });
  const offsets = () => publications.flatMap(({ offset }) => offset ?? []);
  return {
    publications,
    offsets,
    async upTo(offset) {
      while ((offsets().at(-1) ?? 0) < offset) await new Promise<void>((resolve) => wakers.add(resolve));
      return offsets();
    },
  };
}

/** The next time that this happens. */
export const next = <T>(
  source: { once(event: never, listener: (ctx: T) => void): unknown },
  event: string,
): Promise<T> => new Promise((resolve) => source.once(event as never, resolve));
