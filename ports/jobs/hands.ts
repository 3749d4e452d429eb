import type { Clock } from "#ports/clock/index.ts";

import { Attempt, type AttemptHooks, type AttemptNeeds } from "./attempt.ts";
import {
  AHEAD_BACK_MS,
  AHEAD_LEASE_MS_MIN,
  AHEAD_MS,
  AHEAD_TENANT_MS,
  CLAIM_JOBS_MAX,
  LANE_JOBS_MAX,
  reservedWorkers,
  spareHands,
  WRITING_JOBS_MAX,
} from "./bounds.ts";
import type { JobClass } from "./index.ts";
import type { KnownKind } from "./many.ts";
import { CLASSES, type Shares } from "./shares.ts";
import type * as store from "./store.ts";

const RUN_WEIGHT = 0.1;

/** A claim that waits for a worker. */
export interface Held {
  claimed: store.Claimed;
  kind: KnownKind;
  of: JobClass;
  /** `clock.monotonic()` of the claim. */
  held_since: number;
  guess: number;
  /** The call of the handler that it is in with others. */
  call: Call | null;
}

/** One call of a handler that got many. */
interface Call {
  jobs: number;
  /** Of these, what has not ended. */
  left: number;
  /** Whose tenant's hand it takes. */
  first: Held;
}

/** What this node has in hand: attempts that run, and, while jobs are short, some that were claimed ahead of their workers. */
export interface Hands {
  /** Claimed and not written down yet. */
  attempts: ReadonlyMap<Attempt, Held>;
  /** Neither attempts nor what waits for a worker. */
  empty(): boolean;
  /** How many jobs of a class a claim may bring now; 0 while enough is in hand. */
  room(of: JobClass): number;
  /** The same without the kinds that get many in a call. */
  roomOfSingles(of: JobClass): number;
  /** How many of a kind it may bring. @param most what `roomOfSingles` said */
  roomOf(kind: KnownKind, most: number): number;
  /** How many of it one tenant may have beyond the room that it has in its class. */
  tenantAhead(kind: KnownKind): number;
  /** How many more jobs of a class each tenant may have here, and whoever is not named. Below 1: none. */
  tenantRooms(of: JobClass): TenantRooms;
  /** Whether many of a kind may be claimed as a group. */
  grouped(kind: KnownKind): boolean;
  take(claimed: store.Claimed, of: JobClass, held_since: number): void;
  /** Begins what there are workers for. */
  start(): void;
  /** What has waited too long for a worker; everything with `all`. It is out of hand then. */
  giveBack(all: boolean): Held[];
}

export interface TenantRooms {
  names: string[];
  rooms: number[];
  others: number;
}

export interface HandsNeeds {
  clock: Clock;
  workers: number;
  kinds: ReadonlyMap<string, KnownKind>;
  shares: Shares;
  attempt: AttemptNeeds;
  /** 1: nothing is claimed ahead. */
  group_max: number;
  /** @param now `clock.monotonic()` */
  onStart(held: Held, now: number): void;
  /** A worker is free. */
  onFree(): void;
  onEnd(held: Held, ran_ms: number, settled: store.Settled): void;
}

interface Load {
  running: number;
  waiting: number;
  /** Of late; null before the first has ended. */
  run_ms: number | null;
  /** Its jobs write something down before they end, each by itself, so that to claim them as a group would only cost. */
  apart: boolean;
}

/** What one tenant has in hand; of it, what is not interactive. */
interface Having {
  running: number;
  running_others: number;
  held: number;
  held_others: number;
}

/** First in, first out; what is taken from the head moves nothing. */
interface Line {
  held: Held[];
  head: number;
}

export function createHands(needs: HandsNeeds): Hands {
  const { clock, workers, kinds, shares } = needs;
  const attempts = new Map<Attempt, Held>();
  const waiting: Record<JobClass, Line> = {
    interactive: { held: [], head: 0 },
    batch: { held: [], head: 0 },
    maintenance: { held: [], head: 0 },
  };
  const loads = new Map<KnownKind, Load>();
  const tenants = new Map<string, Having>();
  const reserved = reservedWorkers(workers);
  /** With all hands at one's jobs, the first of another would wait for one of them to end, however it is ordered. */
  const tenant_max = workers - spareHands(workers);
  const tenant_others_max = workers - reserved - spareHands(workers - reserved);
  let running = 0;
  let running_others = 0;
  /** Nothing begins, because too much that has ended is not written down. */
  let choked = false;
  /** When a worker was last free for a class. One whose workers are all at something long gets nothing ahead. */
  const freed_at: Record<JobClass, number> = { interactive: 0, batch: 0, maintenance: 0 };

  const loadOf = (kind: KnownKind): Load => {
    let load = loads.get(kind);
    if (!load) loads.set(kind, (load = { running: 0, waiting: 0, run_ms: null, apart: false }));
    return load;
  };
  /** In one call. */
  const jobsOf = (kind: KnownKind) => kind.many?.jobs_max ?? 1;
  /** So many of a kind are begun in `AHEAD_MS`; none of one that is slow or not known yet. */
  const aheadOf = (kind: KnownKind): number => {
    const { run_ms } = loadOf(kind);
    if (needs.group_max <= 1 || run_ms === null || run_ms > AHEAD_MS || kind.lease_ms < AHEAD_LEASE_MS_MIN) return 0;
    return Math.min(
      needs.group_max,
      Math.floor((Math.min(workers, kind.concurrency_max) * AHEAD_MS) / Math.max(run_ms, 0.01)) * jobsOf(kind),
    );
  };
  const changed = ({ of, claimed: { tenant } }: Held, running_by: number, held_by: number): void => {
    if (tenant === null) return;
    let having = tenants.get(tenant);
    if (!having) tenants.set(tenant, (having = { running: 0, running_others: 0, held: 0, held_others: 0 }));
    having.running += running_by;
    having.held += held_by;
    if (of !== "interactive") {
      having.running_others += running_by;
      having.held_others += held_by;
    }
    if (having.held === 0) tenants.delete(tenant);
  };
  const tenantMayRun = (of: JobClass, tenant: string): boolean => {
    const having = tenants.get(tenant)!;
    return having.running < tenant_max && (of === "interactive" || having.running_others < tenant_others_max);
  };
  const mayRun = ({ kind, of, claimed: { tenant } }: Held): boolean =>
    loadOf(kind).running < kind.concurrency_max && (tenant === null || tenantMayRun(of, tenant));
  const tenantRoom = (of: JobClass, { held, held_others }: Having): number =>
    of === "interactive" ? tenant_max - held : Math.min(tenant_max - held, tenant_others_max - held_others);
  const lengthOf = (of: JobClass) => waiting[of].held.length - waiting[of].head;
  const waitingIn = () => lengthOf("interactive") + lengthOf("batch") + lengthOf("maintenance");
  const freeFor = (of: JobClass) =>
    of === "interactive" ? workers - running : Math.min(workers - running, workers - reserved - running_others);

  const hooks: AttemptHooks = {
    onHandled(attempt) {
      const held = attempts.get(attempt)!;
      const { of } = held;
      const now = clock.monotonic();
      const took_ms = now - attempt.began_at;
      const { call } = held;
      // Of the worker's time each of a call has its part.
      attempt.ran_ms = call ? took_ms / call.jobs : took_ms;
      if (call && --call.left > 0) return;
      const load = loadOf(attempt.kind);
      load.run_ms = load.run_ms === null ? took_ms : load.run_ms + RUN_WEIGHT * (took_ms - load.run_ms);
      load.running -= 1;
      running -= 1;
      changed(call?.first ?? held, -1, -1);
      if (of !== "interactive") running_others -= 1;
      for (const one of CLASSES) if (freeFor(one) > 0) freed_at[one] = now;
      start(now);
      needs.onFree();
    },
    onOver(attempt, settled) {
      const held = attempts.get(attempt)!;
      attempts.delete(attempt);
      if (attempt.claimed.apart) loadOf(attempt.kind).apart = true;
      needs.onEnd(held, attempt.ran_ms, settled);
      // There may have been workers, and no room for one more that is not written down.
      if (choked) start(clock.monotonic());
    },
  };

  function begin(held: Held, now: number): void {
    const load = loadOf(held.kind);
    load.waiting -= 1;
    load.running += 1;
    running += 1;
    changed(held, 1, 0);
    if (held.of !== "interactive") running_others += 1;
    if (held.kind.many) beginMany(held, now);
    else attemptOf(held, now).begin(now);
  }

  function attemptOf(held: Held, now: number): Attempt {
    needs.onStart(held, now);
    const attempt = new Attempt(needs.attempt, held.claimed, held.kind, held.held_since, hooks);
    attempts.set(attempt, held);
    return attempt;
  }

  /** With those of its kind that are in hand. */
  function beginMany(first: Held, now: number): void {
    const { kind, of } = first;
    const batch = [first];
    const others: Held[] = [];
    for (const held of waiting[of].held.slice(waiting[of].head))
      if (held.kind === kind && batch.length < jobsOf(kind)) batch.push(held);
      else others.push(held);
    waiting[of] = { held: others, head: 0 };
    loadOf(kind).waiting -= batch.length - 1;
    const call: Call = { jobs: batch.length, left: batch.length, first };
    for (const held of batch) {
      held.call = call;
      if (held !== first) changed(held, 0, -1);
    }
    Attempt.beginMany(
      batch.map((held) => attemptOf(held, now)),
      kind,
      now,
    );
  }

  /** The first in a class that its kind and its tenant let run. */
  function nextOf(of: JobClass): Held | null {
    const line = waiting[of];
    if (line.head === line.held.length || freeFor(of) <= 0) return null;
    const first = line.held[line.head]!;
    if (mayRun(first)) {
      line.head += 1;
      if (line.head === line.held.length) waiting[of] = { held: [], head: 0 };
      return first;
    }
    const at = line.held.findIndex((held, n) => n > line.head && mayRun(held));
    return at < 0 ? null : line.held.splice(at, 1)[0]!;
  }

  const headOf = (of: JobClass): Held => waiting[of].held[waiting[of].head]!;

  /** In the order of their claims, which is that of the shares. */
  function next(): Held | null {
    if (lengthOf("batch") === 0 && lengthOf("maintenance") === 0) return nextOf("interactive");
    const heads = CLASSES.filter((of) => lengthOf(of) > 0);
    heads.sort((a, b) => headOf(a).held_since - headOf(b).held_since);
    for (const of of heads) {
      const held = nextOf(of);
      if (held) return held;
    }
    return null;
  }

  function start(now: number): void {
    while (running < workers) {
      choked = attempts.size >= workers + WRITING_JOBS_MAX;
      if (choked) return;
      const held = next();
      if (!held) return;
      begin(held, now);
    }
  }

  function roomOfSingles(of: JobClass): number {
    const free = freeFor(of);
    const flows = free > 0 || clock.monotonic() - freed_at[of] < AHEAD_MS;
    const ahead = flows ? Math.max(0, ...[...kinds.values()].map(aheadOf)) : 0;
    // While there are hands for it, what waits is what its kind or its tenant holds back: it takes the room of nobody else.
    const held = free > 0 && !choked ? 0 : waitingIn();
    if (ahead === 0) return Math.max(0, Math.min(free, workers - running) - held);
    // Filled up again when an eighth is left: a claim costs a commit, however many it brings.
    if (held > ahead / 8) return 0;
    return Math.max(0, free, Math.min(needs.group_max, CLAIM_JOBS_MAX, Math.max(0, free) + ahead) - held);
  }

  /** For calls of it that could begin now. */
  const roomOfMany = (kind: KnownKind, free: number) =>
    choked
      ? 0
      : Math.max(0, Math.min(free, kind.concurrency_max - loadOf(kind).running) * jobsOf(kind) - loadOf(kind).waiting);

  return {
    attempts,
    empty: () => attempts.size === 0 && waitingIn() === 0,
    roomOfSingles,
    room(of) {
      const free = freeFor(of);
      let most = roomOfSingles(of);
      if (free > 0) for (const kind of kinds.values()) if (kind.many) most = Math.max(most, roomOfMany(kind, free));
      return Math.min(most, CLAIM_JOBS_MAX);
    },
    roomOf(kind, most) {
      if (kind.many) return roomOfMany(kind, Math.max(0, workers - running)) + aheadOf(kind);
      const load = loadOf(kind);
      return Math.min(most, Math.max(0, kind.concurrency_max - load.running - load.waiting + aheadOf(kind)));
    },
    tenantAhead(kind) {
      // They go into few calls, and a lane lets out no more.
      if (kind.many) return Math.min(LANE_JOBS_MAX, jobsOf(kind));
      const ahead = aheadOf(kind);
      return ahead === 0 ? 0 : Math.min(LANE_JOBS_MAX, Math.floor((ahead * AHEAD_TENANT_MS) / AHEAD_MS));
    },
    tenantRooms: (of) => ({
      names: [...tenants.keys()],
      rooms: [...tenants.values()].map((having) => tenantRoom(of, having)),
      others: of === "interactive" ? tenant_max : tenant_others_max,
    }),
    grouped: (kind) => aheadOf(kind) > 0 && !loadOf(kind).apart,
    take(claimed, of, held_since) {
      const kind = kinds.get(claimed.kind)!;
      loadOf(kind).waiting += 1;
      const held: Held = { claimed, kind, of, held_since, guess: shares.started(of), call: null };
      changed(held, 0, 1);
      waiting[of].held.push(held);
    },
    start: () => start(clock.monotonic()),
    giveBack(all) {
      const now = clock.monotonic();
      const back: Held[] = [];
      for (const of of CLASSES) {
        const line = waiting[of].held.slice(waiting[of].head);
        waiting[of] = { held: line.filter((held) => !all && now - held.held_since < AHEAD_BACK_MS), head: 0 };
        for (const held of line) {
          if (!all && now - held.held_since < AHEAD_BACK_MS) continue;
          const load = loadOf(held.kind);
          load.waiting -= 1;
          changed(held, 0, -1);
          shares.ended(of, held.guess, 0);
          // Whatever made it wait: for the next while its kind is not claimed ahead.
          load.run_ms = null;
          if (held.claimed.lease) held.claimed.lease.left -= 1;
          back.push(held);
        }
      }
      return back;
    },
  };
}
