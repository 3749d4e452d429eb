import { readdirSync, readFileSync } from "node:fs";

/** CPU seconds that these processes, their children and their waited-for children have used so far. */
export function cpuSeconds(pids: readonly number[]): number {
  let ticks = 0;
  for (const pid of pids) ticks += ticksOf(pid, true);
  for (const pid of childrenOf(new Set(pids))) ticks += ticksOf(pid, false);
  return ticks / 100;
}

function ticksOf(pid: number, with_waited: boolean): number {
  const fields = statOf(pid);
  if (!fields) return 0;
  const [user, system, waited_user, waited_system] = fields.slice(11, 15).map(Number) as [
    number,
    number,
    number,
    number,
  ];
  return user + system + (with_waited ? waited_user + waited_system : 0);
}

/** Fields after the name, which may hold spaces; the first is the state. */
function statOf(pid: number): string[] | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    return text.slice(text.lastIndexOf(")") + 2).split(" ");
  } catch {
    return null;
  }
}

function childrenOf(parents: ReadonlySet<number>): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => parents.has(Number(statOf(pid)?.[1])));
}

export interface Target {
  url: string;
  /** Secrets, and which one asks next. */
  secrets: readonly string[];
  next: () => number;
}

async function ask({ url, secrets, next }: Target): Promise<number> {
  const began = performance.now();
  const response = await fetch(url, { headers: { authorization: `Bearer ${secrets[next()]!}` } });
  const body = await response.arrayBuffer();
  if (response.status !== 200) throw new Error(`${response.status} ${Buffer.from(body).toString().slice(0, 300)}`);
  return performance.now() - began;
}

/** As fast as it goes with so many at once. @returns requests */
export async function flood(target: Target, at_once: number, ms: number): Promise<number> {
  const until = performance.now() + ms;
  let requests = 0;
  await Promise.all(
    Array.from({ length: at_once }, async () => {
      while (performance.now() < until) {
        await ask(target);
        requests += 1;
      }
    }),
  );
  return requests;
}

/** At a fixed rate, whatever the answers take. A late start counts as waiting. @returns ms of each, sorted */
export async function stream(target: Target, per_s: number, ms: number): Promise<number[]> {
  const began = performance.now();
  const count = Math.floor((per_s * ms) / 1_000);
  const took: Promise<number>[] = [];
  for (let i = 0; i < count; i++) {
    const due = began + (i * 1_000) / per_s;
    const wait = due - performance.now();
    if (wait > 1) await Bun.sleep(wait);
    const late = Math.max(0, performance.now() - due);
    took.push(ask(target).then((t) => t + late));
  }
  return (await Promise.all(took)).toSorted((a, b) => a - b);
}

export const quantile = (sorted: readonly number[], q: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))]!;
export const median = (values: readonly number[]): number =>
  quantile(
    values.toSorted((a, b) => a - b),
    0.5,
  );
