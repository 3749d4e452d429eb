/**
 * How often a sliding counter decides otherwise than the exact log, on a day of made-up traffic of a real one's shape: callers by a power law,
 * sessions with pauses of a log-normal length, bursts within them, a wave over the day, and bots that never stop. Both see
 * the same requests; each goes on from its own decisions.
 *
 *   bun bench/limiter-trace.ts [requests] [seed]
 */
import { createVirtualClock } from "#ports/clock/index.ts";
import { createLocalLimiter, type LimitRule } from "#ports/limiter/index.ts";

const requests_max = Number(process.argv[2] ?? 2_000_000);
const seed = Number(process.argv[3] ?? 7);
const CALLERS = 50_000;
const DAY_MS = 86_400_000;
const WINDOW_MS = 60_000;
/** Of a minute; the most active people come to about half of it, bots pass it by far. */
const TOKENS = 100;
const BOTS = 20;

const clock = createVirtualClock(1_763_719_200_000, seed);
const normal = () => Math.sqrt(-2 * Math.log(1 - clock.random())) * Math.cos(2 * Math.PI * clock.random());
const wave = (at_ms: number) => 0.6 + 0.4 * Math.sin((2 * Math.PI * at_ms) / DAY_MS - 2);

const trace: { at: number; caller: number }[] = [];
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
trace.sort((a, b) => a.at - b.at);

const log: LimitRule = { kind: "log", name: "log", tokens: TOKENS, window_ms: WINDOW_MS };
const rules = [1, 2, 5, 10, 20, 60].map((slices) => ({
  slices,
  rule: { kind: "counter", name: `${slices}`, tokens: TOKENS, window_ms: WINDOW_MS, slices } as const,
}));
let now = 0;
const ticking = { ...clock, monotonic: () => now };
const make = () => createLocalLimiter({ clock: ticking, keys_max: 2 * CALLERS });
const exact = make();
const others = rules.map(({ rule, slices }) => ({ rule, slices, limiter: make(), let_in: 0, kept_out: 0 }));
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
console.log(
  `${trace.length} requests of ${CALLERS} callers in a day, seed ${seed}; the log refuses ${refused} (${((100 * refused) / trace.length).toFixed(3)} %)`,
);
for (const { slices, let_in, kept_out } of others) {
  const wrong = ((100 * (let_in + kept_out)) / trace.length).toFixed(4);
  const net = ((100 * Math.abs(let_in - kept_out)) / trace.length).toFixed(4);
  console.log(
    `  ${String(slices).padStart(2)} slices: let in ${let_in}, kept out ${kept_out}; ${wrong} % decided otherwise, ${net} % granted otherwise in sum`,
  );
}
