/** Asks a server and says what came of it, as one line of JSON. `closed` finds its capacity, `open` is a storm that does not wait for answers. */
import { createUniform } from "./chance.ts";
import { PATHS } from "./work.ts";

export interface Came {
  asked: number;
  /** 200 within the patience. */
  good: number;
  refused: number;
  /** Given up by the caller, or broken. */
  lost: number;
  seconds: number;
  /** Of the good ones, from the moment when they should have been sent. */
  p50_ms: number;
  p99_ms: number;
  /** Until who was refused knew it. */
  refused_p50_ms: number;
  refused_p99_ms: number;
  by: Record<string, { asked: number; good: number }>;
}

const [origin = "", mode = "", amount = "", seconds_asked = "", seed = "1"] = process.argv.slice(2);
const seconds = Number(seconds_asked);
/** What a person waits before they press again. */
const PATIENCE_MS = 1_000;
const MIX = [
  ["critical", 0.05],
  ["act", 0.2],
  ["read", 0.6],
  ["spare", 0.15],
] as const;

const uniform = createUniform(Number(seed));
const came: Came = {
  asked: 0,
  good: 0,
  refused: 0,
  lost: 0,
  seconds,
  p50_ms: 0,
  p99_ms: 0,
  refused_p50_ms: 0,
  refused_p99_ms: 0,
  by: {},
};
for (const [name] of MIX) came.by[name] = { asked: 0, good: 0 };
const took: number[] = [];
const refused: number[] = [];

function choose(): keyof typeof PATHS {
  let at = uniform();
  for (const [name, share] of MIX) if ((at -= share) < 0) return name;
  return "read";
}

async function ask(should_be_sent: number): Promise<void> {
  const priority = choose();
  const by = came.by[priority]!;
  came.asked += 1;
  by.asked += 1;
  const left_ms = should_be_sent + PATIENCE_MS - performance.now();
  try {
    if (left_ms <= 0) throw new Error("sent too late");
    const answer = await fetch(origin + PATHS[priority], { signal: AbortSignal.timeout(Math.ceil(left_ms)) });
    await answer.arrayBuffer();
    const ms = performance.now() - should_be_sent;
    if (answer.status === 200 && ms <= PATIENCE_MS) {
      came.good += 1;
      by.good += 1;
      took.push(ms);
    } else if (answer.status === 503) {
      came.refused += 1;
      refused.push(ms);
    } else came.lost += 1;
  } catch {
    came.lost += 1;
  }
}

const began = performance.now();
const until = began + seconds * 1_000;
if (mode === "closed") {
  const one = async () => {
    while (performance.now() < until) await ask(performance.now());
  };
  await Promise.all(Array.from({ length: Number(amount) }, one));
} else {
  // Arrivals of many people who know nothing of each other: exponential gaps. What is due is sent, however late this loop is.
  const per_ms = Number(amount) / 1_000;
  const asked: Promise<void>[] = [];
  for (let due = began; due < until; due += -Math.log(1 - uniform()) / per_ms) {
    const ahead = due - performance.now();
    if (ahead > 1) await Bun.sleep(ahead);
    asked.push(ask(due));
  }
  await Promise.all(asked);
}
came.seconds = mode === "closed" ? (performance.now() - began) / 1_000 : seconds;
const part = (of: number[], share: number) => of.toSorted((a, b) => a - b)[Math.floor(of.length * share)] ?? 0;
came.p50_ms = part(took, 0.5);
came.p99_ms = part(took, 0.99);
came.refused_p50_ms = part(refused, 0.5);
came.refused_p99_ms = part(refused, 0.99);
console.log(JSON.stringify(came));
