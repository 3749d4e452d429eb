import { isId } from "#kernel/ids.ts";
import { DAY_MS, HOUR_MS, MINUTE_MS, rfc3339 } from "#kernel/time.ts";
import { JOB_CLASSES, JOB_STATES, type JobAct, type JobsSought, type JobState } from "#systems/jobs/contract.ts";

import type { House } from "../server/compose.ts";
import { type Command, type Terminal, UsageError } from "./command.ts";
import { jobs } from "./jobs-told.ts";

/** Which jobs a command means: by their numbers, or all that something holds of. */

const UNIT_MS = { m: MINUTE_MS, h: HOUR_MS, d: DAY_MS } as const;
const TEXT_CHARS_MAX = 100;

export const soughtOptions = {
  kind: { type: "string", value: "KIND", says: "of this kind" },
  class: { type: "string", value: "CLASS", says: JOB_CLASSES.join(", "), one_of: JOB_CLASSES },
  tenant: { type: "string", value: "WHOSE", says: "for this @handle, space or number" },
  text: { type: "string", value: "WORDS", says: "with these words in the reason, as it is shown" },
  since: { type: "string", value: "WHEN", says: "ended (or came) since: 90m, 2h, 3d, or 2026-11-22T03:00:00Z" },
  until: { type: "string", value: "WHEN", says: "ended (or came) before" },
} as const;
type SoughtValues = { [K in keyof typeof soughtOptions]: string | undefined };

export const stateOption = { type: "string", value: "STATE", says: JOB_STATES.join(", "), one_of: JOB_STATES } as const;

/** @throws UsageError */
export function soughtOf(state: JobState, values: SoughtValues, now_ms: number): JobsSought {
  const { kind, class: of_class, tenant, text, since, until } = values;
  if (text !== undefined && (text.trim() === "" || text.length > TEXT_CHARS_MAX))
    throw new UsageError(`--text has 1 to ${TEXT_CHARS_MAX} characters.`);
  return {
    state,
    ...(kind === undefined ? {} : { kind }),
    ...(of_class === undefined ? {} : { class: of_class as (typeof JOB_CLASSES)[number] }),
    ...(tenant === undefined ? {} : { tenant }),
    ...(text === undefined ? {} : { text: text.trim() }),
    ...(since === undefined ? {} : { since: momentOf("since", since, now_ms) }),
    ...(until === undefined ? {} : { until: momentOf("until", until, now_ms) }),
  };
}

function momentOf(name: string, typed: string, now_ms: number): string {
  const [, count, unit] = /^(\d{1,5})([mhd])$/.exec(typed) ?? [];
  if (count !== undefined) return rfc3339(now_ms - Number(count) * UNIT_MS[unit as keyof typeof UNIT_MS]);
  const at_ms = /^\d{4}-\d\d-\d\d/.test(typed) ? Date.parse(typed) : Number.NaN;
  if (Number.isNaN(at_ms))
    throw new UsageError(
      `--${name} is "${typed}", but it must be a time as 2026-11-22T03:00:00Z, or how long ago: 90m, 2h, 3d.`,
    );
  return rfc3339(at_ms);
}

/** @throws UsageError */
export function idsOf(given: string | undefined, words: readonly string[], of: Command): string[] {
  const ids = [...(given === undefined ? [] : [given]), ...words];
  const wrong = ids.find((id) => !isId(id));
  if (wrong !== undefined)
    throw new UsageError(`"${wrong}" is no number of a job. \`folk jobs list\` and \`folk jobs dead\` tell them.`, of);
  return ids;
}

/** Asked of a person, with how many it is about; a script says --yes. */
export async function agreed(yes: boolean, question: string, terminal: Terminal): Promise<boolean> {
  if (yes) return true;
  terminal.out(question);
  if (!terminal.interactive) {
    terminal.err("Nobody is there to be asked. Say --yes if this is meant.");
    return false;
  }
  terminal.out('  Type "yes" to do it:');
  for await (const line of console) return line.trim().toLowerCase() === "yes";
  return false;
}

/** @returns how many; null where nobody agreed */
export async function actOnMany(
  { jobs: { rooms } }: Pick<House, "jobs">,
  act: JobAct,
  of: JobsSought,
  yes: boolean,
  terminal: Terminal,
): Promise<number | null> {
  const { jobs: count, newest_id, is_whole } = await rooms.seek.count(of);
  if (newest_id === null) return 0;
  const words = {
    replay: "run again with fresh tries",
    retry: "begin at once",
    cancel: "be cancelled, or asked to stop",
  };
  if (!(await agreed(yes, `${is_whole ? jobs(count) : `More than ${jobs(count)}`} would ${words[act]}.`, terminal)))
    return null;
  let changed = 0;
  let before: string | null = null;
  // In parts, so that each is a short transaction.
  do {
    const part: { changed: number; next: string | null } = await rooms.acts.many(null, act, of, { newest_id, before });
    changed += part.changed;
    before = part.next;
  } while (before !== null);
  return changed;
}
