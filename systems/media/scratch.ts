import { chmod, mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { join } from "node:path";

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

/** Folders whose job does not run any more: a process that was killed left them. @returns how many went */
export async function sweepScratch(folder: string, jobs: Jobs): Promise<number> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw error;
  });
  let gone = 0;
  for (const name of names) {
    const job = await jobs.get(name.split("-", 1)[0]!);
    if (job?.state === "running" || job?.state === "queued") continue;
    await rm(join(folder, name), { recursive: true, force: true });
    gone += 1;
  }
  return gone;
}
