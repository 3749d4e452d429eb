import { join } from "node:path";

import { createRedis, createRedisBus } from "#engines/redis/index.ts";
import { testRedis } from "#engines/redis/testing.ts";
import { freePort } from "#ports/http/testing.ts";
import { createJobs } from "#ports/jobs/index.ts";
import { testHouse } from "#systems/people/testing.ts";
import { createRealtime, REALTIME_FOLDER } from "#systems/realtime/index.ts";

import { checkHistory, type History } from "./check.ts";
import { createDevice, type Device } from "./device.ts";
import { makeRooms, removeMember, serveRooms } from "./rooms.ts";

export interface HistoryReport {
  faults: string[];
  items: number;
  acked: number;
  applied: number;
  killed: number;
  frozen: number;
  cut: number;
  removed: number;
  healed_ms: number;
}

const ROOMS = ["a", "b"];
const PEOPLE = 6;
const HEAL_MS_MAX = 120_000;

/**
 * Several processes of the line on a real PostgreSQL and a real Redis, with real clients on real sockets, while processes
 * are killed and stopped, connections break and members are taken out; then what everybody saw is compared.
 */
export async function liveHistory(seed: number, trouble_ms: number, processes: number): Promise<HistoryReport> {
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

  const nodes = await Promise.all(
    Array.from({ length: processes }, (_, i) => startProcess({ target, redis_url: redis_server.url, node: 100 + i })),
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
        url: () => pick(nodes).url,
        random,
      }),
    ),
  );
  opened.defer(() => devices.forEach((device) => device.stop()));
  for (const device of devices) {
    for (const room of ROOMS) device.follow(`room:${room}`, history);
    device.start();
  }

  let [killed, frozen, cut, removed] = [0, 0, 0, 0];
  const until = performance.now() + trouble_ms;
  const pause = (least: number, most: number) => Bun.sleep(least + random() * (most - least));
  const starting = new Set<Promise<void>>();
  const nemeses = [
    async () => {
      const node = pick(nodes);
      if (!node.is_up) return;
      killed += 1;
      await node.kill();
      // Others have their troubles meanwhile.
      starting.add(pause(50, 1_500).then(() => node.start()));
    },
    async () => {
      const node = pick(nodes);
      if (!node.is_up) return;
      frozen += 1;
      node.freeze();
      await pause(200, 2_500);
      node.thaw();
    },
    async () => {
      cut += 1;
      pick(devices).cut();
    },
    async () => {
      // Of the last two people, so that others see it all.
      const person = pick(persons.slice(-2));
      const room = pick(ROOMS);
      const seq = await removeMember(realtime, sql, room, person.id);
      if (seq === null) return;
      removed += 1;
      history.removals.push({ room, person_id: person.id, seq });
    },
    async () => {
      const device = pick(devices);
      device.crash();
      await pause(10, 1_000);
      device.start();
    },
  ];
  const troubling = (async () => {
    for (let i = 0; performance.now() < until; i++) {
      await pause(100, 700);
      await nemeses[i % 2 === 0 ? Math.floor(random() * 2) : 2 + Math.floor(random() * 3)]!();
    }
  })();
  while (performance.now() < until) {
    const device = pick(devices);
    for (let i = Math.floor(random() * 4); i >= 0; i--) device.send(`room:${pick(ROOMS)}`);
    await pause(2, 25);
  }
  await troubling;
  await Promise.all(starting);

  const healing = performance.now();
  let faults: string[] = [];
  do {
    await Bun.sleep(200);
    faults = await checkHistory(sql, devices, ROOMS, history);
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
    killed,
    frozen,
    cut,
    removed,
    healed_ms: Math.round(performance.now() - healing),
  };
}

async function startProcess(options: { target: unknown; redis_url: string; node: number }) {
  const port = freePort();
  let child: Bun.Subprocess<"ignore", "pipe", "inherit"> | null = null;
  const node = {
    is_up: false,
    url: `ws://127.0.0.1:${port}/v1/socket`,
    async start() {
      child = Bun.spawn(
        [process.execPath, join(import.meta.dirname, "node-child.ts"), JSON.stringify({ ...options, port })],
        {
          stdin: "ignore",
          stdout: "pipe",
          stderr: "inherit",
        },
      );
      const { value } = await child.stdout.getReader().read();
      if (!value) throw new Error("a process of the line did not start");
      node.is_up = true;
    },
    async kill() {
      node.is_up = false;
      child?.kill("SIGKILL");
      await child?.exited;
    },
    freeze: () => child?.kill("SIGSTOP"),
    thaw: () => child?.kill("SIGCONT"),
  };
  await node.start();
  return node;
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
