import type { RawClient } from "../tests/line-history/raw-socket.ts";
/**
 * A storm of returns: 10,000 people have a line to one process, each in a group of 50. The process is killed (-9), 50 messages come
 * into every group meanwhile, and it starts again. Everybody waits by chance and comes back, as PROTOCOL.md says, with a cursor.
 * Counted: until all have everything, and what PostgreSQL was asked for, by its own counting.
 *
 *   bun bench/line-storm.ts [--clients=10000] [--group=50] [--missed=50]
 */
import { at, machine, option, whole } from "./fanout/sides.ts";
import { cpuSeconds } from "./feed-read/load.ts";
import { openLineHouse } from "./line/house.ts";
import { startLineNode } from "./line/node.ts";

const CLIENTS = option("clients", 10_000);
const GROUP = option("group", 50);
const MISSED = option("missed", 50);
const OPENED_AT_ONCE = 50;
const WAIT_MS = 500;
const WAIT_MS_MAX = 30_000;

await using house = await openLineHouse({ people: CLIENTS, group: GROUP });
await using node = await startLineNode(house.target);

interface Person {
  pos: number;
  tries: number;
  client: RawClient | null;
}
let faults = 0;
let caught_up = 0;
let came_back = 0;
let goal = 0;
let wake = () => {};
let killed_ms = 0;
const took: number[] = [];
const people = Array.from({ length: CLIENTS }, (): Person => ({ pos: 0, tries: 0, client: null }));

/** One line of theirs, and all after it. Resolves when the first answer is there. */
function live(number: number): Promise<void> {
  const person = people[number]!;
  const stream = house.streamOf(number);
  const ready = Promise.withResolvers<void>();
  const again = () => {
    person.client = null;
    const wait_ms = Math.random() * Math.min(WAIT_MS_MAX, WAIT_MS * 2 ** person.tries);
    person.tries += 1;
    setTimeout(() => void live(number), wait_ms);
  };
  node
    .open(number, house.secretOf(number), {
      opened: (client) => void (person.client = client),
      heard(text, self) {
        if (text.startsWith('["hello"'))
          self.say(JSON.stringify(["resume", { [stream]: [house.epoch, String(person.pos)] }]));
        else if (text.startsWith('["ready"')) {
          if (!text.includes('["ok"')) {
            faults += 1;
            console.error(text);
          }
          came_back += 1;
          ready.resolve();
        } else if (text.startsWith('["items"')) {
          const [, , , first, items] = JSON.parse(text) as [string, string, string, string, unknown[]];
          if (Number(first) !== person.pos + 1) faults += 1;
          person.pos = Number(first) + items.length - 1;
          if (person.pos !== goal) return;
          caught_up += 1;
          took.push(performance.now() - killed_ms);
          if (caught_up === CLIENTS) wake();
        }
      },
      closed: again,
    })
    .catch(again);
  return ready.promise;
}
for (let from = 0; from < CLIENTS; from += OPENED_AT_ONCE)
  await Promise.all(Array.from({ length: Math.min(OPENED_AT_ONCE, CLIENTS - from) }, (_, i) => live(from + i)));
console.error(`${CLIENTS} lines are open`);
const all = new Promise<void>((resolve) => (wake = resolve));
goal = MISSED;
came_back = 0;
const items = Array.from({ length: MISSED }, (_, i) => [
  String(1_000 + i),
  "message.created",
  JSON.stringify({
    body: `number ${i}: the quick brown fox jumps over the lazy dog, and the dog does not mind at all`,
  }),
  null,
  null,
  null,
]);
killed_ms = performance.now();
await node.kill();
await house.sql.pool`SELECT count(*) FROM unnest(${house.sql.pool.array(house.streams, "TEXT")}) s,
  realtime_append(s, ${{ items }}::jsonb -> 'items')`;
await house.sql.pool`SELECT pg_stat_statements_reset()`;
const cpu_of_database = cpuSeconds([house.pid]);
await node.start();
const up_ms = performance.now() - killed_ms;
console.error(`the process listens again after ${Math.round(up_ms)} ms`);
await all;
const statements = (await house.sql
  .pool`SELECT query, calls::int AS calls FROM pg_stat_statements ORDER BY calls DESC`) as {
  query: string;
  calls: number;
}[];
const of_streams = statements.filter(
  ({ query }) => /realtime_(items|streams)\b/.test(query) && !query.includes("pg_stat"),
);
const sum = (rows: { calls: number }[]) => rows.reduce((n, { calls }) => n + calls, 0);
const others = statements.filter(
  (row) => !of_streams.includes(row) && /FROM (people|chat|spaces)_/.test(row.query.replaceAll(/\s+/g, " ")),
);
if (process.argv.includes("--explain"))
  for (const { query, calls } of statements.slice(0, 12))
    console.error(calls, query.replaceAll(/\s+/g, " ").slice(0, 140));
const sorted = took.toSorted((a, b) => a - b);
console.log(`\n${await machine()}, PostgreSQL ${house.version}, fsync ${house.fsync}`);
console.log(
  `${whole(CLIENTS)} clients in ${whole(house.groups)} channels, ${MISSED} missed each; the process listened again after ${Math.round(up_ms)} ms\n`,
);
console.log("| | |\n|---|---:|");
console.log(`| half have everything after the kill, ms | ${whole(at(sorted, 0.5))} |`);
console.log(`| 99 % | ${whole(at(sorted, 0.99))} |`);
console.log(`| all (aim 10,000) | ${whole(sorted.at(-1)!)} |`);
console.log(`| reads of streams | ${whole(sum(of_streams))} |`);
console.log(`| reads of streams a channel (aim 1.2) | ${(sum(of_streams) / house.groups).toFixed(2)} |`);
console.log(`| reads of who they are and what they may, a client | ${(sum(others) / CLIENTS).toFixed(2)} |`);
console.log(`| CPU of PostgreSQL, s | ${(cpuSeconds([house.pid]) - cpu_of_database).toFixed(2)} |`);
console.log(`| items lost, twice or out of order | ${faults} |`);
await node[Symbol.asyncDispose]();
await house[Symbol.asyncDispose]();
process.exit(faults === 0 ? 0 : 1);
