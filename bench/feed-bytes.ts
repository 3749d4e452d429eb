/**
 * Bytes that an id takes: rings and push lists of the house beside Redis sorted sets and lists, on the same ids.
 *
 *   bun bench/feed-bytes.ts [--lists=2000] [--ids=800] [--authors=20000]
 *
 * Ours is what is held in all (pages, rows, index), and beside it what the process grew by. Redis is `used_memory` before and
 * after, without persistence; its sorted sets have the time as score and the id as member, its lists the ids, both as text.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";

import { RedisClient } from "bun";

import { createSystemClock } from "#ports/clock/index.ts";

import { BEFORE_ALL_KEYS, keyOf } from "../systems/feed/timelines/key.ts";
import { createLists } from "../systems/feed/timelines/lists.ts";
import { createRingTable } from "../systems/feed/timelines/ring-table.ts";

const option = (name: string, otherwise: number) =>
  Number(process.argv.find((arg) => arg.startsWith(`--${name}=`))?.split("=")[1] ?? otherwise);
const LISTS = option("lists", 2_000);
const IDS = option("ids", 800);
const AUTHORS = option("authors", 20_000);
const clock = createSystemClock();

let seed = 20_261_121;
function random(): number {
  seed = (seed + 0x6d2b79f5) >>> 0;
  let x = Math.imul(seed ^ (seed >>> 15), seed | 1);
  x ^= x + Math.imul(x ^ (x >>> 7), x | 61);
  return ((x ^ (x >>> 14)) >>> 0) / 2 ** 32;
}
/** Newest first; ms apart at random over a month. */
function idsOf(count: number): { id: string; ms: number }[] {
  let ms = 58_000_000_000 + Math.floor(random() * 1e9);
  return Array.from({ length: count }, () => {
    ms -= 1 + Math.floor(random() * 3_000_000);
    return { id: ((BigInt(ms) << 22n) | (BigInt(Math.floor(random() * 4)) << 12n)).toString(), ms };
  });
}

const home = await mkdtemp(join(tmpdir(), "folkhus-bytes-"));
const port = 20_000 + Math.floor(Math.random() * 20_000);
const server = Bun.spawn(
  ["redis-server", "--port", `${port}`, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", home],
  { stdout: "ignore" },
);
while ((await Bun.$`redis-cli -p ${port} ping`.quiet().nothrow()).exitCode !== 0) await Bun.sleep(20);
const redis = new RedisClient(`redis://127.0.0.1:${port}`);
const usedBytes = async () =>
  Number(/used_memory:(\d+)/.exec(String(await redis.send("INFO", ["memory"])))?.[1] ?? Number.NaN);

interface Row {
  what: string;
  ids: number;
  ours: number;
  /** Of the heap that the engine counts, where nothing else came or went meanwhile. */
  grown: number | null;
  sorted_set: number;
  list: number;
}
const rows: Row[] = [];

async function redisBytes(all: { id: string; ms: number }[][]) {
  await redis.send("FLUSHALL", []);
  const empty = await usedBytes();
  for (const [i, list] of all.entries())
    if (list.length > 0) await redis.send("ZADD", [`home:${i}`, ...list.flatMap(({ id, ms }) => [`${ms}`, id])]);
  const sets = (await usedBytes()) - empty;
  await redis.send("FLUSHALL", []);
  const clean = await usedBytes();
  for (const [i, list] of all.entries())
    if (list.length > 0) await redis.send("RPUSH", [`home:${i}`, ...list.map(({ id }) => id)]);
  return { sets, lists: (await usedBytes()) - clean };
}

async function measure(what: string, all: { id: string; ms: number }[][], make: (keys: number[][]) => () => number) {
  const ids = all.reduce((n, list) => n + list.length, 0);
  const keys = all.map((list) => list.map(({ id }) => keyOf(id)));
  Bun.gc(true);
  const before = process.memoryUsage();
  const held = make(keys);
  Bun.gc(true);
  const after = process.memoryUsage();
  const grown = after.heapUsed - before.heapUsed;
  const { sets, lists } = await redisBytes(all);
  rows.push({ what, ids, ours: held() / ids, grown: grown / ids, sorted_set: sets / ids, list: lists / ids });
}

const rings = (entries_max: number) => (all: number[][]) => {
  const table = createRingTable({ entries_max });
  all.forEach((keys, i) => table.make(i + 1, keys.slice(0, entries_max), BEFORE_ALL_KEYS));
  return () => table.stats().held_bytes;
};
const full = Array.from({ length: Math.floor((LISTS * IDS) / 256) }, () => idsOf(256));
await measure("rings, 256 ids each", full, rings(256));
await measure(
  `homes of ${IDS} ids in the same table`,
  Array.from({ length: LISTS }, () => idsOf(IDS)),
  rings(IDS),
);
const few = Array.from({ length: AUTHORS }, (_, i) =>
  idsOf(Math.max(1, Math.min(256, Math.round(2_400 / (i + 1) ** 0.55)))),
);
await measure(`rings of ${AUTHORS} authors by a power law`, few, rings(256));

const pushed = Array.from({ length: LISTS }, () => idsOf(IDS));
const lists = createLists({
  clock,
  load: async (actors) => ({
    keys: pushed[Number(actors[0])]!.map(({ id }) => keyOf(id)),
    covers_from: BEFORE_ALL_KEYS,
  }),
  since: async () => new Map(),
  bytes_max: 2 ** 31,
  list_entries_max: IDS,
  idle_ms_max: 1e9,
});
Bun.gc(true);
for (let i = 0; i < LISTS; i++) await lists.of(`${i}`, [`${i}`]);
const in_lists = await redisBytes(pushed);
const told = lists.stats();
rows.push({
  what: `push lists, ${IDS} ids each`,
  ids: told.entries,
  ours: told.bytes / told.entries,
  grown: null,
  sorted_set: in_lists.sets / told.entries,
  list: in_lists.lists / told.entries,
});

const version = /v=(\S+)/.exec(await Bun.$`redis-server --version`.text())?.[1];
console.log(`${cpus().length} × ${cpus()[0]?.model}; Bun ${Bun.version}, Redis ${version}; bytes an id`);
console.log(
  "| | ids | folkhus | process grew by | Redis sorted set | ratio | Redis list | ratio |\n|---|---:|---:|---:|---:|---:|---:|---:|",
);
for (const row of rows)
  console.log(
    `| ${row.what} | ${row.ids} | ${row.ours.toFixed(2)} | ${row.grown?.toFixed(2) ?? ""} | ${row.sorted_set.toFixed(1)} | ${(row.sorted_set / row.ours).toFixed(1)}× | ${row.list.toFixed(1)} | ${(row.list / row.ours).toFixed(1)}× |`,
  );
redis.close();
server.kill();
await server.exited;
await rm(home, { recursive: true, force: true });
process.exit(0);
