import type { ClassQueue, JobLine, JobSheet, JobTenant, KindQueue, Schedule, Tenants } from "#systems/jobs/contract.ts";

import { columns } from "./command.ts";

/** What the commands of jobs say to people. */

/** `under 1 s`, `42 s`, `5 min`, `2 h 5 min`, `2 d 7 h` */
export function span(seconds: number): string {
  if (seconds < 1) return "under 1 s";
  if (seconds < 60) return `${Math.floor(seconds)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const [hours, rest] = [Math.floor(minutes / 60), minutes % 60];
  if (hours < 48) return rest === 0 ? `${hours} h` : `${hours} h ${rest} min`;
  return hours % 24 === 0 ? `${hours / 24} d` : `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

export const jobs = (count: number) => (count === 1 ? "1 job" : `${count} jobs`);

export function whose(tenant: JobTenant | null): string | null {
  if (tenant === null) return null;
  return tenant.person ? `@${tenant.person.handle}` : (tenant.space?.slug ?? tenant.name);
}

export function toldClasses(classes: readonly ClassQueue[]): string[] {
  const rows = classes.map((one) => [
    one.class,
    `${one.running} running`,
    `${one.waiting} waiting`,
    `${one.later} later`,
    `${one.dead} dead`,
    one.oldest_wait_s === 0
      ? "no wait"
      : `oldest ${span(one.oldest_wait_s)} of ${span(one.wait_s_max)}${one.is_starving ? "  WAITS TOO LONG" : ""}`,
  ]);
  return [
    ...columns(rows),
    ...classes.flatMap(({ class: of, advice }) => (advice === null ? [] : ["", `  ${of}: ${advice}`])),
  ];
}

export function toldKinds(kinds: readonly KindQueue[]): string[] {
  const busy = kinds.filter(({ queued, running, dead, done, failed }) => queued + running + dead + done + failed > 0);
  if (busy.length === 0) return ["  No kind of work had anything to do in the last hour."];
  const rows = busy.map((one) => [
    one.kind,
    one.class,
    `${one.running} running`,
    one.queued === 0 ? "0 queued" : `${one.queued} queued, oldest ${span(one.oldest_s)}`,
    `${one.done} done`,
    `${one.failed} failed`,
    `${one.dead} dead`,
  ]);
  return columns([["kind", "class", "now", "", "last hour", "", ""], ...rows]);
}

export function toldLines(lines: readonly JobLine[]): string[] {
  return columns(
    lines.map((line) => [
      line.id,
      line.kind,
      line.is_stopping ? "asked to stop" : line.state,
      `try ${line.attempt}`,
      line.progress > 0 && line.progress < 1 ? `${Math.round(line.progress * 100)} %` : "",
      line.ended_at ?? (line.due_at === null ? line.enqueued_at : `begins ${line.due_at}`),
      whose(line.tenant) ?? "",
      line.reason ?? "",
    ]),
  ).map((line) => line.trimEnd());
}

export function toldTenants({ items, is_whole, done_looked, done_since }: Tenants): string[] {
  if (items.length === 0) return ["No job is for somebody in particular."];
  const rows = items.map((one) => [
    whose(one.tenant) ?? one.tenant.name,
    `${one.running} running`,
    `${one.queued} queued`,
    `${one.failing} failing`,
    `${one.dead} dead`,
    `${one.done} done`,
  ]);
  return [
    ...columns(rows),
    "",
    `  Done: of the newest ${done_looked}${done_since === null ? "" : `, which came since ${done_since}`}.`,
    ...(is_whole ? [] : ["  There are more jobs than were counted; the newest were."]),
  ];
}

export function toldSchedules(items: readonly Schedule[]): string[] {
  if (items.length === 0) return ["Nothing runs by the clock."];
  return columns(
    items.map((one) => [
      one.kind,
      one.cron === null ? `every ${span((one.every_ms ?? 0) / 1000)}` : `${one.cron} (${one.time_zone})`,
      one.next_at === null ? "" : `next ${one.next_at}`,
      one.job_id === null ? "" : `job ${one.job_id} waits or runs`,
    ]),
  ).map((line) => line.trimEnd());
}

export function toldSheet(sheet: JobSheet): string[] {
  const waits = { time: "its time", tenant: "others of its own", worker: "a worker" } as const;
  const rows: [string, string | null | undefined][] = [
    ["job", `${sheet.id}, ${sheet.kind}, ${sheet.class}`],
    ["state", sheet.is_stopping ? "asked to stop" : sheet.state],
    ["waits for", sheet.waits_for && waits[sheet.waits_for]],
    ["tries", sheet.tries_max === null ? String(sheet.attempt) : `${sheet.attempt} of ${sheet.tries_max}`],
    ["progress", `${Math.round(sheet.progress * 100)} %`],
    ["for", whose(sheet.tenant)],
    ["came", sheet.enqueued_at],
    ["begins", sheet.due_at],
    ["not after", sheet.deadline_at],
    ["leased until", sheet.lease_until],
    ["ended", sheet.ended_at],
    ["reason", sheet.reason],
    ["advice", sheet.advice],
    ...sheet.payload.map(({ name, value }): [string, string] => [`given ${name}`, value]),
  ];
  const told = columns(rows.flatMap(([name, value]) => (value === null || value === undefined ? [] : [[name, value]])));
  if (!sheet.payload.some(({ is_hidden }) => is_hidden)) return told;
  return [
    ...told,
    "",
    "  Only ids, numbers, yes or no and times are shown of what it was given: text may open something.",
  ];
}
