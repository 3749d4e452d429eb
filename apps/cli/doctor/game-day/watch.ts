import type { Clock } from "#ports/clock/index.ts";

import type { Answered, Fate } from "./ask.ts";
import { UNDER_WAY_MAX } from "./bounds.ts";

/** One thing that people do, done again and again. */
export interface Probe {
  name: string;
  every_ms: number;
  run(turn: number): Promise<Answered>;
}

export interface Sample {
  probe: string;
  /** When it was due, by the monotonic clock. */
  due_ms: number;
  /** From when it was due to its answer: whoever had to wait for their turn has waited. */
  took_ms: number;
  fate: Fate;
  because: string;
}

export interface Watch extends Disposable {
  /** Those that have an answer, in its order. */
  samples(): readonly Sample[];
  /** When the oldest that has none was due; null when all have. */
  oldest_due_ms(): number | null;
  /** Asks no more, and waits for what is under way; disposing does not wait. */
  stop(): Promise<void>;
}

/**
 * An open loop: each probe is due at its times whether the one before was answered or not, as people come whether others were
 * served or not. A closed one would ask less of a house that is slow, and so flatter it.
 */
export function watch(clock: Clock, probes: readonly Probe[]): Watch {
  const samples: Sample[] = [];
  const under_way = new Map<Promise<void>, number>();
  const stopping = new AbortController();

  async function ask(probe: Probe, turn: number, due_ms: number) {
    let answered: Pick<Answered, "fate" | "because">;
    try {
      answered = await probe.run(turn);
    } catch (error) {
      answered = { fate: "failed", because: error instanceof Error ? error.message : String(error) };
    }
    const { fate, because } = answered;
    samples.push({ probe: probe.name, due_ms, took_ms: Math.max(0, clock.monotonic() - due_ms), fate, because });
  }

  async function pace(probe: Probe, began_ms: number) {
    let mine = 0;
    for (let turn = 0; !stopping.signal.aborted; turn++) {
      const due_ms = began_ms + turn * probe.every_ms;
      const wait_ms = due_ms - clock.monotonic();
      if (wait_ms > 0) await clock.sleep(wait_ms, stopping.signal).catch(() => {});
      if (stopping.signal.aborted) return;
      if (mine >= UNDER_WAY_MAX) {
        samples.push({ probe: probe.name, due_ms, took_ms: 0, fate: "unanswered", because: "too many wait already" });
        continue;
      }
      mine += 1;
      const asking = ask(probe, turn, due_ms).finally(() => {
        mine -= 1;
        under_way.delete(asking);
      });
      under_way.set(asking, due_ms);
    }
  }

  const began_ms = clock.monotonic();
  // Not all at the same moment: each a little later than the one before.
  const paced = probes.map((probe, i) => pace(probe, began_ms + i * 13));
  return {
    samples: () => samples,
    oldest_due_ms: () => under_way.values().next().value ?? null,
    async stop() {
      stopping.abort(new Error("enough"));
      await Promise.all(paced);
      await Promise.all(under_way.keys());
    },
    [Symbol.dispose]: () => stopping.abort(new Error("enough")),
  };
}
