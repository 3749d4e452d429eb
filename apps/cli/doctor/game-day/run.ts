import { z } from "zod";

import type { Clock } from "#ports/clock/index.ts";

import type { Config, Secrets } from "../../../server/config.ts";
import { type Ask, type Asked, createAsk } from "./ask.ts";
import { BASELINE_MS, HEAL_MS_MAX, STORM_CLIENTS, TELL_MS_MAX, WARM_UP_MS } from "./bounds.ts";
import type { Drill } from "./drills.ts";
import type { Scene } from "./fault.ts";
import { byProbe, type Figures, figuresOf, reasonsOf } from "./figures.ts";
import { healedAfter, HEALTH, type Health } from "./healing.ts";
import { type Held, holdHouse } from "./held.ts";
import { openLine } from "./line.ts";
import { createNotes, type Kept } from "./notes.ts";
import { type SignedInGuest, signIn } from "./person.ts";
import { PROBE_NAMES, type ProbeName, probesOf } from "./probes.ts";
import { judge, type Verdict } from "./verdict.ts";
import { type Sample, watch } from "./watch.ts";

/** What is known of a drill after it; the same for people and for programs. */
export interface DrillReport {
  drill: string;
  /** Why it was not run; all else is empty then. */
  skipped: string | null;
  seconds: number;
  during: Figures;
  /** By probe: the time before, while it lasted, and after. */
  probes: { probe: string; before: Figures; during: Figures; after: Figures }[];
  reasons: { because: string; count: number }[];
  /** What was not answered well after it was over, where it did not heal in time. */
  still: { because: string; count: number }[];
  told: string[];
  kept: Kept;
  healed_ms: number | null;
  storm: string | null;
  verdicts: Verdict[];
  passed: boolean;
}

/** How much is asked of the house, and for how long. */
export interface Pace {
  warm_up_ms: number;
  baseline_ms: number;
  health: Health;
  probes: readonly ProbeName[];
  /** Each probe comes so often, instead of at its own pace. */
  every_ms: number | null;
  storm_clients: number;
  /** Beside those who measure, where the drill wants as many. */
  guests_max: number;
}

export interface DrillNeeds {
  config: Config;
  secrets: Secrets;
  clock: Clock;
  seconds: number;
  supervised: boolean;
  say: (line: string) => void;
  /** Somebody has seen enough: what was done is undone at once. */
  signal?: AbortSignal;
  /** Other than that of a real drill: tests are shorter and do less, and rest on no machine's pace. */
  pace?: Pace;
}

const PACE: Pace = {
  warm_up_ms: WARM_UP_MS,
  baseline_ms: BASELINE_MS,
  health: HEALTH,
  probes: PROBE_NAMES,
  every_ms: null,
  storm_clients: STORM_CLIENTS,
  guests_max: Number.POSITIVE_INFINITY,
};
const READY_MS = 500;
const LOOK_MS = 100;
const REASONS_MAX = 6;
const zReady = z.object({ checks: z.array(z.object({ name: z.string(), state: z.string() })) });

/** A house that is held for drills, and the guests who are in it for them. */
export interface Day extends AsyncDisposable {
  held: Held;
  ask: Ask;
  /** The first ones measure, the others storm. */
  guests: readonly SignedInGuest[];
}

/** @throws Problem where the house cannot be held, or lets nobody in */
export async function beginDay(drills: readonly Drill[], needs: DrillNeeds): Promise<Day> {
  const { config, clock, pace = PACE } = needs;
  const storming = Math.min(pace.guests_max, Math.max(...drills.map(({ guests }) => guests)));
  await using opened = new AsyncDisposableStack();
  const held = opened.use(await holdHouse(config.data_folder, clock, drills[0]!.name, measurersOf(pace) + storming));
  const ask = createAsk(held.url);
  const guests = await Promise.all(held.guests.map((guest) => signIn(ask, guest)));
  const owned = opened.move();
  return { held, ask, guests, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

/** Whoever reads, and whoever signs in again and again. */
const measurersOf = ({ probes }: Pace) => (probes.includes("sign in") ? 2 : 1);

/** @throws what `needs.signal` was aborted with, when all is undone */
export async function runDrill(drill: Drill, needs: DrillNeeds, { held, ask, guests }: Day): Promise<DrillReport> {
  const { clock, seconds, say, pace = PACE, signal = new AbortController().signal } = needs;
  const { warm_up_ms, baseline_ms, health, probes, every_ms, storm_clients } = pace;
  await held.next(drill.name);
  const [reader, signer] = [guests[0]!, guests.at(measurersOf(pace) - 1)!];
  const scene: Scene = {
    ...needs,
    hello: held.processes()[0]!.hello,
    held,
    ask,
    guests: guests.slice(measurersOf(pace)),
    storm_clients,
  };
  const notes = createNotes(ask, clock, reader, drill.name);
  using line = openLine(held.url, reader.token);
  const usual = await unwell(ask);

  const asked = probesOf(ask, line, notes, reader, signer).filter(({ name }) => probes.includes(name));
  using watching = watch(
    clock,
    asked.map((probe) => ({ ...probe, every_ms: every_ms ?? probe.every_ms })),
  );
  say(`measuring what is normal (${(baseline_ms + warm_up_ms) / 1_000} s)`);
  await clock.sleep(warm_up_ms, signal);
  const began_ms = clock.monotonic();
  await clock.sleep(baseline_ms, signal);

  say(`now, for ${seconds} s: it ${drill.does}`);
  const struck_ms = clock.monotonic();
  const told = new Set<string>(usual);
  const stop = new AbortController();
  const fault = await drill.fault.begin(scene);
  const once = Promise.withResolvers<void>();
  const listening = hear(ask, clock, stop.signal, told, once.resolve);
  try {
    await (drill.fault.last ?? lastSeconds)(scene, AbortSignal.any([signal, AbortSignal.timeout(HEAL_MS_MAX)]));
    await Promise.race([once.promise, clock.sleep(TELL_MS_MAX, signal)]);
  } finally {
    await fault[Symbol.asyncDispose]();
    stop.abort(new Error("over"));
  }
  await listening;
  const lifted_ms = clock.monotonic();

  say("it is over; measuring until all is as before");
  // Anew each time: what was due before may have its answer only now.
  const before = () => between(watching.samples(), began_ms, struck_ms);
  let healed_ms: number | null = null;
  while (healed_ms === null && clock.monotonic() - lifted_ms < HEAL_MS_MAX) {
    await clock.sleep(LOOK_MS, signal);
    const settled_ms = watching.oldest_due_ms() ?? clock.monotonic();
    healed_ms = healedAfter(watching.samples(), before(), lifted_ms, settled_ms, health);
  }
  await watching.stop();
  say("looking up what was acknowledged");
  const kept = await notes.settle();

  const samples = watching.samples();
  const during = between(samples, struck_ms, lifted_ms);
  const after = between(samples, lifted_ms + (healed_ms ?? 0), Number.POSITIVE_INFINITY);
  const verdicts = judge(drill.expects, { during, kept, healed_ms, told: [...told] });
  const [first, then, last] = [byProbe(before()), byProbe(during), byProbe(after)];
  return {
    drill: drill.name,
    skipped: null,
    seconds: Math.round((lifted_ms - struck_ms) / 100) / 10,
    during: figuresOf(during),
    probes: [...first.keys()].map((probe) => ({
      probe,
      before: figuresOf(first.get(probe) ?? []),
      during: figuresOf(then.get(probe) ?? []),
      after: figuresOf(last.get(probe) ?? []),
    })),
    reasons: reasonsOf(during, REASONS_MAX),
    still: healed_ms === null ? reasonsOf(after, REASONS_MAX) : [],
    told: [...told],
    kept,
    healed_ms,
    storm: fault.says?.() ?? null,
    verdicts,
    passed: verdicts.every(({ met }) => met),
  };
}

const between = (samples: readonly Sample[], from_ms: number, to_ms: number) =>
  samples.filter(({ due_ms }) => due_ms >= from_ms && due_ms < to_ms);

const lastSeconds = ({ clock, seconds }: Scene, signal: AbortSignal) => clock.sleep(seconds * 1_000, signal);

/** What the house says of itself while it lasts; what it says already is told. */
async function hear(
  ask: ReturnType<typeof createAsk>,
  clock: Clock,
  signal: AbortSignal,
  told: Set<string>,
  heard: () => void,
): Promise<void> {
  while (!signal.aborted) {
    for (const name of await unwell(ask)) told.add(name);
    heard();
    await clock.sleep(READY_MS, signal).catch(() => {});
  }
}

async function unwell(
  ask: (method: string, path: string, asked?: Asked) => Promise<{ body: unknown }>,
): Promise<string[]> {
  const ready = zReady.safeParse((await ask("GET", "/readyz")).body);
  // That a drill is under way is no sign of what it does.
  return (ready.data?.checks ?? [])
    .filter(({ name, state }) => state !== "ok" && name !== "drill")
    .map(({ name }) => name);
}

/** @returns why this drill cannot be run here, or null */
export async function obstacleOf(
  drill: Drill,
  { config, secrets, supervised }: Pick<DrillNeeds, "config" | "secrets" | "supervised">,
  hello: Scene["hello"],
): Promise<string | null> {
  return drill.fault.obstacle({ config, secrets, supervised, hello });
}

export function skippedReport(drill: Drill, skipped: string): DrillReport {
  return {
    drill: drill.name,
    skipped,
    seconds: 0,
    during: figuresOf([]),
    probes: [],
    reasons: [],
    still: [],
    told: [],
    kept: { written: 0, acknowledged: 0, lost: 0, doubled: 0, sent_again: 0, open: 0 },
    healed_ms: null,
    storm: null,
    verdicts: [],
    passed: true,
  };
}
