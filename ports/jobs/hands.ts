import type { Clock } from "#ports/clock/index.ts";

import { type Attempt, type AttemptNeeds, startAttempt } from "./attempt.ts";
import {
  AHEAD_BACK_MS,
  AHEAD_LEASE_MS_MIN,
  AHEAD_MS,
  CLAIM_JOBS_MAX,
  reservedWorkers,
  WRITING_JOBS_MAX,
} from "./bounds.ts";
import type { JobClass, JobKind } from "./index.ts";
import { CLASSES, type Shares } from "./shares.ts";
import type * as store from "./store.ts";

const RUN_WEIGHT = 0.1;

/** A claim that waits for a worker. */
export interface Held {
  claimed: store.Claimed;
  kind: JobKind;
  of: JobClass;
  /** `clock.monotonic()` of the claim. */
  held_since: number;
  guess: number;
}

/** What this node has in hand: attempts that run, and, while jobs are short, some that were claimed ahead of their workers. */
export interface Hands {
  /** Claimed and not written down yet, by token. */
  attempts: ReadonlyMap<string, Attempt>;
  /** Neither attempts nor what waits for a worker. */
  empty(): boolean;
  /** How many jobs of a class a claim may bring now; 0 while enough is in hand. */
  room(of: JobClass): number;
  /** How many of a kind it may bring. */
  roomOf(kind: JobKind): number;
  take(claimed: store.Claimed, of: JobClass, held_since: number): void;
  /** Begins what there are workers for. */
  start(): void;
  /** What has waited too long for a worker; everything with `all`. It is out of hand then. */
  giveBack(all: boolean): Held[];
}

export interface HandsNeeds {
  clock: Clock;
  workers: number;
  kinds: ReadonlyMap<string, JobKind>;
  shares: Shares;
  attempt: AttemptNeeds;
  /** 1: nothing is claimed ahead. */
  group_max: number;
  onStart(held: Held): void;
  /** A worker is free. */
  onFree(): void;
  onEnd(held: Held, ran_ms: number, settled: store.Settled): void;
}

interface Load {
  running: number;
  waiting: number;
  /** Of late; null before the first has ended. */
  run_ms: number | null;
}

export function createHands(needs: HandsNeeds): Hands {
  const { clock, workers, kinds, shares } = needs;
  const attempts = new Map<string, Attempt>();
  const waiting: Record<JobClass, Held[]> = { interactive: [], batch: [], maintenance: [] };
  const loads = new Map<string, Load>();
  const reserved = reservedWorkers(workers);
  let running = 0;
  let running_others = 0;
  /** When a worker was last free for a class. One whose workers are all at something long gets nothing ahead. */
  const freed_at: Record<JobClass, number> = { interactive: 0, batch: 0, maintenance: 0 };

  const loadOf = (kind: JobKind): Load => {
    let load = loads.get(kind.name);
    if (!load) loads.set(kind.name, (load = { running: 0, waiting: 0, run_ms: null }));
    return load;
  };
  /** So many of a kind are begun in `AHEAD_MS`; none of one that is slow or not known yet. */
  const aheadOf = (kind: JobKind): number => {
    const { run_ms } = loadOf(kind);
    if (needs.group_max <= 1 || run_ms === null || run_ms > AHEAD_MS || kind.lease_ms < AHEAD_LEASE_MS_MIN) return 0;
    return Math.min(
      needs.group_max,
      Math.floor((Math.min(workers, kind.concurrency_max) * AHEAD_MS) / Math.max(run_ms, 0.01)),
    );
  };
  const waitingIn = () => waiting.interactive.length + waiting.batch.length + waiting.maintenance.length;
  const freeFor = (of: JobClass) =>
    of === "interactive" ? workers - running : Math.min(workers - running, workers - reserved - running_others);

  function begin(held: Held): void {
    const { kind } = held;
    const load = loadOf(kind);
    const others = held.of === "interactive" ? 0 : 1;
    load.waiting -= 1;
    load.running += 1;
    running += 1;
    running_others += others;
    needs.onStart(held);
    const attempt = startAttempt(needs.attempt, held.claimed, kind, held.held_since);
    attempts.set(held.claimed.token, attempt);
    let ran_ms = 0;
    // Both are owned by `attempts`: draining waits for them there, and they never reject.
    void attempt.handled.then(() => {
      ran_ms = clock.monotonic() - attempt.began_at;
      load.run_ms = load.run_ms === null ? ran_ms : load.run_ms + RUN_WEIGHT * (ran_ms - load.run_ms);
      load.running -= 1;
      running -= 1;
      running_others -= others;
      const now = clock.monotonic();
      for (const of of CLASSES) if (freeFor(of) > 0) freed_at[of] = now;
      hands.start();
      needs.onFree();
    });
    void attempt.over.then((settled) => {
      attempts.delete(held.claimed.token);
      needs.onEnd(held, ran_ms, settled);
      // There may have been workers, and no room for one more that is not written down.
      hands.start();
    });
  }

  /** The first in a class that its kind lets run. */
  function nextOf(of: JobClass): Held | null {
    const line = waiting[of];
    if (line.length === 0 || freeFor(of) <= 0) return null;
    const at = line.findIndex(({ kind }) => loadOf(kind).running < kind.concurrency_max);
    return at < 0 ? null : line.splice(at, 1)[0]!;
  }

  const hands: Hands = {
    attempts,
    empty: () => attempts.size === 0 && waitingIn() === 0,
    room(of) {
      const free = freeFor(of);
      const flows = free > 0 || clock.monotonic() - freed_at[of] < AHEAD_MS;
      const ahead = flows ? Math.max(0, ...[...kinds.values()].map(aheadOf)) : 0;
      const held = waitingIn();
      if (ahead === 0) return Math.max(0, Math.min(free, workers - running) - held);
      // Filled up again when it is half empty: a claim costs a commit, however many it brings.
      if (held > ahead / 2) return 0;
      return Math.min(needs.group_max, CLAIM_JOBS_MAX, Math.max(0, free) + ahead - held);
    },
    roomOf(kind) {
      const load = loadOf(kind);
      return Math.max(0, kind.concurrency_max - load.running - load.waiting + aheadOf(kind));
    },
    take(claimed, of, held_since) {
      const kind = kinds.get(claimed.kind)!;
      loadOf(kind).waiting += 1;
      waiting[of].push({ claimed, kind, of, held_since, guess: shares.started(of) });
    },
    start() {
      while (running < workers && attempts.size < workers + WRITING_JOBS_MAX) {
        // In the order of their claims, which is that of the shares.
        const heads = CLASSES.filter((of) => waiting[of].length > 0).sort(
          (a, b) => waiting[a][0]!.held_since - waiting[b][0]!.held_since,
        );
        let next: Held | null = null;
        for (const of of heads) if ((next = nextOf(of))) break;
        if (!next) return;
        begin(next);
      }
    },
    giveBack(all) {
      const now = clock.monotonic();
      const back: Held[] = [];
      for (const of of CLASSES) {
        const line = waiting[of];
        waiting[of] = line.filter((held) => !all && now - held.held_since < AHEAD_BACK_MS);
        for (const held of line) {
          if (!all && now - held.held_since < AHEAD_BACK_MS) continue;
          loadOf(held.kind).waiting -= 1;
          shares.ended(of, held.guess, 0);
          // Whatever made it wait: for the next while its kind is not claimed ahead.
          loadOf(held.kind).run_ms = null;
          back.push(held);
        }
      }
      return back;
    },
  };
  return hands;
}
