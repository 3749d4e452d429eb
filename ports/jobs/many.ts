import type { Asker } from "#ports/calls/index.ts";

import type { JobKind, JobKindOfMany, JobOfMany } from "./index.ts";

/** A kind as the worker knows it: `handle` for one, and for what gets many at once `many`. */
export interface KnownKind extends JobKind {
  many?: { jobs_max: number; handle(batch: JobOfMany[]): Promise<PromiseSettledResult<unknown>[]> };
}

const DONE: PromiseSettledResult<unknown> = { status: "fulfilled", value: undefined };

export function knownKind(kind: JobKind | JobKindOfMany): KnownKind {
  if (!("handleMany" in kind)) return kind;
  const { many_max, handleMany, ...rest } = kind;
  const handle = async (batch: JobOfMany[]): Promise<PromiseSettledResult<unknown>[]> => {
    const ends = await handleMany(batch);
    if (ends === undefined) return batch.map(() => DONE);
    // Whose end is whose cannot be told: none is taken for done.
    if (ends.length !== batch.length)
      throw new Error(`${kind.name} got ${batch.length} jobs and told how ${ends.length} ended`);
    return ends;
  };
  return {
    ...rest,
    handle: async (payload, run) => endOf(await handle([{ payload, run }]), 0),
    many: { jobs_max: many_max, handle },
  };
}

/** @throws what it was rejected with */
export function endOf(ends: readonly PromiseSettledResult<unknown>[], at: number): void {
  const end = ends[at]!;
  if (end.status === "rejected") throw end.reason;
}

/** Those of one call wait for it together: until the last has been told to stop, or has ended. */
export function askerOfAll(asker: Asker, jobs: number): Pick<Asker, "giveUp" | "end"> {
  let waiting = jobs;
  let left = jobs;
  return {
    giveUp(reason) {
      if (--waiting === 0) asker.giveUp(reason);
    },
    end() {
      if (--left === 0) asker.end();
    },
  };
}
