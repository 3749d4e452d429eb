import type { Json } from "#kernel/json.ts";
import { createLocalBus, type LocalBus } from "#ports/bus/index.ts";
import type { SocketLine } from "#ports/http/index.ts";
import { createJobs, type Jobs } from "#ports/jobs/index.ts";
import type { MigrationFolder } from "#ports/sql/index.ts";
import { type TestHouse, testHouse, type TestPerson } from "#systems/people/testing.ts";

import type { ClientFrame, HouseFrame } from "./contract.ts";
import { createRealtime, type Realtime, REALTIME_FOLDER } from "./index.ts";

/** The line of a test house: one node, with the real database below it. */
export interface TestLine extends AsyncDisposable {
  house: TestHouse;
  jobs: Jobs;
  bus: LocalBus;
  realtime: Realtime;
  /** A client without a network: everything but the socket is real. */
  connect(person: TestPerson | null, address?: string): Promise<TestClient>;
}

/** What a client of the line sees and says, frame by frame. */
export interface TestClient {
  heard: HouseFrame[];
  say(...frames: ClientFrame[]): void;
  sayText(text: string): void;
  /** The next frame of this kind that was not asked for before, waited for. */
  next<N extends HouseFrame[0]>(
    name: N,
    like?: (frame: Extract<HouseFrame, [N, ...unknown[]]>) => boolean,
  ): Promise<Extract<HouseFrame, [N, ...unknown[]]>>;
  /** Resolves with the code when the house closes the line. */
  closed: Promise<number>;
  leave(): void;
  /** Bytes that this client has not taken yet, as the house sees it. */
  reading: { waiting: number };
}

export async function testLine(more: MigrationFolder[] = []): Promise<TestLine> {
  const house = await testHouse([REALTIME_FOLDER, ...more]);
  const { sql, clock, ids } = house.db;
  const jobs = createJobs({ sql, clock });
  const bus = createLocalBus();
  const realtime = await createRealtime({
    sql,
    ids,
    bus,
    clock,
    log: house.log,
    jobs,
    limiter: house.limiter,
    people: house.people,
    onFailure: (error) => house.broken.push(error),
  });
  realtime.serve(house.api);
  return {
    house,
    jobs,
    bus,
    realtime,
    connect: (person, address = "192.0.2.1") => connectTo(house, person, address),
    async [Symbol.asyncDispose]() {
      await realtime[Symbol.asyncDispose]();
      await bus[Symbol.asyncDispose]();
      await jobs.drain(1_000);
      await house[Symbol.asyncDispose]();
    },
  };
}

async function connectTo(
  house: Pick<TestHouse, "api">,
  person: TestPerson | null,
  address: string,
): Promise<TestClient> {
  const headers: Record<string, string> = person ? { authorization: `Bearer ${person.token}` } : {};
  const part = await house.api.upgrade(new Request("http://house.test/v1/socket", { headers }), address);
  if (!part || part instanceof Response) throw new Error(`no line: ${part ? await part.text() : "no such path"}`);
  return clientOf((line) => {
    part.opened(line);
    return part;
  });
}

/** A client at the other end of what `open` makes of its line. */
export function clientOf(open: (line: SocketLine) => { said(text: string): void; closed(): void }): TestClient {
  const heard: HouseFrame[] = [];
  const taken = new Set<HouseFrame>();
  const waiting = new Set<() => void>();
  const ended = Promise.withResolvers<number>();
  const reading = { waiting: 0 };
  let is_open = true;
  const client: TestClient = {
    heard,
    reading,
    say: (...frames) => frames.forEach((frame) => client.sayText(JSON.stringify(frame satisfies Json[]))),
    sayText: (text) => part.said(text),
    async next(name, like = () => true) {
      for (;;) {
        const found = heard.find((frame) => frame[0] === name && !taken.has(frame) && like(frame as never));
        if (found) {
          taken.add(found);
          return found as never;
        }
        if (!is_open) throw new Error(`the line was closed before "${name}" came; heard ${JSON.stringify(heard)}`);
        await new Promise<void>((resolve) => waiting.add(resolve));
      }
    },
    closed: ended.promise,
    leave() {
      if (!is_open) return;
      is_open = false;
      part.closed();
    },
  };
  const wake = () => {
    for (const resolve of waiting) resolve();
    waiting.clear();
  };
  const part = open({
    send(text) {
      heard.push(JSON.parse(text) as HouseFrame);
      wake();
      return true;
    },
    close(code) {
      if (!is_open) return;
      is_open = false;
      ended.resolve(code);
      // As the network does it: a moment later.
      queueMicrotask(() => part.closed());
      wake();
    },
    waiting: () => reading.waiting,
  });
  return client;
}
