import { chmod, mkdir, mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";

import { HOUR_MS } from "#kernel/time.ts";
import type { Clock } from "#ports/clock/index.ts";
import type { JobRun, Jobs } from "#ports/jobs/index.ts";

export interface Scratch extends AsyncDisposable {
  path: string;
}

/** An empty folder of one attempt's own, named after its job; gone at disposal. */
export async function openScratch(folder: string, run: Pick<JobRun, "id">): Promise<Scratch> {
  await mkdir(folder, { recursive: true });
  const path = await mkdtemp(join(folder, `${run.id}-`));
  // The sandbox's account walks through to the folder below that it is given; nobody else can list it.
  await chmod(path, 0o711);
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

/** Folders of runs that belong to no job. None takes as long as an hour. */
export const MAKE = "make";

/** Folders whose job does not run any more: a process that was killed left them. @returns how many went */
export async function sweepScratch(folder: string, jobs: Jobs, clock: Pick<Clock, "now">): Promise<number> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw error;
  });
  const isInUse = async (folder: string, name: string): Promise<boolean> => {
    const [id = ""] = name.split("-", 1);
    if (id === MAKE) return clock.now() - ((await stat(join(folder, name)).catch(() => null))?.mtimeMs ?? 0) < HOUR_MS;
    const job = await jobs.get(id);
    return job?.state === "running" || job?.state === "queued";
  };
  let gone = 0;
  for (const name of names) {
    if (await isInUse(folder, name)) continue;
    await rm(join(folder, name), { recursive: true, force: true });
    gone += 1;
  }
  return gone;
}
