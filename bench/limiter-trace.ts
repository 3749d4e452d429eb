/**
 * How often a sliding counter decides otherwise than the exact log. Both see the same requests; each goes on from its own
 * decisions. Without a file: a day of made-up traffic of a real one's shape: callers by a power law, sessions with pauses of a
 * log-normal length, bursts within them, a wave over the day, and bots that never stop. With one: lines of "who whom unix-seconds", such as
 * SNAP's CollegeMsg, each at a moment of its second by chance, under several limits for who sends.
 *
 *   bun bench/limiter-trace.ts [requests] [seed] [file]     the file may be gzip
 */
import { readFile } from "node:fs/promises";

import { createVirtualClock } from "#ports/clock/index.ts";
import { createLocalLimiter, type LimitRule } from "#ports/limiter/index.ts";

const requests_max = Number(process.argv[2] ?? 2_000_000);
const seed = Number(process.argv[3] ?? 7);
const file = process.argv[4];
const CALLERS = 50_000;
const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;
const BOTS = 20;

interface Request {
  at: number;
  caller: number;
}

const clock = createVirtualClock(1_763_719_200_000, seed);

function madeUp(): Request[] {
  const normal = () => Math.sqrt(-2 * Math.log(1 - clock.random())) * Math.cos(2 * Math.PI * clock.random());
  const wave = (at_ms: number) => 0.6 + 0.4 * Math.sin((2 * Math.PI * at_ms) / DAY_MS - 2);
  const trace: Request[] = [];
  while (trace.length < requests_max * 0.98) {
    const caller = BOTS + Math.floor(CALLERS * clock.random() ** 3);
    let at = clock.random() * DAY_MS;
    if (clock.random() > wave(at)) continue;
    for (let page = 0, pages = 1 + Math.floor(clock.random() ** -0.7); page < Math.min(pages, 60); page++) {
      // A page is a burst of calls, then somebody reads.
      for (let call = 0, calls = 1 + Math.floor(clock.random() * 10); call < calls; call++)
        trace.push({ at: Math.floor(at + call * 40 * clock.random()), caller });
      at += Math.exp(8.6 + 1.1 * normal());
    }
  }
  for (let i = 0; i < requests_max * 0.02; i++)
    trace.push({ at: Math.floor(clock.random() * DAY_MS), caller: Math.floor(clock.random() * BOTS) });
  return trace.sort((a, b) => a.at - b.at);
}

async function read(path: string): Promise<Request[]> {
  const bytes = await readFile(path);
  const text = new TextDecoder().decode(path.endsWith(".gz") ? Bun.gunzipSync(bytes) : bytes);
  const rows = text.split("\n").flatMap((line) => {
    const [who, , seconds] = line.split(/\s+/).map(Number);
    return Number.isFinite(who) && Number.isFinite(seconds) ? [{ caller: who!, second: seconds! }] : [];
  });
  const first = rows.reduce((least, { second }) => Math.min(least, second), Infinity);
  return rows
    .map(({ caller, second }) => ({ caller, at: Math.floor((second - first + clock.random()) * 1_000) }))
    .sort((a, b) => a.at - b.at);
}

/** Everyone's requests under one limit each. */
function compare(trace: Request[], tokens: number, window_ms: number): void {
  const log: LimitRule = { kind: "log", name: "log", tokens, window_ms };
  let now = 0;
  const ticking = { ...clock, monotonic: () => now };
  const make = () => createLocalLimiter({ clock: ticking, keys_max: 2 * CALLERS });
  const exact = make();
  const others = [1, 2, 5, 10, 20, 60, null].map((slices) => {
    const rule: LimitRule = { kind: "counter", name: "counter", tokens, window_ms, ...(slices && { slices }) };
    return { rule, slices, limiter: make(), let_in: 0, kept_out: 0 };
  });
  let refused = 0;
  for (const { at, caller } of trace) {
    now = at;
    const key = String(caller);
    const { allowed } = exact.takeNow([{ key, rule: log, cost_tokens: 1 }]);
    if (!allowed) refused++;
    for (const other of others) {
      const decided = other.limiter.takeNow([{ key, rule: other.rule, cost_tokens: 1 }]).allowed;
      if (decided && !allowed) other.let_in++;
      if (!decided && allowed) other.kept_out++;
    }
  }
  const share = (count: number) => ((100 * count) / trace.length).toFixed(4);
  console.log(`${tokens} in ${window_ms / 1_000} s: the log refuses ${refused} (${share(refused)} %)`);
  for (const { slices, let_in, kept_out } of others) {
    const wrong = share(let_in + kept_out);
    const net = share(Math.abs(let_in - kept_out));
    console.log(
      `  ${slices ? `${String(slices).padStart(2)} slices` : "not told  "}: let in ${let_in}, kept out ${kept_out}; ${wrong} % decided otherwise, ${net} % granted otherwise in sum`,
    );
  }
}

const trace = file === undefined ? madeUp() : await read(file);
const callers = new Set(trace.map(({ caller }) => caller)).size;
const days = ((trace.at(-1)!.at - trace[0]!.at) / DAY_MS).toFixed(1);
console.log(`${trace.length} requests of ${callers} callers in ${days} days, seed ${seed}`);
if (file === undefined) for (const tokens of [100, 120]) compare(trace, tokens, MINUTE_MS);
else
  for (const [tokens, window_ms] of [
    [5, MINUTE_MS],
    [10, MINUTE_MS],
    [30, HOUR_MS],
    [60, HOUR_MS],
    [100, DAY_MS],
    [120, DAY_MS],
    [150, DAY_MS],
  ] as const)
    compare(trace, tokens, window_ms);
