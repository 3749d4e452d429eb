/**
 * Reading home: 20 hydrated posts of 200 followees out of 20,000 authors, beside the classic design on the same data in the
 * same run. Requests per CPU-second, all of it counted: the server process, Postgres and Redis.
 *
 *   bun bench/feed-read.ts [--followees=200] [--rounds=5] [--seconds=4] [--people=20000] [--viewers=2000] [--posts=200000] [--acts=0]
 *
 * With `--acts`, another node of the house takes so many acts a second meanwhile (of ten: seven likes, two posts, one new name),
 * so that sums, homes and cards change under both sides; its own CPU is nobody's, what it costs Postgres is both sides'.
 * Both sides are one process behind the same API: Bun.serve, sessions, limiter, JSON of the same shape. While one is
 * measured the other is stopped (SIGSTOP). Redis is the system's `redis-server`, on loopback, without persistence.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";

import { createSystemClock } from "#ports/clock/index.ts";
import { createSql, migrate, startEmbeddedPostgres } from "#ports/sql/index.ts";
import { FEED_FOLDER } from "#systems/feed/index.ts";
import { PEOPLE_FOLDER } from "#systems/people/index.ts";
import { SPACES_FOLDER } from "#systems/spaces/index.ts";

import { fill, type Size, zipf } from "./feed-read/fill.ts";
import { cpuSeconds, flood, median, quantile, stream, type Target } from "./feed-read/load.ts";

const ROOT = join(import.meta.dirname, "..");
const AT_ONCE = 8;
const RATE_PER_S = 250;
const RATE_MS = 3_000;
const STREAMS = 4;
const PATH = "/v1/feeds/home?limit=20";

const option = (name: string, otherwise: number) =>
  Number(process.argv.find((arg) => arg.startsWith(`--${name}=`))?.split("=")[1] ?? otherwise);
const acts_per_s = option("acts", 0);
const rounds = option("rounds", 5);
const round_ms = option("seconds", 4) * 1_000;

const SIZE: Size = {
  people: option("people", 20_000),
  viewers: option("viewers", 2_000),
  followees: option("followees", 200),
  posts: option("posts", 200_000),
  days: 30,
};

const clock = createSystemClock();
const began = clock.monotonic();
const say = (line: string) => console.log(`${((clock.monotonic() - began) / 1000).toFixed(0).padStart(4)} s  ${line}`);
await using opened = new AsyncDisposableStack();
const home = await mkdtemp(join(tmpdir(), "folkhus-feed-read-"));
opened.defer(() => rm(home, { recursive: true, force: true }));
await Bun.$`chmod 755 ${home}`;

const postgres = opened.use(await startEmbeddedPostgres({ folder: join(home, "postgres") }));
const sql = opened.use(createSql(postgres.target, { clock, connections_max: 4, statement_ms_max: 120_000 }));
const port = (name: string) => ({ system: name, folder: join(ROOT, `ports/${name}/sql`) });
await migrate(sql, [port("sql"), port("log"), port("jobs"), port("http"), PEOPLE_FOLDER, SPACES_FOLDER, FEED_FOLDER]);

const redis_port = 20_000 + Math.floor(clock.random() * 20_000);
const redis = Bun.spawn(
  ["redis-server", "--port", `${redis_port}`, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", home],
  { stdout: "ignore" },
);
opened.defer(async () => {
  redis.kill();
  await redis.exited;
});
const redis_url = `redis://127.0.0.1:${redis_port}`;
await until(async () => (await Bun.$`redis-cli -p ${redis_port} ping`.quiet().nothrow()).exitCode === 0);

say(`filling: ${SIZE.people} people, ${SIZE.posts} posts, ${SIZE.viewers} viewers of ${SIZE.followees} followees each`);
const { secrets } = await fill(sql, redis_url, SIZE, clock.now());
const redis_version = /v=(\S+)/.exec(await Bun.$`redis-server --version`.text())?.[1];
say("filled");

interface Side {
  name: string;
  child: Bun.Subprocess<"ignore", "pipe", "inherit">;
  target: Target;
  /** Whose CPU counts: the server first, then what it stands on. */
  pids: { [name: string]: number };
  /** µs of CPU per read, by whose they are. */
  parts: { [name: string]: number };
  per_cpu_s: number[];
  per_s: number[];
  /** ms of each read, sorted, of each stream at the fixed rate. */
  latencies: number[][];
}

const ours = await start("ours", { Postgres: postgres.pid });
const classic = await start("classic", { Postgres: postgres.pid, Redis: redis.pid });
const sides = [ours, classic];
const busy = acts_per_s > 0 ? await start("ours", {}, { BENCH_WORK: "1" }) : null;

await same();
say("both give the same pages");
for (const side of sides) await alone(side, () => warm(side));
say("warm");

for (let round = 1; round <= rounds; round++) {
  for (const side of round % 2 === 0 ? sides.toReversed() : sides) await alone(side, () => measure(side));
  say(`round ${round}: ${sides.map((s) => `${s.name} ${s.per_cpu_s.at(-1)!.toFixed(0)} per CPU s`).join(", ")}`);
}
for (let turn = 0; turn < STREAMS; turn++) {
  for (const side of sides)
    await alone(side, async () => void side.latencies.push(await stream(side.target, RATE_PER_S, RATE_MS)));
}

table();

async function start(name: string, beside: Side["pids"], more: { [name: string]: string } = {}): Promise<Side> {
  const child = Bun.spawn(
    [
      process.execPath,
      ...(process.env.BENCH_PROFILE ? ["--cpu-prof", `--cpu-prof-dir=${process.env.BENCH_PROFILE}`] : []),
      `bench/feed-read/${name}.ts`,
    ],
    {
      cwd: ROOT,
      stdin: "ignore",
      stdout: "pipe",
      stderr: "inherit",
      env: {
        ...process.env,
        NODE_ENV: "production",
        BENCH_TARGET: JSON.stringify(postgres.target),
        BENCH_REDIS: redis_url,
        ...more,
      },
    },
  );
  opened.defer(async () => {
    child.kill("SIGCONT");
    child.kill();
    await child.exited;
  });
  const reader = child.stdout.getReader();
  const { value } = await reader.read();
  const url = `http://127.0.0.1:${new TextDecoder().decode(value).trim()}${PATH}`;
  return {
    name,
    child,
    target: { url, secrets, next: zipf(secrets.length, 0.9, () => clock.random()) },
    pids: { server: child.pid, ...beside },
    parts: {},
    per_cpu_s: [],
    per_s: [],
    latencies: [],
  };
}

/** The same items, words, sums and marks for a sample of viewers; only the order of fields may differ. */
async function same() {
  const items = async (side: Side, secret: string) =>
    (await (await fetch(side.target.url, { headers: { authorization: `Bearer ${secret}` } })).json()) as {
      items: object[];
      next_cursor: string;
    };
  for (let i = 0; i < secrets.length; i += 97) {
    const [a, b] = [await items(ours, secrets[i]!), await items(classic, secrets[i]!)];
    if (a.items.length !== 20 || !Bun.deepEquals(a, b, true))
      throw new Error(
        `the pages of viewer ${i} differ:\n${JSON.stringify(a).slice(0, 900)}\n${JSON.stringify(b).slice(0, 900)}`,
      );
  }
}

/** Nobody else runs meanwhile. */
async function alone(side: Side, work: () => Promise<void>) {
  const others = sides.filter((other) => other !== side);
  for (const other of others) other.child.kill("SIGSTOP");
  const acting = busy === null ? null : act(busy);
  try {
    await work();
  } finally {
    await acting?.end();
    for (const other of others) other.child.kill("SIGCONT");
  }
}

/** People like, write and take new names, at a fixed rate, until told to end. */
function act({ target }: Side) {
  const base = new URL(target.url).origin;
  const over = new AbortController();
  const call = async (method: string, path: string, body: object | null) => {
    const headers = {
      authorization: `Bearer ${target.secrets[Math.floor(clock.random() * target.secrets.length)]!}`,
      "content-type": "application/json",
    };
    const answer = await fetch(base + path, { method, headers, ...(body ? { body: JSON.stringify(body) } : {}) });
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
  };
  async function run() {
    const hot = (await sql.pool`SELECT id FROM feed_posts ORDER BY id DESC LIMIT 2000`) as { id: string }[];
    for (let i = 0; !over.signal.aborted; i++) {
      if (i % 10 === 0) await call("PATCH", "/v1/people/me", { display_name: `Name ${i}` });
      else if (i % 10 < 3) await call("POST", "/v1/posts", { text: `Post ${i}`, audience: "public" });
      else await call("PUT", `/v1/posts/${hot[Math.floor(clock.random() * hot.length)]!.id}/like`, null);
      await clock.sleep(1_000 / acts_per_s, over.signal).catch(() => {});
    }
  }
  const running = run();
  return {
    async end() {
      over.abort(new Error("enough"));
      await running;
    },
  };
}

/** Each viewer once, then a round as it will be measured. */
async function warm(side: Side) {
  let at = 0;
  const each: Target = { ...side.target, next: () => at++ % secrets.length };
  while (at < secrets.length) await flood(each, AT_ONCE, 250);
  await flood(side.target, AT_ONCE, round_ms / 2);
}

async function measure(side: Side) {
  const names = Object.keys(side.pids);
  const spent = () => names.map((name) => cpuSeconds([side.pids[name]!]));
  const before = spent();
  const from = clock.monotonic();
  const requests = await flood(side.target, AT_ONCE, round_ms);
  const cpu_s = spent().map((s, i) => s - before[i]!);
  side.per_cpu_s.push(requests / cpu_s.reduce((sum, s) => sum + s, 0));
  for (const [i, name] of names.entries())
    side.parts[name] = (side.parts[name] ?? 0) + (cpu_s[i]! * 1e6) / requests / rounds;
  side.per_s.push((requests * 1_000) / (clock.monotonic() - from));
}

function table() {
  const row = (
    what: string,
    of: (side: Side) => number,
    digits: number,
    better: (ours: number, classic: number) => number,
  ) => {
    const [a, b] = [of(ours), of(classic)];
    return [what, a.toFixed(digits), b.toFixed(digits), `${better(a, b).toFixed(1)}×`];
  };
  const rows = [
    ["", "folkhus", "Redis + Postgres", "ratio"],
    row(
      "reads per CPU second (median)",
      (s) => median(s.per_cpu_s),
      0,
      (a, b) => a / b,
    ),
    row(
      `reads per second, ${AT_ONCE} at once (median)`,
      (s) => median(s.per_s),
      0,
      (a, b) => a / b,
    ),
    row(
      `p50 at ${RATE_PER_S}/s, ms (median of ${STREAMS})`,
      (s) => median(s.latencies.map((ms) => quantile(ms, 0.5))),
      2,
      (a, b) => b / a,
    ),
    row(
      `p99 at ${RATE_PER_S}/s, ms (median of ${STREAMS})`,
      (s) => median(s.latencies.map((ms) => quantile(ms, 0.99))),
      2,
      (a, b) => b / a,
    ),
  ];
  const parts = (side: Side) =>
    Object.entries(side.parts)
      .map(([name, us]) => `${name} ${us.toFixed(0)}`)
      .join(", ");
  const widths = rows[0]!.map((_, i) => Math.max(...rows.map((r) => r[i]!.length)));
  console.log(
    `\n${cpus().length} × ${cpus()[0]?.model}; Bun ${Bun.version}, PostgreSQL ${postgres.version}, Redis ${redis_version}, ${process.platform}-${process.arch}`,
  );
  for (const r of rows)
    console.log(r.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join("   "));
  for (const side of sides)
    console.log(
      `p99 of each stream, ${side.name}: ${side.latencies.map((ms) => quantile(ms, 0.99).toFixed(1)).join(", ")}`,
    );
  console.log(`µs of CPU per read: folkhus ${parts(ours)}; classic ${parts(classic)}`);
}

async function until(holds: () => Promise<boolean>) {
  while (!(await holds())) await clock.sleep(20);
}
