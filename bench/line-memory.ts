/**
 * Memory of connections that are idle: who they are is known, and they listen to one room. The line beside Socket.IO 4.8 on
 * Node, the same clients on both. What the process has of its own (RssAnon), 4 s after the last one came, less what it had
 * before the first.
 *
 *   npm install --prefix bench/peers
 *   bun bench/line-memory.ts [--connections=20000] [--steps=4]
 */
import { LINE, machine, needPeers, option, SOCKET_IO, start, whole } from "./fanout/sides.ts";

needPeers();
/** Of what one process may hold open; some are its own. */
const FILES_OF_ITS_OWN = 60;
const files = Number((await Bun.$`sh -c "ulimit -n"`.text()).trim()) - FILES_OF_ITS_OWN;
const asked = option("connections", 20_000);
const most = Math.min(asked, files);
const steps = option("steps", 4);
const SETTLED_MS = 4_000;
const sizes = [
  1_000,
  ...Array.from({ length: steps - 1 }, (_, i) => Math.round((most * (i + 1)) / (steps - 1))),
].filter((n, i, all) => n <= most && all.indexOf(n) === i);

interface Row {
  kib: number;
  mib: number;
  ms: number;
}
const rows = new Map<string, Row[]>();
for (const side of [LINE, SOCKET_IO]) {
  await using server = await start(side);
  const before = await server.kib();
  const found: Row[] = [];
  let open = 0;
  for (const size of sizes) {
    const began = performance.now();
    await server.comeAll(size - open, () => {});
    open = size;
    const ms = performance.now() - began;
    await Bun.sleep(SETTLED_MS);
    const kib = await server.kib();
    found.push({ kib: (kib - before) / size, mib: kib / 1024, ms });
    console.error(`${side.name}: ${size} in ${Math.round(ms)} ms, ${Math.round(kib / 1024)} MiB`);
  }
  rows.set(side.name, found);
}
console.log(`\n${await machine()}\n`);
console.log("| connections | the line, KiB each | Socket.IO, KiB each | ratio | the line, MiB in all | Socket.IO |");
console.log("|---:|---:|---:|---:|---:|---:|");
for (const [i, size] of sizes.entries()) {
  const [ours, theirs] = [rows.get(LINE.name)![i]!, rows.get(SOCKET_IO.name)![i]!];
  console.log(
    `| ${whole(size)} | ${ours.kib.toFixed(1)} | ${theirs.kib.toFixed(1)} | ${(ours.kib / theirs.kib).toFixed(2)} × | ${whole(ours.mib)} | ${whole(theirs.mib)} |`,
  );
}
if (most < asked)
  console.log(`\nA process here may hold ${whole(files)} connections open, so it is not ${whole(asked)}.`);
process.exit(0);
