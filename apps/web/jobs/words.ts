import type {
  ClassQueue,
  DeadGroup,
  JobClass,
  JobLine,
  JobState,
  KindQueue,
  Minute,
  Queues,
  Schedule,
} from "#systems/jobs/contract.ts";

import { compact, plural } from "../parts/numbers.ts";

/** Jobs in words, for who runs the house. */

export const CLASS_WORDS: Record<JobClass, { label: string; detail: string }> = {
  interactive: { label: "Interactive", detail: "Somebody waits" },
  batch: { label: "Batch", detail: "Nobody stands by" },
  maintenance: { label: "Maintenance", detail: "Tidying up" },
};

export const STATE_WORDS: Record<JobState, string> = {
  queued: "Waiting",
  running: "Running",
  dead: "Dead",
  done: "Done",
  cancelled: "Cancelled",
};

/** 0.4 → "under 1 s", 42 → "42 s", 300 → "5 min", 7 500 → "2 h 5 min", 200 000 → "2 d 7 h". */
export function waitOf(seconds: number): string {
  if (seconds < 1) return "under 1 s";
  if (seconds < 60) return `${Math.floor(seconds)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const [hours, rest] = [Math.floor(minutes / 60), minutes % 60];
  if (hours < 48) return rest === 0 ? `${hours} h` : `${hours} h ${rest} min`;
  return hours % 24 === 0 ? `${hours / 24} d` : `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/** How long until then: "under 1 s" also where it should have been already. */
export const inOf = (at: string, now_ms: number): string => waitOf(Math.max(0, Date.parse(at) - now_ms) / 1000);

/** "every 5 min", "30 3 * * * in Europe/Stockholm" */
export const timesOf = ({ every_ms, cron, time_zone }: Pick<Schedule, "every_ms" | "cron" | "time_zone">): string =>
  cron === null ? `every ${waitOf((every_ms ?? 0) / 1000)}` : `${cron} in ${time_zone ?? "UTC"}`;

/** The number of a job, where nothing else was written. */
export const numberOf = (text: string): string | null => /^\s*#?([1-9]\d{0,18})\s*$/.exec(text)?.[1] ?? null;

/** "12 done and 0.5 failed a minute", over the minutes in which the house has been told of. */
export function rateOf(minutes: readonly Minute[]): string {
  const sum = (of: "done" | "failed" | "dead") => minutes.reduce((total, minute) => total + minute[of], 0);
  const [done, wrong] = [sum("done"), sum("failed") + sum("dead")];
  const a_minute = (count: number) => {
    const rate = count / Math.max(1, minutes.length);
    return rate >= 10 || Number.isInteger(rate)
      ? compact(Math.round(rate))
      : rate < 0.1
        ? "under 0.1"
        : rate.toFixed(1);
  };
  if (done + wrong === 0) return "Nothing ended in the last hour.";
  const ended = `${compact(done)} done, ${a_minute(done)} a minute`;
  return wrong === 0 ? `${ended}; nothing failed.` : `${ended}; ${compact(wrong)} failed, ${a_minute(wrong)} a minute.`;
}

/** What holds of all of them, in one sentence: what starves first, then what died. */
export function headlineOf({ classes }: Pick<Queues, "classes">): { tone: "good" | "warn" | "bad"; words: string } {
  const starving = classes.filter((one) => one.is_starving);
  if (starving.length > 0) {
    const names = starving.map(({ class: of }) => CLASS_WORDS[of].label.toLowerCase());
    const worst = starving.reduce((a, b) => (shareOf(a) > shareOf(b) ? a : b));
    return {
      tone: "bad",
      words: `${listed(names)} ${starving.length === 1 ? "waits" : "wait"} too long: the oldest for ${waitOf(worst.oldest_wait_s)}, where ${waitOf(worst.wait_s_max)} is the most.`,
    };
  }
  const dead = sum(classes, "dead");
  if (dead > 0)
    return {
      tone: "warn",
      words: `Work flows. ${plural(dead, "job")} died and ${dead === 1 ? "waits" : "wait"} for you below.`,
    };
  const [waiting, running] = [sum(classes, "waiting"), sum(classes, "running")];
  if (waiting + running === 0) return { tone: "good", words: "All is done. Nothing waits and nothing runs." };
  return { tone: "good", words: `All is well: ${plural(running, "job")} at work, ${compact(waiting)} waiting.` };
}

/** How much of what it may wait the oldest has waited; over 1 is too long. */
export const shareOf = ({ oldest_wait_s, wait_s_max }: Pick<ClassQueue, "oldest_wait_s" | "wait_s_max">): number =>
  oldest_wait_s / wait_s_max;

/** "4 running, 2 waiting, 3 later" */
export const queuedOf = ({ running, waiting, later }: Pick<ClassQueue, "running" | "waiting" | "later">): string =>
  `${compact(running)} running, ${compact(waiting)} waiting${later > 0 ? `, ${compact(later)} later` : ""}`;

/** "1 running, 2 queued"; "idle" where there is nothing. */
export function countsOf({ queued, running }: Pick<KindQueue, "queued" | "running">): string {
  const parts = [running > 0 && `${compact(running)} running`, queued > 0 && `${compact(queued)} queued`].filter(
    (part) => part !== false,
  );
  return parts.length === 0 ? "idle" : parts.join(", ");
}

export const isQuiet = ({ queued, running, dead, done, failed }: KindQueue): boolean =>
  queued + running + dead + done + failed === 0;

/** One for reasons that differ in their numbers alone, as the house groups them. */
export const groupKey = ({ kind, class: of, reason }: Pick<DeadGroup, "kind" | "class" | "reason">): string =>
  `${kind} ${of} ${reason.replace(/\d+/g, "#")}`;

/** The dead by kind, in the order of `places`. */
export function byKind(
  groups: readonly DeadGroup[],
  places: readonly string[],
): { kind: string; jobs: number; groups: DeadGroup[] }[] {
  const placed = groups.toSorted((a, b) => places.indexOf(groupKey(a)) - places.indexOf(groupKey(b)));
  return [...Map.groupBy(placed, ({ kind }) => kind)].map(([kind, of]) => ({
    kind,
    jobs: of.reduce((total, { jobs }) => total + jobs, 0),
    groups: of,
  }));
}

/**
 * What stands on the screen keeps its place: those that are known in their order, then what came since.
 * @returns `known` itself where nothing changed
 */
export function placesOf(known: readonly string[], now: readonly string[]): readonly string[] {
  const places = [...known.filter((key) => now.includes(key)), ...now.filter((key) => !known.includes(key))];
  return places.length === known.length && places.every((key, at) => key === known[at]) ? known : places;
}

/** "2 of 5", "not begun" */
export function triesOf({ attempt, tries_max }: { attempt: number; tries_max: number | null }): string {
  if (attempt === 0) return "not begun";
  return tries_max === null ? plural(attempt, "try", "tries") : `${attempt} of ${tries_max}`;
}

export interface Look {
  /** What is on the screen, each in its newest state. */
  lines: readonly (JobLine & { has_left: boolean })[];
  /** What came in between, and is not on the screen. */
  newer: number;
}

/**
 * Lays what the house says now over the list that is being read, so that it keeps its order and its length: a line that has
 * left the list stays and says so, and one that came is counted.
 * @param fresh the first page as it is now
 * @param is_whole whether `fresh` has all there is
 */
export function lookOver(shown: readonly JobLine[], fresh: readonly JobLine[] | undefined, is_whole: boolean): Look {
  if (!fresh) return { lines: shown.map((line) => ({ ...line, has_left: false })), newer: 0 };
  const now = new Map(fresh.map((line) => [line.id, line]));
  const known = new Set(shown.map(({ id }) => id));
  const last = fresh.at(-1);
  const isTold = (id: string) => is_whole || (last !== undefined && !isOlder(id, last.id));
  const end = shown.at(-1);
  return {
    lines: shown.map((line) => ({ ...(now.get(line.id) ?? line), has_left: !now.has(line.id) && isTold(line.id) })),
    newer: fresh.filter(({ id }) => !known.has(id) && (end === undefined || isOlder(end.id, id))).length,
  };
}

/** By their numbers, of which longer ones are larger. */
const isOlder = (a: string, b: string) => (a.length === b.length ? a < b : a.length < b.length);

const sum = (classes: readonly ClassQueue[], of: "waiting" | "running" | "dead") =>
  classes.reduce((total, one) => total + one[of], 0);

function listed(names: readonly string[]): string {
  const text = names.length < 2 ? (names[0] ?? "") : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
  return text.charAt(0).toUpperCase() + text.slice(1);
}
