import { join } from "node:path";

import { createRedis, createRedisBus } from "#engines/redis/index.ts";
import { testRedis } from "#engines/redis/testing.ts";
import { freePort } from "#ports/http/testing.ts";
import { createJobs } from "#ports/jobs/index.ts";
import { testHouse } from "#systems/people/testing.ts";
import { createRealtime, REALTIME_FOLDER } from "#systems/realtime/index.ts";

import { checkHistory, type History } from "./check.ts";
import { createDevice, type Device } from "./device.ts";
import { makeRooms, removedAt, removeMember, serveRooms } from "./rooms.ts";

export interface HistoryReport {
  faults: string[];
  items: number;
  acked: number;
  applied: number;
  /** How often each of these happened. */
  happened: Record<Trouble, number>;
  healed_ms: number;
}

const TROUBLES = [
  "killed",
  "frozen",
  "cut",
  "crashed",
  "removed",
  "cut_in_the_handshake",
  "readers_slow",
  "lagged",
  "half_open",
  "database_away",
  "clocks_off",
  "lost_on_the_bus",
  "repeated_on_the_bus",
  "late_on_the_bus",
] as const;
type Trouble = (typeof TROUBLES)[number];

export interface HistoryOptions {
  /** Stops the database as `kill -9` does and starts it again; without it all its sessions end at once, which others in the cluster do not notice. */
  restartDatabase?(): Promise<void>;
  /** Half-open lines, which a client notices after 35 s, and readers who stall until they lag. */
  long?: boolean;
}

const ROOMS = ["a", "b"];
const PEOPLE = 6;
const HEAL_MS_MAX = 120_000;
const SKEW_MS_MAX = 240_000;
/** 6 MB for each who reads. */
const FLOOD_ITEMS = 500;
const FLOOD_CHARS = 12_000;
const FLOOD_MS_MAX = 20_000;

/**
 * Several processes of the line on a real PostgreSQL and a real Redis, with real clients on real sockets, while processes
 * are killed and stopped, connections break and members are taken out; then what everybody saw is compared.
 */
export async function liveHistory(
  seed: number,
  trouble_ms: number,
  processes: number,
  { restartDatabase, long = false }: HistoryOptions = {},
): Promise<HistoryReport> {
  const happened = Object.fromEntries(TROUBLES.map((name) => [name, 0])) as Record<Trouble, number>;
  const random = seeded(seed);
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)]!;
  await using opened = new AsyncDisposableStack();
  const house = opened.use(await testHouse([REALTIME_FOLDER]));
  const redis_server = opened.use(await testRedis());
  const { sql, clock, ids, target } = house.db;
  const redis = opened.use(createRedis({ url: redis_server.url, clock, command_ms_max: 2_000 }));
  const bus = opened.use(createRedisBus({ redis, url: redis_server.url, clock, house: "history" }));
  const jobs = createJobs({ sql, clock });
  const { log, limiter, people } = house;
  const realtime = opened.use(await createRealtime({ sql, ids, bus, clock, log, jobs, limiter, people }));
  serveRooms(realtime, sql);
  await makeRooms(sql);
  const persons = await Promise.all(Array.from({ length: PEOPLE }, (_, i) => house.person(`p${i}`)));
  for (const room of ROOMS)
    for (const { id } of persons) await sql.pool`INSERT INTO room_members VALUES (${room}, ${id})`;

  const died: string[] = [];
  const nodes = await Promise.all(
    Array.from({ length: processes }, (_, i) => {
      // One clock is right, the others are minutes off, to both sides.
      const skew_ms = i === 0 ? 0 : Math.round((i % 2 === 0 ? -1 : 1) * (60_000 + random() * SKEW_MS_MAX));
      if (skew_ms !== 0) happened.clocks_off += 1;
      return startProcess(
        { target, redis_url: redis_server.url, node: 100 + i, skew_ms },
        ({ lost, repeated, late }) => {
          happened.lost_on_the_bus += lost;
          happened.repeated_on_the_bus += repeated;
          happened.late_on_the_bus += late;
        },
        (fault) => died.push(fault),
      );
    }),
  );
  opened.defer(async () => {
    for (const node of nodes) await node.kill();
  });
  const [{ epoch }] = (await sql.pool`SELECT realtime_epoch() AS epoch`) as [{ epoch: string }];
  const history: History = { epoch, removals: [] };
  const devices: Device[] = persons.flatMap((person, p) =>
    [0, 1].map((d) =>
      createDevice({
        name: `p${p}d${d}`,
        person_id: person.id,
        token: person.token,
        port: () => pick(nodes).port,
        random,
      }),
    ),
  );
  opened.defer(() => devices.forEach((device) => device.stop()));
  for (const device of devices) {
    for (const room of ROOMS) device.follow(`room:${room}`, history);
    device.start();
  }

  const until = performance.now() + trouble_ms;
  const pause = (least: number, most: number) => Bun.sleep(least + random() * (most - least));
  const starting = new Set<Promise<void>>();
  /** One that is up, as soon as there is one. */
  async function up() {
    for (;;) {
      const all = nodes.filter((node) => node.is_up);
      if (all.length > 0) return pick(all);
      await Bun.sleep(20);
    }
  }
  async function kill(): Promise<void> {
    const node = await up();
    happened.killed += 1;
    await node.kill();
    // Others have their troubles meanwhile.
    starting.add(pause(50, 1_500).then(() => node.start()));
  }
  async function freeze(): Promise<void> {
    const node = await up();
    node.freeze();
    while (!(await node.isStopped())) await Bun.sleep(5);
    await pause(200, 2_500);
    happened.frozen += 1;
    node.thaw();
  }
  async function cut(): Promise<void> {
    happened.cut += 1;
    pick(devices).cut();
  }
  async function crash(): Promise<void> {
    const device = pick(devices);
    happened.crashed += 1;
    device.crash();
    await pause(10, 1_000);
    device.start();
  }
  /** Of the last two people, so that others see it all. */
  async function remove(): Promise<void> {
    const person = pick(persons.slice(-2));
    const room = pick(ROOMS);
    if (history.removals.some((r) => r.room === room && r.person_id === person.id)) return;
    const seq = await insist(
      async () => (await removedAt(sql, room, person.id)) ?? removeMember(realtime, sql, room, person.id),
    );
    if (seq === null) return;
    happened.removed += 1;
    history.removals.push({ room, person_id: person.id, seq });
  }
  /** Some before they said a word, some in the middle of it, some before they heard the answer, and some just after. */
  async function cutInTheHandshake(): Promise<void> {
    const node = await up();
    for (let i = 0; i < 8; i++)
      if (await cutHandshake(node.port, pick(persons).token, i % 4)) happened.cut_in_the_handshake += 1;
    const device = pick(devices);
    device.crash();
    device.start();
    setTimeout(() => device.cut(), random() * 10);
  }
  async function slow(): Promise<void> {
    happened.readers_slow += 1;
    pick(devices).stall(500 + random() * 1_500);
    if (!long) return;
    // More than the kernel holds for them.
    const [slowest, writer] = [devices[0]!, devices[2]!];
    slowest.stall(FLOOD_MS_MAX);
    for (let n = 0; n < FLOOD_ITEMS; n++) {
      writer.send(`room:${ROOMS[0]}`, "x".repeat(FLOOD_CHARS));
      if (n % 40 === 0) await Bun.sleep(50);
    }
    const until_ms = performance.now() + FLOOD_MS_MAX;
    while (writer.unsent() > 0 && performance.now() < until_ms) await Bun.sleep(50);
  }
  async function halfOpen(): Promise<void> {
    if (pick(devices).deafen()) happened.half_open += 1;
  }
  async function takeDatabase(): Promise<void> {
    happened.database_away += 1;
    if (restartDatabase) return restartDatabase();
    // Its own session is one of them.
    await sql.pool`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()`.catch(
      () => {},
    );
  }
  const hard = [kill, freeze, takeDatabase];
  const small = [cut, crash, remove, cutInTheHandshake, slow, ...(long ? [halfOpen] : [])];
  const troubling = (async () => {
    // Each at least once, and then as chance has it.
    const least = 2 * Math.max(hard.length, small.length);
    for (let i = 0; i < least || performance.now() < until; i++) {
      await pause(100, long ? 700 : 300);
      const of = i % 2 === 0 ? hard : small;
      const nth = Math.floor(i / 2);
      await (nth < of.length ? of[nth]! : pick(of))();
    }
  })();
  let is_over = false;
  const ended = troubling.finally(() => (is_over = true));
  while (!is_over) {
    const device = pick(devices);
    for (let i = Math.floor(random() * 4); i >= 0; i--) device.send(`room:${pick(ROOMS)}`);
    await pause(2, 25);
  }
  await ended;
  await Promise.all(starting);

  const healing = performance.now();
  let faults: string[] = [];
  do {
    await Bun.sleep(200);
    faults = [...died, ...(await insist(() => checkHistory(sql, devices, ROOMS, history)))];
  } while (
    faults.length > 0 &&
    performance.now() - healing < HEAL_MS_MAX &&
    !faults.some((fault) => fault.startsWith("!"))
  );
  const [{ n: items }] = (await sql.pool`SELECT count(*)::int AS n FROM realtime_items`) as [{ n: number }];
  const sum = (of: (device: Device) => number) => devices.reduce((all, device) => all + of(device), 0);
  return {
    faults,
    items,
    acked: sum((device) => device.acked.size),
    applied: sum((device) => [...device.applied.values()].reduce((n, all) => n + all.length, 0)),
    happened: { ...happened, lagged: sum((device) => device.lags) },
    healed_ms: Math.round(performance.now() - healing),
  };
}

/** What the database's being away for a moment refuses is asked again. */
async function insist<T>(work: () => Promise<T>): Promise<T> {
  for (let tries = 0; ; tries++) {
    try {
      return await work();
    } catch (error) {
      if (tries >= 100) throw error;
      await Bun.sleep(100);
    }
  }
}

/** @returns whether a connection stood, that was gone before its line did */
async function cutHandshake(port: number, token: string, how: number): Promise<boolean> {
  const words = `GET /v1/socket HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nAuthorization: Bearer ${token}\r\n\r\n`;
  try {
    const socket = await Bun.connect({ hostname: "127.0.0.1", port, socket: { data() {}, error() {} } });
    if (how > 0) socket.write(how === 1 ? words.slice(0, 60) : words);
    socket.flush();
    if (how === 3) await Bun.sleep(1);
    socket.terminate();
    return true;
  } catch {
    // That process is down at present.
    return false;
  }
}

interface BusTrouble {
  lost: number;
  repeated: number;
  late: number;
}

async function startProcess(
  options: { target: unknown; redis_url: string; node: number; skew_ms: number },
  onTrouble: (trouble: BusTrouble) => void,
  onDied: (fault: string) => void,
) {
  const port = freePort();
  let child: Bun.Subprocess<"ignore", "pipe", "inherit"> | null = null;
  const node = {
    is_up: false,
    port,
    async start(): Promise<void> {
      child = Bun.spawn(
        [process.execPath, join(import.meta.dirname, "node-child.ts"), JSON.stringify({ ...options, port })],
        { stdin: "ignore", stdout: "pipe", stderr: "inherit" },
      );
      const says = linesOf(child.stdout);
      if ((await says.next()).done) {
        // Where the database was away just then.
        await Bun.sleep(200);
        return node.start();
      }
      node.is_up = true;
      const mine = child;
      void mine.exited.then((code) => {
        if (child !== mine || !node.is_up) return;
        node.is_up = false;
        onDied(`! the process at ${port} ended by itself, with ${code}`);
      });
      void (async () => {
        for await (const line of says) onTrouble(JSON.parse(line) as BusTrouble);
      })();
    },
    async kill() {
      node.is_up = false;
      child?.kill("SIGKILL");
      await child?.exited;
    },
    freeze: () => child?.kill("SIGSTOP"),
    thaw: () => child?.kill("SIGCONT"),
    /** Looked at, not believed. */
    async isStopped(): Promise<boolean> {
      const stat = await Bun.file(`/proc/${child?.pid}/stat`).text();
      return stat.slice(stat.lastIndexOf(")") + 2).startsWith("T");
    },
  };
  await node.start();
  return node;
}

/** Whole lines; what a process was saying when it was killed is none. */
async function* linesOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of stream) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = lines.pop()!;
    for (const line of lines) yield line;
  }
}

function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let x = state;
    x = Math.imul(x ^ (x >>> 15), x | 1);
    x ^= x + Math.imul(x ^ (x >>> 7), x | 61);
    return ((x ^ (x >>> 14)) >>> 0) / 4_294_967_296;
  };
}
