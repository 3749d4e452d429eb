/**
 * Limits beside rate-limiter-flexible 11 (npm, `bench/peers`): in the process, and four levels in one decision through Redis,
 * CPU of client and server together. Each side in a process of its own, in turns; medians of the rounds. The peer counts a fixed window and
 * leaves what a refused request has taken; ours is an exact token bucket and takes all or nothing.
 *
 *   npm install --prefix bench/peers
 *   bun bench/limiter.ts [rounds] [decisions] [at once]
 */
import { cpus } from "node:os";
import { join } from "node:path";

import { testRedis } from "#engines/redis/testing.ts";

const rounds = Number(process.argv[2] ?? 5);
const decisions = Number(process.argv[3] ?? 20_000);
const IN_PROCESS = 400_000;
const KEYS = 10_000;
const AT_ONCE = Number(process.argv[4] ?? 32);
const here = join(import.meta.dirname, "limiter");
const OURS = [process.execPath, join(here, "ours.ts")];
const PEER = join(here, "flexible.mjs");
const PEERS = { "peer on Bun": [process.execPath, PEER], "peer on Node": ["node", PEER] };

interface Took {
  cpu_s: number;
  wall_s: number;
}
interface Memory {
  one: Took;
  four: Took;
}
interface OverRedis extends Took {
  drained: number;
  scripts?: number;
  alone?: number;
}

async function answer<T>(argv: string[], between: () => Promise<void> = async () => {}): Promise<T> {
  const child = Bun.spawn(argv, { stdin: "pipe", stdout: "pipe", stderr: "inherit" });
  let text = "";
  let was_ready = false;
  for await (const chunk of child.stdout) {
    text += new TextDecoder().decode(chunk);
    if (was_ready || !text.includes("ready\n")) continue;
    was_ready = true;
    await between();
    await child.stdin.write("go\n");
    await child.stdin.flush();
  }
  await child.exited;
  return JSON.parse(text.trim().split("\n").at(-1)!) as T;
}

const median = (of: number[]) => of.toSorted((a, b) => a - b)[Math.floor(of.length / 2)]!;
const us = (s: number, of: number) => ((s * 1e6) / of).toFixed(2);

console.log(`${cpus().length} × ${cpus()[0]?.model}, Bun ${Bun.version}, ${rounds} rounds in turns`);

const inside: Record<string, Memory[]> = { ours: [] };
for (const name of Object.keys(PEERS)) inside[name] = [];
for (let round = 0; round < rounds; round++) {
  const args = ["memory", String(IN_PROCESS), String(KEYS)];
  inside.ours!.push(await answer<Memory>([...OURS, ...args]));
  for (const [name, argv] of Object.entries(PEERS)) inside[name]!.push(await answer<Memory>([...argv, ...args]));
}
console.log(`\nIn the process, ${KEYS} keys: CPU µs of a decision, one level and four`);
for (const [name, took] of Object.entries(inside)) {
  const one = median(took.map((t) => t.one.cpu_s));
  const four = median(took.map((t) => t.four.cpu_s));
  const ratio = (level: "one" | "four", s: number) => (median(inside.ours!.map((t) => t[level].cpu_s)) / s).toFixed(2);
  console.log(
    `  ${name.padEnd(14)} ${us(one, IN_PROCESS)}   ${us(four, IN_PROCESS)}   ours ÷ it ${ratio("one", one)}, ${ratio("four", four)}`,
  );
}

await using server = await testRedis();
const serverCpu = async () => {
  const info = String(await server.command("INFO", "cpu"));
  const of = (name: string) => Number(new RegExp(`^${name}:(.*?)\\r?$`, "m").exec(info)![1]);
  return of("used_cpu_user") + of("used_cpu_sys");
};
const socket = server.url.replace("redis+unix://", "");
const sides: Record<string, string[]> = {
  "ours, each asks": [...OURS, "redis", server.url, String(decisions), String(AT_ONCE), ""],
  "ours, leases": [...OURS, "redis", server.url, String(decisions), String(AT_ONCE), "leases"],
};
for (const [name, argv] of Object.entries(PEERS))
  sides[name] = [...argv, "redis", socket, String(decisions), String(AT_ONCE)];
sides["a bare PING"] = [...OURS, "ping", server.url, String(decisions), String(AT_ONCE)];
const seen: Record<string, { client: number; server: number; drained: number; per_script: number }[]> = {};
for (let round = 0; round < rounds; round++) {
  for (const [name, argv] of Object.entries(sides)) {
    let before = 0;
    const took = await answer<OverRedis>(argv, async () => {
      before = await serverCpu();
    });
    if (took.alone) throw new Error("Redis was away: nothing was measured");
    (seen[name] ??= []).push({
      client: took.cpu_s,
      server: (await serverCpu()) - before,
      drained: took.drained,
      per_script: took.scripts === undefined ? 0.25 : decisions / Math.max(1, took.scripts),
    });
  }
}
console.log(`\nFour levels through Redis, ${decisions} decisions, ${AT_ONCE} at once: CPU µs of a decision`);
const all = (of: { client: number; server: number }[]) => median(of.map(({ client, server: s }) => client + s));
for (const [name, took] of Object.entries(seen)) {
  const parts = [median(took.map((t) => t.client)), median(took.map((t) => t.server))].map((s) => us(s, decisions));
  const ratio = (all(took) / Math.min(all(seen["peer on Bun"]!), all(seen["peer on Node"]!))).toFixed(2);
  const commands = median(took.map((t) => t.per_script)).toFixed(2);
  console.log(
    `  ${name.padEnd(16)} client ${parts[0]}, server ${parts[1]}, both ${us(all(took), decisions)} = ${ratio} of the better peer; ` +
      `${commands} decisions a command; 10 refused ones took ${took[0]!.drained} tokens of each other level`,
  );
}
