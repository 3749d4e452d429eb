import type { RawClient } from "../tests/line-history/raw-socket.ts";
/**
 * Readers who do not read: 300 people in one channel, 12 KB items one after the other; once all of them read, and once a tenth stops
 * reading after the first second. How late the healthy ones get their items, what the process holds at most, and whether the stalled
 * ones have everything in the end, by the rules of PROTOCOL.md (lag: pull, then resume; closed: come back with the cursor).
 *
 *   bun bench/line-stalled.ts [--readers=300] [--items=400] [--every=40] [--chars=12000] [--stalled=10]
 */
import { at, machine, memoryKib, option, whole } from "./fanout/sides.ts";
import { openLineHouse } from "./line/house.ts";
import { startLineNode } from "./line/node.ts";

const READERS = option("readers", 300);
const ITEMS = option("items", 400);
const EVERY_MS = option("every", 40);
const CHARS = option("chars", 12_000);
const STALLED_PERCENT = option("stalled", 10);
const STALL_AFTER_MS = 1_000;
const AGAIN_MS = 300;
const SAID_CHARS = 40;

interface Reader {
  stalls: boolean;
  pos: number;
  client: RawClient | null;
}
interface Life {
  delays: number[];
  kib_before: number;
  kib_max: number;
  lags: number;
  closes: number;
  faults: number;
  converged_ms: number;
}

async function live(stalled_percent: number): Promise<Life> {
  await using house = await openLineHouse({ people: READERS, group: READERS });
  await using node = await startLineNode(house.target);
  const stream = house.streams[0]!;
  const life: Life = { delays: [], kib_before: 0, kib_max: 0, lags: 0, closes: 0, faults: 0, converged_ms: 0 };
  const readers = Array.from({ length: READERS }, (_, i): Reader => ({
    stalls: i % 100 < stalled_percent,
    pos: 0,
    client: null,
  }));
  let over = false;
  const pull = (reader: Reader) =>
    reader.client?.say(JSON.stringify(["pull", stream, { after: String(reader.pos) }, 200]));
  const resume = (reader: Reader) =>
    reader.client?.say(JSON.stringify(["resume", { [stream]: [house.epoch, String(reader.pos)] }]));
  function apply(reader: Reader, first: number, count: number): void {
    // What comes twice is known; what is missing is a fault, because nothing here is lost on the way.
    if (first > reader.pos + 1) life.faults += 1;
    reader.pos = Math.max(reader.pos, first + count - 1);
  }
  function come(number: number): Promise<void> {
    const reader = readers[number]!;
    const ready = Promise.withResolvers<void>();
    const again = () => {
      reader.client = null;
      if (!over) {
        life.closes += 1;
        setTimeout(() => void come(number), AGAIN_MS);
      }
    };
    node
      .open(number, house.secretOf(number), {
        opened: (client) => void (reader.client = client),
        heard(text) {
          if (text.startsWith('["items"')) {
            if (!reader.stalls) {
              const end = text.slice(-SAID_CHARS);
              const said_us = Number(end.slice(end.lastIndexOf("<") + 1, end.lastIndexOf(">")));
              life.delays.push(performance.timeOrigin + performance.now() - said_us / 1_000);
            }
            const [, , , first, items] = JSON.parse(text) as [string, string, string, string, unknown[]];
            apply(reader, Number(first), items.length);
          } else if (text.startsWith('["hello"')) resume(reader);
          else if (text.startsWith('["lag"')) {
            life.lags += 1;
            pull(reader);
          } else if (text.startsWith('["page"')) {
            const [, , page] = JSON.parse(text) as [
              string,
              string,
              { head: string; first_seq: string | null; items: unknown[] },
            ];
            if (page.first_seq !== null) apply(reader, Number(page.first_seq), page.items.length);
            if (reader.pos < Number(page.head)) pull(reader);
            else resume(reader);
          } else if (text.startsWith('["ready"')) {
            // Too far behind to be pushed to: pull, and resume at the head.
            if (text.includes('["gap"')) {
              reader.client?.say(JSON.stringify(["leave", [stream]]));
              pull(reader);
            }
            ready.resolve();
          }
        },
        closed: again,
      })
      .catch(again);
    return ready.promise;
  }
  for (let from = 0; from < READERS; from += 50)
    await Promise.all(Array.from({ length: Math.min(50, READERS - from) }, (_, i) => come(from + i)));
  await Bun.sleep(1_000);
  life.kib_before = await memoryKib(node.pid);
  const looking = setInterval(
    () => void memoryKib(node.pid).then((kib) => (life.kib_max = Math.max(life.kib_max, kib))),
    100,
  );
  await node.append(stream, ITEMS, CHARS, EVERY_MS);
  await Bun.sleep(STALL_AFTER_MS);
  const stalled = readers.filter(({ stalls }) => stalls);
  for (const { client } of stalled) client?.pause();
  const healthy = readers.filter(({ stalls }) => !stalls);
  while (healthy.some(({ pos }) => pos < ITEMS)) await Bun.sleep(20);
  clearInterval(looking);
  const began = performance.now();
  for (const { client } of stalled) client?.resume();
  while (readers.some(({ pos }) => pos < ITEMS)) await Bun.sleep(20);
  life.converged_ms = performance.now() - began;
  over = true;
  life.delays.sort((a, b) => a - b);
  return life;
}

const calm = await live(0);
console.error("all of them read");
const troubled = await live(STALLED_PERCENT);
console.log(`\n${await machine()}`);
console.log(
  `${whole(READERS)} readers, ${whole(ITEMS)} items of ${whole(CHARS)} characters, one every ${EVERY_MS} ms; ${STALLED_PERCENT} % stop reading\n`,
);
console.log("| | all read | some stall | ratio | aim |\n|---|---:|---:|---:|---:|");
const row = (name: string, of: (life: Life) => number, aim: string, digits = 1) =>
  console.log(
    `| ${name} | ${of(calm).toFixed(digits)} | ${of(troubled).toFixed(digits)} | ${(of(troubled) / of(calm)).toFixed(2)} × | ${aim} |`,
  );
row("p50 of the healthy, ms", ({ delays }) => at(delays, 0.5), "");
row("p99 of the healthy, ms", ({ delays }) => at(delays, 0.99), "1.1");
row("memory at most, MiB", ({ kib_max }) => kib_max / 1024, "1.2");
console.log(
  `\nThe stalled were told ${troubled.lags} times that they lag and closed ${troubled.closes} times; they had everything ${Math.round(troubled.converged_ms)} ms after they read again; ${troubled.faults + calm.faults} items lost or out of order.`,
);
process.exit(troubled.faults + calm.faults === 0 ? 0 : 1);
