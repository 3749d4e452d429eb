/**
 * Serving media from disk, beside nginx on the same files in the same run: requests per CPU second and MB per CPU second
 * of the server alone, from `/proc`. The load comes from `wrk`, a process of its own whose CPU is not counted; while one
 * side is measured the other is stopped (SIGSTOP). Both are one process; nginx has `sendfile` and `open_file_cache` on.
 *
 *   bun bench/serving.ts [--rounds=5] [--seconds=3] [--connections=16] [--only=segments]
 */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { cpus, tmpdir } from "node:os";
import { dirname, join } from "node:path";

import type { CacheRule } from "#ports/blobs/index.ts";

import { cpuSeconds, median } from "./feed-read/load.ts";

export interface Job {
  folder: string;
  files: { name: string; path: string; media_type: string; cache_control: CacheRule }[];
}

const ROOT = join(import.meta.dirname, "..");
const word = (name: string) => process.argv.find((arg) => arg.startsWith(`--${name}=`))?.split("=")[1];
const option = (name: string, otherwise: number) => Number(word(name) ?? otherwise);
const rounds = option("rounds", 5);
const seconds = option("seconds", 3);
const connections = option("connections", 16);
/** A quarter of them are a film that many watch; all of them are more than the house keeps in memory. */
const SEGMENTS = 240;
const HOT = 60;
const LISTS = 20;

for (const program of ["nginx", "wrk"]) {
  if (Bun.which(program)) continue;
  console.error(`This bench needs ${program}: apt-get install nginx-light wrk`);
  process.exit(2);
}

await using opened = new AsyncDisposableStack();
const home = await mkdtemp(join(tmpdir(), "folkhus-serving-"));
opened.defer(() => rm(home, { recursive: true, force: true }));
await Bun.$`chmod 755 ${home}`;

// Segments of 0.3 to 1 MB, as a ladder has them, and lists as a film of an hour has them.
const files: Job["files"] = [];
const make = async (name: string, bytes: Uint8Array, media_type: string, cache_control: CacheRule) => {
  const path = join(home, "files/blobs/public", name);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, bytes);
  files.push({ name, path, media_type, cache_control });
};
for (let k = 0; k < SEGMENTS; k++) {
  const bytes = new Uint8Array(300_000 + Math.round((k * 700_000) / SEGMENTS));
  for (let at = 0; at < bytes.length; at += 65_536) crypto.getRandomValues(bytes.subarray(at, at + 65_536));
  await make(`videos/1/2/480/${k}.m4s`, bytes, "video/iso.segment", "immutable");
}
const list = Array.from({ length: 150 }, (_, k) => `#EXTINF:4.00000,\nabcdef0123/480/${k}.m4s\n`).join("");
for (let k = 0; k < LISTS; k++)
  await make(`videos/1/2/list-${k}.m3u8`, new TextEncoder().encode(list), "application/vnd.apple.mpegurl", "no-cache");

interface Side {
  name: string;
  pids: number[];
  origin: string;
}

const job: Job = { folder: join(home, "blobs"), files };
const house = Bun.spawn(
  [
    process.execPath,
    ...(word("profile") ? ["--cpu-prof", `--cpu-prof-dir=${word("profile")}`] : []),
    "bench/serving/house.ts",
  ],
  {
    cwd: ROOT,
    stdin: "ignore",
    stdout: "pipe",
    stderr: "inherit",
    env: { ...process.env, NODE_ENV: "production", BENCH_SERVING: JSON.stringify(job) },
  },
);
opened.defer(async () => {
  house.kill("SIGCONT");
  house.kill("SIGINT");
  await house.exited;
});
const { value } = await house.stdout.getReader().read();
const told = JSON.parse(new TextDecoder().decode(value)) as { port: number; public: string[]; signed: string[] };
const ours: Side = { name: "folkhus", pids: [house.pid], origin: `http://127.0.0.1:${told.port}` };

const nginx_port = 20_000 + Math.floor(Math.random() * 20_000);
await writeFile(
  join(home, "nginx.conf"),
  `daemon off; pid ${home}/nginx.pid; error_log stderr crit; worker_processes 1;
events { worker_connections 1024; }
http {
  access_log off; sendfile on; tcp_nopush on; keepalive_requests 1000000; server_tokens off;
  open_file_cache max=1000 inactive=60s; open_file_cache_valid 60s;
  client_body_temp_path ${home}/t1; proxy_temp_path ${home}/t2; fastcgi_temp_path ${home}/t3; uwsgi_temp_path ${home}/t4; scgi_temp_path ${home}/t5;
  types { video/iso.segment m4s; application/vnd.apple.mpegurl m3u8; }
  server {
    listen 127.0.0.1:${nginx_port}; root ${home}/files;
    location ~ m3u8$ { add_header cache-control "public, no-cache"; }
    location / { add_header cache-control "public, max-age=31536000, immutable"; add_header x-content-type-options nosniff; }
  }
}`,
);
const nginx = Bun.spawn(["nginx", "-p", home, "-c", join(home, "nginx.conf")], { stdout: "ignore", stderr: "inherit" });
opened.defer(async () => {
  nginx.kill("SIGCONT");
  for (const pid of childrenOf(nginx.pid)) process.kill(pid, "SIGCONT");
  nginx.kill();
  await nginx.exited;
});
const peer: Side = { name: "nginx", pids: [nginx.pid], origin: `http://127.0.0.1:${nginx_port}` };
while (!(await fetch(peer.origin).catch(() => null))) await Bun.sleep(20);
peer.pids = [nginx.pid, ...childrenOf(nginx.pid)];

function childrenOf(pid: number): number[] {
  const { stdout } = Bun.spawnSync(["pgrep", "-P", String(pid)]);
  return stdout.toString().trim().split("\n").filter(Boolean).map(Number);
}

interface Work {
  name: string;
  paths: (side: Side) => string[];
  headers?: (side: Side, path: string) => Promise<Record<string, string>>;
  status: number;
}

const open = (of: string) => told.public.filter((path) => path.endsWith(of));
const signed = (of: string) => (side: Side) => (side === ours ? told.signed.filter((p) => p.endsWith(of)) : open(of));
const hot = (paths: Work["paths"]) => (side: Side) => paths(side).filter((_, k) => k % (SEGMENTS / HOT) === 0);
const asked = (name: string, paths: Work["paths"], headers: Work["headers"], status: number): Work => ({
  name,
  paths,
  ...(headers ? { headers } : {}),
  status,
});
const etag = async (side: Side, path: string) => ({
  "if-none-match": (await fetch(side.origin + path, { method: "HEAD" })).headers.get("etag") ?? "",
});
const works = [
  asked(
    "segments that many watch",
    hot(() => open(".m4s")),
    undefined,
    200,
  ),
  asked("the same, signed", hot(signed(".m4s")), undefined, 200),
  asked("segments, more than memory holds", () => open(".m4s"), undefined, 200),
  asked(
    "ranges of 64 KiB",
    hot(() => open(".m4s")),
    async () => ({ range: "bytes=100000-165535" }),
    206,
  ),
  asked("lists of 5 KB", () => open(".m3u8"), undefined, 200),
  asked("lists, signed", signed(".m3u8"), undefined, 200),
  asked("304", () => open(".m4s").slice(0, 1), etag, 304),
].filter(({ name }) => name.startsWith(word("only") ?? ""));

interface Measured {
  per_cpu_s: number;
  mb_per_cpu_s: number;
  per_s: number;
}

/** The bodies are the same on both sides, or there is nothing to compare. */
async function same(work: Work) {
  const bodies = await Promise.all(
    [ours, peer].map(async (side) => {
      const path = work.paths(side)[0] ?? "";
      const answer = await fetch(side.origin + path, { headers: (await work.headers?.(side, path)) ?? {} });
      if (answer.status !== work.status) throw new Error(`${side.name} answers ${answer.status} to ${work.name}`);
      return Bun.hash(await answer.arrayBuffer());
    }),
  );
  if (bodies[0] !== bodies[1]) throw new Error(`${work.name}: the bodies differ`);
}

async function measure(side: Side, work: Work): Promise<Measured> {
  const others = side === ours ? peer : ours;
  const paths = work.paths(side);
  const headers = (await work.headers?.(side, paths[0] ?? "")) ?? {};
  const script = join(home, "ask.lua");
  const lua = (text: string) => `[==[${text}]==]`;
  await writeFile(
    script,
    `local paths = { ${paths.map(lua).join(", ")} }
local at = 0
request = function()
  at = at % #paths + 1
  return wrk.format("GET", paths[at])
end
${Object.entries(headers)
  .map(([key, text]) => `wrk.headers["${key}"] = ${lua(text)}`)
  .join("\n")}
done = function(summary)
  io.write(string.format("RESULT %d %d %d %d\\n", summary.requests, summary.bytes, summary.duration, summary.errors.status + summary.errors.read + summary.errors.connect + summary.errors.timeout))
end`,
  );
  for (const pid of others.pids) process.kill(pid, "SIGSTOP");
  try {
    const before = cpuSeconds(side.pids.slice(-1));
    const ran = await Bun.$`wrk -t1 -c${connections} -d${seconds}s -s ${script} ${side.origin}`.quiet().text();
    const cpu_s = cpuSeconds(side.pids.slice(-1)) - before;
    const [, requests = 0, bytes = 0, us = 0, errors = 1] =
      /RESULT (\d+) (\d+) (\d+) (\d+)/.exec(ran)?.map(Number) ?? [];
    if (errors > 0) throw new Error(`${side.name} failed ${errors} times at ${work.name}:\n${ran}`);
    return { per_cpu_s: requests / cpu_s, mb_per_cpu_s: bytes / 1e6 / cpu_s, per_s: (requests * 1e6) / us };
  } finally {
    for (const pid of others.pids) process.kill(pid, "SIGCONT");
  }
}

const nginx_version = /nginx\/\S+/.exec((await Bun.$`nginx -v`.quiet()).stderr.toString())?.[0];
console.log(
  `${cpus().length} × ${cpus()[0]?.model}, Bun ${Bun.version}, ${nginx_version}, ${connections} connections, medians of ${rounds} rounds of ${seconds} s`,
);
const f = (n: number) => n.toFixed(0);
console.log(
  "| | folkhus, requests per CPU s | nginx | ratio | folkhus, MB per CPU s | nginx | folkhus, requests per s | nginx |\n|---|---:|---:|---:|---:|---:|---:|---:|",
);
for (const work of works) {
  await same(work);
  const results = new Map<Side, Measured[]>([
    [ours, []],
    [peer, []],
  ]);
  for (const side of [ours, peer]) await measure(side, work);
  for (let round = 0; round < rounds; round++) {
    for (const side of round % 2 === 0 ? [ours, peer] : [peer, ours])
      results.get(side)?.push(await measure(side, work));
  }
  const of = (side: Side, what: keyof Measured) => median(results.get(side)!.map((m) => m[what]));
  const [a, b] = [of(ours, "per_cpu_s"), of(peer, "per_cpu_s")];
  console.log(
    `| ${work.name} | ${f(a)} | ${f(b)} | ${(a / b).toFixed(2)}× | ${f(of(ours, "mb_per_cpu_s"))} | ${f(of(peer, "mb_per_cpu_s"))} | ${f(of(ours, "per_s"))} | ${f(of(peer, "per_s"))} |`,
  );
}
