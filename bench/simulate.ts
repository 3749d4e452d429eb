import { compileRuleSet, DEFAULT_RULE_SET, readRuleSet, routesOf, simulate } from "#systems/limits/index.ts";

/**
 * How many lines of an access log a second the simulator replays against two rule sets, and in how much memory. The log is made here,
 * of 5,000 people and some strangers, and is no part of what is measured but for its reading.
 *   bun bench/simulate.ts [lines]
 */
const LINES = Number(process.argv[2] ?? 1_000_000);
const PIECE_LINES = 2_000;
const START_MS = Date.UTC(2026, 10, 22);
const ROUTES = ["/v1/feed/home", "/v1/posts/{id}", "/v1/spaces/{slug}/posts", "/v1/chats", "/v1/notifications"];

let state = 7;
const random = () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;

function houseLine(i: number): string {
  const person = Math.floor(random() ** 3 * 6_000);
  const known = person < 5_000;
  const said = {
    time: new Date(START_MS + i * 8 + Math.floor(random() * 40)).toISOString(),
    method: "GET",
    route: ROUTES[i % ROUTES.length],
    status: 200,
    ms: 3.21,
    cost_tokens: 1,
    person_id: known ? String(7_000_000_000 + person) : null,
    token_id: person < 50 ? String(person) : null,
    space_id: i % ROUTES.length === 2 ? String(person % 40) : null,
    address: known ? null : `198.51.100.0/24~k${person}`,
  };
  return JSON.stringify(said);
}

function combinedLine(i: number): string {
  const time = new Date(START_MS + i * 8).toISOString().slice(11, 19);
  const address = `198.51.${Math.floor(random() * 100)}.${i % 200}`;
  const path = ROUTES[i % ROUTES.length]!.replace("{id}", String(i)).replace("{slug}", "garden");
  return `${address} - - [22/Nov/2026:${time} +0000] "GET ${path}?limit=20 HTTP/1.1" 200 512 "https://house.example/" "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36"`;
}

function fileOf(line: (i: number) => string): Blob {
  const pieces: string[] = [];
  for (let i = 0; i < LINES; i += PIECE_LINES)
    pieces.push(Array.from({ length: Math.min(PIECE_LINES, LINES - i) }, (_, n) => `${line(i + n)}\n`).join(""));
  return new Blob(pieces);
}

const tight = readRuleSet({
  rules: [
    { id: "person", level: "person", limit: { kind: "bucket", burst_tokens: 20, tokens_per_s: 0.05 } },
    { id: "address", level: "address", limit: { kind: "fixed", tokens: 1, window_ms: 60_000 } },
    { id: "space", level: "space", limit: { kind: "counter", tokens: 100, window_ms: 60_000 } },
    { id: "all", level: "global", limit: { kind: "gcra", tokens: 200, window_ms: 1_000, burst_tokens: 400 } },
  ],
});
if (tight.set === null) throw new Error(JSON.stringify(tight.troubles));
const names = ROUTES.map((path) => `GET ${path}`);

for (const [name, line] of [
  ["the house's own", houseLine],
  ["combined", combinedLine],
] as const) {
  const file = fileOf(line);
  Bun.gc(true);
  const [before, cpu] = [performance.now(), process.cpuUsage()];
  const report = await simulate({
    file: file.stream() as ReadableStream<Uint8Array<ArrayBuffer>>,
    in_force: compileRuleSet(DEFAULT_RULE_SET),
    proposed: compileRuleSet(tight.set),
    routes: routesOf(names, {}),
  });
  const took_ms = performance.now() - before;
  const { user, system } = process.cpuUsage(cpu);
  console.log(
    `${name}: ${report.log.lines} lines, ${(file.size / 1e6).toFixed(0)} MB, in ${(took_ms / 1_000).toFixed(2)} s (${Math.round(report.log.lines / took_ms)}k lines/s, ${((user + system) / 1e6).toFixed(2)} s of CPU), ${report.proposed.refused} refused by the proposed rules, resident ${Math.round(process.memoryUsage().rss / 1e6)} MB with the log`,
  );
}
