import type { JobAct, JobsSought, JobState, JobTenant } from "#systems/jobs/contract.ts";

import { plural } from "../parts/numbers.ts";

/** Which jobs are looked at, as the page has it. */
export interface Sought {
  state: JobState;
  class: JobsSought["class"] | null;
  kind: string | null;
  tenant: JobTenant | null;
  /** Words of the reason. */
  text: string;
  /** Reasons that differ from this in their numbers alone. */
  reason: string | null;
  /** A moment, and how it is called: it stays where it was when it was chosen. */
  since: { at: string; label: string } | null;
}

export const RUNNING: Sought = {
  state: "running",
  class: null,
  kind: null,
  tenant: null,
  text: "",
  reason: null,
  since: null,
};

export const queryOf = ({ state, class: of, kind, tenant, text, reason, since }: Sought): JobsSought => ({
  state,
  ...(of === null ? {} : { class: of }),
  ...(kind === null ? {} : { kind }),
  ...(tenant === null ? {} : { tenant: tenant.name }),
  ...(text.trim() === "" ? {} : { text: text.trim() }),
  ...(reason === null ? {} : { reason }),
  ...(since === null ? {} : { since: since.at }),
});

/** Whether anything but the state is asked for: what is done to all needs a word that says which. */
export const isNarrowed = (sought: Sought): boolean => Object.keys(queryOf(sought)).length > 1;

export const nameOf = (tenant: JobTenant): string =>
  tenant.person ? `@${tenant.person.handle}` : (tenant.space?.name ?? tenant.name);

/** "of media.probe, for @ada, with “timeout” in the reason" */
export function soughtWords({ class: of, kind, tenant, text, reason, since }: Sought): string {
  const parts = [
    kind !== null && `of ${kind}`,
    of !== null && `of class ${of}`,
    tenant !== null && `for ${nameOf(tenant)}`,
    reason !== null && `with a reason like “${reason === "" ? "without a word" : reason}”`,
    text.trim() !== "" && `with “${text.trim()}” in the reason`,
    since !== null && `of the ${since.label.toLowerCase()}`,
  ];
  return parts.filter((part) => part !== false).join(", ");
}

const MINUTE_MS = 60_000;
/** How far back, in words and ms. */
export const BACK = [
  ["15 minutes", 15 * MINUTE_MS],
  ["Last hour", 60 * MINUTE_MS],
  ["Last 24 hours", 24 * 60 * MINUTE_MS],
  ["Last 7 days", 7 * 24 * 60 * MINUTE_MS],
] as const;

export const sinceOf = (label: string, now_ms: number): Sought["since"] => {
  const back_ms = BACK.find(([words]) => words === label)?.[1];
  return back_ms === undefined ? null : { at: new Date(now_ms - back_ms).toISOString(), label };
};

/** What may be done to all jobs of a state, and in which words: on the button, to somebody who is asked, and when it is done. */
export interface Deed {
  act: JobAct;
  label: string;
  title: (jobs: string) => string;
  will: string;
  action: string;
  done: string;
}
const replayDeed = (will: string): Deed => ({
  act: "replay",
  label: "Replay all",
  title: (jobs) => `Replay ${jobs}?`,
  will,
  action: "Replay them",
  done: "back in the queue",
});
export const MANY: Record<JobState, readonly Deed[]> = {
  queued: [
    {
      act: "retry",
      label: "Begin all now",
      title: (jobs) => `Begin ${jobs} now?`,
      will: "Those that begin later begin now, and keep their tries. The others are as they were.",
      action: "Begin now",
      done: "on the way",
    },
    {
      act: "cancel",
      label: "Call all off",
      title: (jobs) => `Call off ${jobs}?`,
      will: "They will not run. For a day they stand among the cancelled, and can be replayed.",
      action: "Call them off",
      done: "called off",
    },
  ],
  running: [
    {
      act: "cancel",
      label: "Stop all",
      title: (jobs) => `Stop ${jobs}?`,
      will: "Each is asked to stop, on whatever node it runs.",
      action: "Stop them",
      done: "asked to stop",
    },
  ],
  dead: [replayDeed("They run again with fresh tries. If what stopped them is still there, they will be back here.")],
  cancelled: [replayDeed("They run after all, with fresh tries.")],
  done: [],
};

/** "340 jobs back in the queue." */
export const doneWords = (changed: number, done: string): string =>
  changed === 0 ? "None was changed: each had moved on, or is due already." : `${plural(changed, "job")} ${done}.`;
