import { isId } from "#kernel/ids.ts";
import type { JobSheet } from "#systems/jobs/contract.ts";

import { columns, type Command, command, UsageError } from "./command.ts";
import { openHouse } from "./house.ts";

const json = { type: "boolean", says: "as JSON" } as const;
const number = { type: "string", value: "N", says: "the job's number" } as const;

const dead = command({
  path: ["jobs", "dead"],
  summary: "What was given up after its last try, by kind and reason, and what to do about it",
  about: "Secrets that may stand in a reason are cut, as on the page under Admin, Jobs.",
  options: { json },
  async run(values, terminal) {
    await using house = await openHouse(terminal);
    const { items, jobs } = await house.jobs.rooms.dead.groups();
    if (values.json) {
      terminal.out(JSON.stringify({ items, jobs }));
      return 0;
    }
    if (jobs === 0) terminal.out("Nothing died.");
    for (const group of items) {
      const many =
        group.jobs === 1 ? `1 job, number ${group.job_id}` : `${group.jobs} jobs, the newest ${group.job_id}`;
      terminal.out(`${group.kind}: ${many}, ${group.last_at}`);
      terminal.out(`  ${group.reason}`);
      terminal.out(`  ${group.advice}`);
      terminal.out("");
    }
    return 0;
  },
});

const show = command({
  path: ["jobs", "show"],
  summary: "One job: tries, reason, times, and what it was given as far as that may be seen",
  options: { id: { ...number, required: true }, json },
  async run(values, terminal) {
    const id = idOf(values.id);
    await using house = await openHouse(terminal);
    const sheet = await house.jobs.rooms.records.sheet(id);
    if (values.json) terminal.out(JSON.stringify(sheet));
    else for (const line of columns(told(sheet))) terminal.out(line);
    return 0;
  },
});

const replay = command({
  path: ["jobs", "replay"],
  summary: "Puts a dead or cancelled job, or all dead ones of a kind, back into the queue with fresh tries",
  about: "Mend what stopped them first, and replay one before the rest. It is a line of the house's log.",
  options: {
    id: number,
    kind: { type: "string", value: "KIND", says: "all that died of this kind, the longest dead first" },
  },
  async run(values, terminal) {
    if ((values.id === undefined) === (values.kind === undefined))
      throw new UsageError("Say one of --id and --kind.", replay);
    const id = values.id === undefined ? null : idOf(values.id);
    await using house = await openHouse(terminal);
    const { acts } = house.jobs.rooms;
    if (id !== null) {
      await acts.replay(null, id);
      terminal.out(`Job ${id} is back in the queue.`);
      return 0;
    }
    const kind = values.kind!;
    let sum = 0;
    // In parts, so that each is a short transaction; one that puts nothing back has put back all that may be.
    for (;;) {
      const { replayed, left } = await acts.replayKind(null, kind);
      sum += replayed;
      if (replayed > 0 && left > 0) continue;
      const rest = left === 0 ? "" : ` ${left} stay: another job in the queue does what they would.`;
      terminal.out(
        sum === 0 && left === 0 ? `Nothing of ${kind} is dead.` : `${sum} of ${kind} are back in the queue.${rest}`,
      );
      return 0;
    }
  },
});

const cancel = command({
  path: ["jobs", "cancel"],
  summary: "Ends a job that waits, and asks a running one to stop, on whatever node",
  options: { id: { ...number, required: true } },
  async run(values, terminal) {
    const id = idOf(values.id);
    await using house = await openHouse(terminal);
    await house.jobs.rooms.acts.cancel(null, id);
    const { state } = await house.jobs.rooms.records.sheet(id);
    terminal.out(state === "cancelled" ? `Job ${id} is cancelled.` : `Job ${id} was asked to stop.`);
    return 0;
  },
});

/** Commands of what works in the background. */
export const jobsCommands: readonly Command[] = [dead, show, replay, cancel];

function idOf(typed: string): string {
  if (isId(typed)) return typed;
  throw new UsageError(`--id is "${typed}", but it must be the number of a job, as \`folk jobs dead\` tells it.`);
}

function told(sheet: JobSheet): (readonly string[])[] {
  const { tenant } = sheet;
  const whose = tenant?.person ? `@${tenant.person.handle}` : (tenant?.space?.slug ?? tenant?.name);
  const rows: [string, string | null | undefined][] = [
    ["job", `${sheet.id}, ${sheet.kind}, ${sheet.class}`],
    ["state", sheet.is_stopping ? "asked to stop" : sheet.state],
    ["tries", sheet.tries_max === null ? String(sheet.attempt) : `${sheet.attempt} of ${sheet.tries_max}`],
    ["progress", `${Math.round(sheet.progress * 100)} %`],
    ["for", whose],
    ["came", sheet.enqueued_at],
    ["begins", sheet.due_at],
    ["not after", sheet.deadline_at],
    ["leased until", sheet.lease_until],
    ["ended", sheet.ended_at],
    ["reason", sheet.reason],
    ["advice", sheet.advice],
    ...sheet.payload.map(({ name, value }): [string, string] => [`given ${name}`, value]),
  ];
  return rows.flatMap(([name, value]) => (value === null || value === undefined ? [] : [[name, value]]));
}
