import { idAtMs, type PersonId } from "#kernel/ids.ts";
import { HOUR_MS, MINUTE_MS, rfc3339 } from "#kernel/time.ts";
import { onOwnTime } from "#ports/calls/index.ts";
import type { Clock } from "#ports/clock/index.ts";
import type { Log } from "#ports/log/index.ts";
import type { Query, Sql } from "#ports/sql/index.ts";

import type { Audit } from "../audit/audit.ts";
import { SHIELD_MINUTES_KEPT_MS } from "../bounds.ts";
import { MODERATION_TOPIC, readModerationEvent, tell } from "../events.ts";
import { type Shield, SHIELD_KINDS, type ShieldKind } from "./contract.ts";
import {
  BUSY_SHARE,
  CALM_HOURS_MIN,
  COUNTED_PER_PERSON_MAX,
  learn,
  LEARNED_FROM_MS,
  nextStep,
  normalOf,
  SENTENCES,
  tightensAt,
  VOUCHED_KEPT_MS,
  WINDOW_MS,
} from "./steps.ts";
import * as store from "./store.ts";

/**
 * Surge shields: each measures how often something happens against what is normal here, tightens by itself in stated steps,
 * and relaxes again after calm. The state is in the database, so a restart keeps it and all nodes have the same.
 */
export interface Shields extends AsyncDisposable {
  /** The step as this node knows it: from memory, which its events and 30 s of age renew. */
  step(kind: ShieldKind): Promise<number>;
  /** The same with what is usual here in an hour. */
  state(kind: ShieldKind): Promise<{ step: number; normal_per_h: number }>;
  list(): Promise<Shield[]>;
  /** Null lets it move by itself again. */
  hold(by: PersonId, kind: ShieldKind, step: number | null): Promise<Shield>;
  /** Adds what happened, by minute, and tightens if that is too much; in the transaction of who read it. */
  count(tx: Query, kind: ShieldKind, happened: readonly Happened[]): Promise<void>;
  /** Once a minute: relaxes, learns, forgets old minutes. */
  tick(): Promise<void>;
}

/** One event that a shield counts. */
export interface Happened {
  by: PersonId;
  at_ms: number;
}

const KNOWN_MS_MAX = 30_000;

type State = Pick<store.ShieldRow, "step" | "normal_per_h">;

export async function createShields(needs: { sql: Sql; log: Log; clock: Clock; audit: Audit }): Promise<Shields> {
  const { sql, log, clock, audit } = needs;
  let known: { at_ms: number; steps: Promise<Map<ShieldKind, State>> } | null = null;
  const tail = await log.tail(MODERATION_TOPIC, (batch) => {
    if (batch.some((stored) => readModerationEvent(stored)?.type === "moderation.shield_changed")) known = null;
  });

  function steps(): Promise<Map<ShieldKind, State>> {
    const now_ms = clock.now();
    if (known !== null && Math.abs(now_ms - known.at_ms) < KNOWN_MS_MAX) return known.steps;
    const mine = {
      at_ms: now_ms,
      steps: onOwnTime(() => store.all(sql.pool)).then((rows) => new Map(rows.map((row) => [row.kind, row]))),
    };
    known = mine;
    mine.steps.catch(() => known === mine && (known = null));
    return mine.steps;
  }

  const rateOf = async (db: Query, kind: ShieldKind, now_ms: number) =>
    (await store.counted(db, kind, new Date(now_ms - WINDOW_MS))) * (HOUR_MS / WINDOW_MS);

  async function change(tx: Query, row: store.ShieldRow, to: Partial<store.ShieldRow>, by: PersonId | null) {
    const next = { ...row, ...to, since: new Date(clock.now()) };
    await store.save(tx, next, by);
    const { kind, step, held, because } = next;
    await tell(log, tx, { type: "moderation.shield_changed", version: 1, data: { kind, step, held } });
    const detail = { kind, from: row.step, to: step, held, because };
    await audit.append(tx, { by, what: `shield.${held ? "held" : step > row.step ? "tightened" : "relaxed"}`, detail });
  }

  /** @returns true when the step is another now */
  async function weigh(tx: Query, kind: ShieldKind): Promise<boolean> {
    const row = await store.lock(tx, kind);
    const now_ms = clock.now();
    const rate_per_h = await rateOf(tx, kind, now_ms);
    const state = { ...row, hot_ms: row.hot_at?.getTime() ?? null, since_ms: row.since.getTime() };
    const { step, hot_ms } = nextStep(kind, state, rate_per_h, now_ms);
    const hot_at = hot_ms === null ? null : new Date(hot_ms);
    if (step === row.step) {
      if (hot_ms !== state.hot_ms) await store.keepHot(tx, kind, hot_at);
      return false;
    }
    const normal = Math.round(normalOf(kind, row.normal_per_h));
    const because =
      step > row.step
        ? `${Math.round(rate_per_h)} an hour, where ${normal} are usual.`
        : `It was calm for a while: ${Math.round(rate_per_h)} an hour.`;
    await change(tx, row, { step, hot_at, because }, null);
    return true;
  }

  /** What one person adds has a bound, so that a rate is the doing of many. */
  async function withinShares(tx: Query, kind: ShieldKind, happened: readonly Happened[]): Promise<Happened[]> {
    const windowOf = (ms: number) => Math.floor(ms / WINDOW_MS) * WINDOW_MS;
    const groups = [...Map.groupBy(happened, ({ by, at_ms }) => `${by} ${windowOf(at_ms)}`).values()];
    // In one order, so that two readers of the log never wait in a circle.
    groups.sort(([a], [b]) => (BigInt(a!.by) < BigInt(b!.by) ? -1 : 1));
    if (groups.length === 0) return [];
    const shares = groups.map((group) => ({
      person_id: group[0]!.by,
      since: new Date(windowOf(group[0]!.at_ms)),
      events: group.length,
    }));
    const sums = await store.addShares(tx, kind, shares);
    return groups.flatMap((group, i) => {
      const before = sums[i]! - group.length;
      return group.slice(0, Math.max(0, COUNTED_PER_PERSON_MAX[kind] - before));
    });
  }

  /** The hour that is over, and what follows from all those that are known. */
  async function learnHour(tx: Query, row: store.ShieldRow, now_ms: number): Promise<void> {
    const { kind } = row;
    const until = Math.floor(now_ms / HOUR_MS) * HOUR_MS;
    // Calm from its beginning on: a step that was left within the hour was a flood in it.
    const isCalm = row.step === 0 && !row.held && row.since.getTime() < until - HOUR_MS;
    await store.keepHour(tx, kind, new Date(until - HOUR_MS), new Date(until), isCalm);
    await store.trimHours(tx, kind, new Date(now_ms - LEARNED_FROM_MS));
    const { hours, busy } = await store.busyHours(tx, kind, BUSY_SHARE);
    const normal = learn(row.normal_per_h, hours < CALM_HOURS_MIN ? null : busy);
    await store.saveLearned(tx, kind, normal, new Date(until));
  }

  async function present(row: store.ShieldRow): Promise<Shield> {
    return {
      kind: row.kind,
      step: row.step,
      sentence: SENTENCES[row.kind][row.step]!,
      since: rfc3339(row.since),
      because: row.because,
      held: row.held,
      rate_per_h: await rateOf(sql.pool, row.kind, clock.now()),
      normal_per_h: Math.round(normalOf(row.kind, row.normal_per_h)),
      tightens_at_per_h: Math.round(tightensAt(row.kind, row)),
    };
  }

  return {
    step: async (kind) => (await steps()).get(kind)?.step ?? 0,
    state: async (kind) => (await steps()).get(kind) ?? { step: 0, normal_per_h: 0 },
    list: async () => Promise.all((await store.all(sql.pool)).map(present)),

    async hold(by, kind, step) {
      const row = await sql.tx(async (tx) => {
        const before = await store.lock(tx, kind);
        const because = step === null ? "An admin let it move by itself again." : "An admin holds it.";
        const hot_at = before.hot_at ?? new Date(clock.now());
        await change(tx, before, { step: step ?? before.step, held: step !== null, because, hot_at }, by);
        return store.lock(tx, kind);
      });
      known = null;
      return present(row);
    },

    async count(tx, kind, happened) {
      const counted = await withinShares(tx, kind, happened);
      const minutes = Map.groupBy(counted, ({ at_ms }) => Math.floor(at_ms / MINUTE_MS) * MINUTE_MS);
      for (const [minute_ms, events] of minutes) await store.count(tx, kind, new Date(minute_ms), events.length);
      await weigh(tx, kind);
    },

    async tick() {
      for (const kind of SHIELD_KINDS) {
        const changed = await sql.tx(async (tx) => {
          const moved = await weigh(tx, kind);
          const row = await store.lock(tx, kind);
          const now_ms = clock.now();
          if (now_ms - row.learned_at.getTime() >= HOUR_MS) await learnHour(tx, row, now_ms);
          return moved;
        });
        if (changed) known = null;
      }
      await store.trim(sql.pool, new Date(clock.now() - SHIELD_MINUTES_KEPT_MS));
      await store.trimVouched(sql.pool, idAtMs(clock.now() - VOUCHED_KEPT_MS));
    },

    [Symbol.asyncDispose]: () => tail[Symbol.asyncDispose](),
  };
}
