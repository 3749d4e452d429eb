import { PRIORITIES, type Priority } from "#kernel/contract.ts";
import type { Clock } from "#ports/clock/index.ts";

import { createAtOnce } from "./at-once.ts";
import { AT_ONCE_MIN, COLLECT_MS, LONG_SHARE, LOOK_MS, MEMORY_LOOK_MS, WAIT_TARGET_MS } from "./bounds.ts";
import { createGate } from "./gate.ts";
import type { Load } from "./index.ts";
import { levelOf, type Rank, SPARE } from "./levels.ts";
import { createLoop } from "./loop.ts";
import { type Memory, systemMemory } from "./memory-bound.ts";
import { createMemoryWatch, type Stage, STAGES } from "./memory.ts";
import { createWorst } from "./worst.ts";

export interface LoadNeeds {
  clock: Clock;
  /** Longest wait that a read of a person is asked to bear while the house is behind; `WAIT_TARGET_MS` where nothing is said. */
  wait_target_ms?: number;
  /** Waits for a connection of the database as a request would, and asks it nothing. Run now and then while requests work. */
  probe?: () => Promise<unknown>;
  memory?: Memory;
  /** Runs work when all that is ready now has run. */
  afterTurn?: (work: () => void) => void;
  /** Gives memory back: asked for at `caution` and above, at most once in ten seconds. */
  collect?: () => void;
  onStage?: (stage: Stage, was: Stage) => void;
}

const NOWHERE = () => "";

/** Fewer at work cannot make a pool wait. */
const PROBED_FROM = 12;

export function createLoad(needs: LoadNeeds): Load {
  const { clock, wait_target_ms: target_ms = WAIT_TARGET_MS } = needs;
  const afterTurn = needs.afterTurn ?? ((work) => void setImmediate(work));
  const loop = createLoop(clock, afterTurn, target_ms);
  const atOnce = createAtOnce();
  const memory = createMemoryWatch(needs.memory ?? systemMemory());
  const isShort = (from: Stage) => STAGES.indexOf(memory.stage) >= STAGES.indexOf(from);
  const gate = createGate({
    clock,
    loop,
    afterTurn,
    target_ms,
    atOnceMax: () => (isShort("shed") ? Math.max(AT_ONCE_MIN, atOnce.max >> 1) : atOnce.max),
  });
  const worst = createWorst(clock);
  const refused = { socket: 0, upload: 0 };
  let loop_lag_ms = 0;
  let probe_ms: number | null = null;
  let probing_since: number | null = null;
  let looked_at = clock.monotonic();
  let memory_at = -Infinity;
  let collected_at = -Infinity;

  const lookAtMemory = (now: number) => {
    if (now - memory_at < MEMORY_LOOK_MS) return;
    memory_at = now;
    const { stage, was } = memory.look();
    if (stage !== was) needs.onStage?.(stage, was);
    if (stage === "calm" || now - collected_at < COLLECT_MS) return;
    collected_at = now;
    needs.collect?.();
  };

  /** Its failure is not ours to tell: whoever needs the database is told, and so is /readyz. */
  const probe = async (now: number) => {
    if (!needs.probe || probing_since !== null) return;
    probing_since = now;
    try {
      await needs.probe();
      probe_ms = clock.monotonic() - now;
    } catch {
      probe_ms = null;
    } finally {
      probing_since = null;
    }
  };

  const watch = clock.every(LOOK_MS, () => {
    const now = clock.monotonic();
    const elapsed_ms = now - looked_at;
    looked_at = now;
    loop.late(Math.max(0, elapsed_ms - LOOK_MS));
    loop_lag_ms = loop.look();
    worst.add(now, loop_lag_ms);
    const peak = gate.peak();
    const waits_ms = probing_since === null ? (probe_ms ?? 0) : now - probing_since;
    atOnce.learn(loop_lag_ms > target_ms * LONG_SHARE || waits_ms > target_ms, peak);
    gate.tick(elapsed_ms, atOnce.isRising);
    lookAtMemory(now);
    if (peak >= PROBED_FROM) void probe(now);
    else if (probing_since === null) probe_ms = null;
  });

  const lookAtStage = (rank: Rank) => {
    if (rank === "spare" && isShort("caution"))
      throw gate.refusal(SPARE, "load.memory", "The house is short of memory, so what can be left out is.");
  };

  return {
    enter(rank, left_ms, from = NOWHERE) {
      lookAtStage(rank);
      return gate.enter(levelOf(rank), left_ms, from);
    },
    leave: (rank) => gate.leave(levelOf(rank)),
    look(rank, from = NOWHERE) {
      lookAtStage(rank);
      gate.look(levelOf(rank), from);
    },
    hold(what) {
      if (!isShort("refuse")) return;
      refused[what] += 1;
      const level = levelOf(what === "socket" ? "read" : "act");
      throw gate.refusal(level, "load.memory", `The house is short of memory, so it takes no new ${what}.`);
    },
    get stage() {
      return memory.stage;
    },
    stats() {
      const { shed, ...counts } = gate.counts();
      return {
        ...counts,
        at_once_max: atOnce.max,
        shed: Object.fromEntries(PRIORITIES.map((name, i) => [name, shed[i] ?? 0])) as Record<Priority, number>,
        refused_sockets: refused.socket,
        refused_uploads: refused.upload,
        loop_lag_ms,
        loop_lag_worst_ms: worst.of(clock.monotonic()),
        probe_ms,
        is_behind: loop.isBehind() || gate.isFull(),
        memory_stage: STAGES.indexOf(memory.stage),
        ...renamed(memory.stats()),
      };
    },
    [Symbol.dispose]: () => watch[Symbol.dispose](),
  };
}

const renamed = ({ rss_bytes, bytes_max, free_share }: ReturnType<ReturnType<typeof createMemoryWatch>["stats"]>) => ({
  rss_bytes,
  memory_bytes_max: bytes_max,
  free_share,
});
