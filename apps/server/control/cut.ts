import { Transient } from "#kernel/errors.ts";
import type { Calls, Dependency, DependencyOptions, Work } from "#ports/calls/index.ts";
import type { Clock } from "#ports/clock/index.ts";

import type { Cut, CutHow } from "./contract.ts";

/** What a drill may cut off, by the names of its dependencies. */
const DEPENDENCIES: Record<Cut, readonly string[]> = { mail: ["mail"], store: ["s3", "s3_bodies"] };
/** Of one that is slow, each answer comes so much later. */
export const SLOWER_MS = 1_000;

/** Calls of which a drill can cut some off, where the bytes would leave: all that stands above notices what it would notice. */
export interface CutCalls extends Calls {
  /** @param how null: it is as it was */
  cut(what: Cut, how: CutHow | null): void;
  mendAll(): void;
}

export function cuttable(calls: Calls, clock: Clock): CutCalls {
  const cuts = new Map<string, { how: CutHow; mended: AbortController }>();

  async function ill<T>(name: string, work: Work<T>, signal: AbortSignal, attempt: number): Promise<T> {
    const cut = cuts.get(name);
    if (cut?.how === "gone") throw new Transient(`a drill has cut ${name} off`);
    if (cut?.how === "stalls") await silence(AbortSignal.any([signal, cut.mended.signal]));
    if (cut?.how === "slow") await clock.sleep(SLOWER_MS, signal);
    return work(signal, attempt);
  }
  function cuttableOne(options: DependencyOptions): Dependency {
    const dependency = calls.to(options);
    return {
      call: (work, asked) => dependency.call((signal, attempt) => ill(options.name, work, signal, attempt), asked),
      get state() {
        return dependency.state;
      },
    };
  }
  function mend(name: string): void {
    cuts.get(name)?.mended.abort(new Transient(`the line to ${name} broke`));
    cuts.delete(name);
  }
  return {
    ...calls,
    to: cuttableOne,
    cut(what, how) {
      for (const name of DEPENDENCIES[what]) {
        mend(name);
        if (how !== null) cuts.set(name, { how, mended: new AbortController() });
      }
    },
    mendAll() {
      for (const name of cuts.keys()) mend(name);
    },
  };
}

/** What was asked while it stood has no answer, also when it goes on: its line breaks then. @throws the signal's reason */
async function silence(until: AbortSignal): Promise<void> {
  if (!until.aborted) await new Promise((resolve) => until.addEventListener("abort", resolve, { once: true }));
  until.throwIfAborted();
}
