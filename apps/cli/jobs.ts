import { createSystemClock } from "#ports/clock/index.ts";
import type { JobAct, JobState } from "#systems/jobs/contract.ts";

import { type Command, command, type Terminal, UsageError, type Values } from "./command.ts";
import { openHouse } from "./house.ts";
import { actOnMany, idsOf, soughtOf, soughtOptions, stateOption } from "./jobs-many.ts";
import { jobs, toldClasses, toldKinds, toldLines, toldSchedules, toldSheet, toldTenants } from "./jobs-told.ts";

const json = { type: "boolean", says: "as JSON" } as const;
const yes = { type: "boolean", says: "without asking" } as const;
const number = { type: "string", value: "N", says: "the job's number; or as words: `show 7 8`" } as const;
const numbers = { value: "N", says: "numbers of jobs" } as const;
const LISTED = 30;
const LISTED_MAX = 1_000;
const PAGE = 100;

const status = command({
  path: ["jobs"],
  summary:
    "How the work in the background is: what waits and for how long, runs, and died; exit code 1 while a class waits too long",
  options: { json },
  async run(values, terminal) {
    await using house = await openHouse(terminal);
    const queues = await house.jobs.rooms.queues.now();
    const dead = queues.classes.reduce((sum, one) => sum + one.dead, 0);
    if (values.json) terminal.out(JSON.stringify(queues));
    else {
      for (const line of [...toldClasses(queues.classes), "", ...toldKinds(queues.kinds)]) terminal.out(line);
      if (dead > 0) terminal.out(`\n  ${jobs(dead)} died: \`folk jobs dead\` says why, and what to do.`);
    }
    return queues.classes.some((one) => one.is_starving) ? 1 : 0;
  },
});

const list = command({
  path: ["jobs", "list"],
  summary: "Jobs one by one, the newest first: what waits or runs, or with --state what died, was done or cancelled",
  about: "All that is said must hold of each. Records of what is done or cancelled stay a day, of what died 30 days.",
  options: {
    state: stateOption,
    ...soughtOptions,
    limit: { type: "string", value: "N", says: `so many at most; ${LISTED} where nothing is said` },
    json,
  },
  async run(values, terminal) {
    const limit = Number(values.limit ?? LISTED);
    if (!Number.isSafeInteger(limit) || limit < 1 || limit > LISTED_MAX)
      throw new UsageError(
        `--limit is "${values.limit}", but it must be a whole number from 1 to ${LISTED_MAX}.`,
        list,
      );
    const now_ms = createSystemClock().now();
    const states: JobState[] = values.state === undefined ? ["running", "queued"] : [values.state as JobState];
    const sought = states.map((state) => soughtOf(state, values, now_ms));
    await using house = await openHouse(terminal);
    let count = 0;
    let more = false;
    for (const of of sought) {
      let cursor: string | null = null;
      do {
        const page: Awaited<ReturnType<typeof house.jobs.rooms.records.list>> = await house.jobs.rooms.records.list({
          ...of,
          limit: Math.min(PAGE, limit - count),
          ...(cursor === null ? {} : { cursor }),
        });
        count += page.items.length;
        cursor = page.next_cursor;
        if (values.json) for (const line of page.items) terminal.out(JSON.stringify(line));
        else for (const line of toldLines(page.items)) terminal.out(line);
      } while (cursor !== null && count < limit);
      more ||= cursor !== null;
      if (count >= limit) break;
    }
    if (!values.json && count === 0) terminal.out("None.");
    if (!values.json && more) terminal.out(`  … and more: --limit, or narrow it down.`);
    return 0;
  },
});

const dead = command({
  path: ["jobs", "dead"],
  summary: "What was given up after its last try, by kind and reason, and what to do about it",
  about: "Secrets that may stand in a reason are cut, as on the page under Admin, Jobs.",
  options: { json },
  async run(values, terminal) {
    await using house = await openHouse(terminal);
    const { items, jobs: count } = await house.jobs.rooms.dead.groups();
    if (values.json) {
      terminal.out(JSON.stringify({ items, jobs: count }));
      return 0;
    }
    if (count === 0) terminal.out("Nothing died.");
    for (const group of items) {
      const many =
        group.jobs === 1 ? `1 job, number ${group.job_id}` : `${jobs(group.jobs)}, the newest ${group.job_id}`;
      terminal.out(`${group.kind}: ${many}, ${group.last_at}`);
      terminal.out(`  ${group.reason}`);
      terminal.out(`  ${group.advice}`);
      terminal.out("");
    }
    return 0;
  },
});

const show: Command = command({
  path: ["jobs", "show"],
  summary: "One job: tries, reason, times, and what it was given as far as that may be seen",
  options: { id: number, json },
  words: numbers,
  async run(values, terminal, words) {
    const ids = idsOf(values.id, words, show);
    if (ids.length === 0) throw new UsageError("Say which: `folk jobs show 7`.", show);
    await using house = await openHouse(terminal);
    for (const id of ids) {
      const sheet = await house.jobs.rooms.records.sheet(id);
      if (values.json) terminal.out(JSON.stringify(sheet));
      else for (const line of toldSheet(sheet)) terminal.out(line);
    }
    return 0;
  },
});

const manyOptions = { id: number, ...soughtOptions, yes, json } as const;

/** By numbers, or all that something holds of: never all there are, for want of a word. */
async function act(
  of: Command,
  what: JobAct,
  state: JobState,
  values: Values<typeof manyOptions>,
  words: readonly string[],
  terminal: Terminal,
): Promise<number> {
  const ids = idsOf(values.id, words, of);
  const narrowed = Object.keys(soughtOptions).some((name) => values[name as keyof typeof soughtOptions] !== undefined);
  if (ids.length > 0 === narrowed)
    throw new UsageError("Say which: numbers of jobs, or what holds of all that are meant (--kind, --text, …).", of);
  const sought = soughtOf(state, values, createSystemClock().now());
  await using house = await openHouse(terminal);
  const { acts, records } = house.jobs.rooms;
  const tell = (changed: number, done: string) =>
    terminal.out(values.json ? JSON.stringify({ act: what, changed }) : done);
  if (ids.length === 0) {
    const changed = await actOnMany(house, what, sought, values.yes, terminal);
    if (changed === null) return 1;
    tell(changed, changed === 0 ? `None of those that are ${state} was changed.` : `${jobs(changed)} ${DONE[what]}`);
    return 0;
  }
  for (const id of ids) {
    await acts[what](null, id);
    const sheet = await records.sheet(id);
    const asked = what === "cancel" && sheet.state !== "cancelled";
    if (values.json) terminal.out(JSON.stringify(sheet));
    else terminal.out(asked ? `Job ${id} was asked to stop.` : `Job ${id} ${ONE_DONE[what]}`);
  }
  return 0;
}

const DONE: Record<JobAct, string> = {
  replay: "back in the queue.",
  retry: "on the way.",
  cancel: "cancelled, or asked to stop.",
};
const ONE_DONE: Record<JobAct, string> = {
  replay: "is back in the queue.",
  retry: "is on its way.",
  cancel: "is cancelled.",
};

const replay: Command = command({
  path: ["jobs", "replay"],
  summary:
    "Puts dead or cancelled jobs back into the queue with fresh tries: by number, or all the dead of a kind, reason, tenant, time",
  about:
    "Mend what stopped them first, and replay one before the rest. It is a line of the house's log. Of many it says how many, and asks; --cancelled means those that were cancelled.",
  options: { ...manyOptions, cancelled: { type: "boolean", says: "those that were cancelled, in place of the dead" } },
  words: numbers,
  run: (values, terminal, words) =>
    act(replay, "replay", values.cancelled ? "cancelled" : "dead", values, words, terminal),
});

const retry: Command = command({
  path: ["jobs", "retry"],
  summary: "Has jobs that would begin later begin now: by number, or all of a kind, reason, tenant, time",
  about: "They keep their tries. Of many it says how many, and asks.",
  options: manyOptions,
  words: numbers,
  run: (values, terminal, words) => act(retry, "retry", "queued", values, words, terminal),
});

const cancel: Command = command({
  path: ["jobs", "cancel"],
  summary:
    "Ends jobs that wait, and asks running ones to stop, on whatever node: by number, or all of a kind, reason, tenant, time",
  about: "Of many it says how many, and asks; --running means those that run, in place of those that wait.",
  options: { ...manyOptions, running: { type: "boolean", says: "those that run, in place of those that wait" } },
  words: numbers,
  run: (values, terminal, words) =>
    act(cancel, "cancel", values.running ? "running" : "queued", values, words, terminal),
});

const whose = command({
  path: ["jobs", "whose"],
  summary: "For whom work waits, runs, fails and died, and whose was done last",
  options: { json },
  async run(values, terminal) {
    await using house = await openHouse(terminal);
    const told = await house.jobs.rooms.tenants();
    if (values.json) terminal.out(JSON.stringify(told));
    else for (const line of toldTenants(told)) terminal.out(line);
    return 0;
  },
});

const clock = command({
  path: ["jobs", "clock"],
  summary: "What runs by the clock, and when it comes next; with --run KIND it runs now, once and beside its times",
  options: { run: { type: "string", value: "KIND", says: "run this now" }, json },
  async run(values, terminal) {
    await using house = await openHouse(terminal);
    const { schedules, records } = house.jobs.rooms;
    if (values.run === undefined) {
      const items = await schedules.all();
      if (values.json) terminal.out(JSON.stringify({ items }));
      else for (const line of toldSchedules(items)) terminal.out(line);
      return 0;
    }
    const id = await schedules.run(null, values.run);
    if (values.json) terminal.out(JSON.stringify(await records.sheet(id)));
    else terminal.out(`${values.run} is job ${id}: \`folk jobs show ${id}\` tells how it goes.`);
    return 0;
  },
});

/** Commands of what works in the background. */
export const jobsCommands: readonly Command[] = [status, list, dead, show, replay, retry, cancel, whose, clock];
