import type { KindQueue } from "./contract.ts";
import type { Wait } from "./waits.ts";

/** What to do about jobs that died of a reason, in words for who runs the house. The first that fits is said. */
const KNOWN: readonly (readonly [RegExp, string])[] = [
  [
    /^deadline$/,
    "Its turn came after the moment until which it made sense. Look whether its class waits too long; replayed, it runs without a deadline.",
  ],
  [
    /^over the retry budget/,
    "So many of its kind failed at once that tries were rationed, and this one would have waited for hours. Mend what the rest of the reason says, then replay them all.",
  ],
  [
    /lease ran out/i,
    "Its worker died or hung, each time. Look for restarts and for memory that ran out around its last try, then replay one before the rest.",
  ],
  [
    /ran longer than/i,
    "It takes longer than it may. Look at how busy this machine is; replay when it is calm, one before the rest.",
  ],
  [
    /no space left|ENOSPC|disk (?:is )?(?:nearly )?full|507/i,
    "There is no room on the disk. Make room first: under Health it says how much is missing; then replay them all.",
  ],
  [
    /ECONN|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|timed? ?out|unable to connect|socket|fetch failed|network|did not answer|\b50[234]\b/i,
    "Something that it calls did not answer. See under Health what is away; when it is back, replay them all.",
  ],
  [
    /\b429\b|too many|rate.?limit|throttl/i,
    "It was told to come less often, too many times in a row. Wait a while, then replay them.",
  ],
  [
    /\b40[134]\b|\b410\b|\b55[0-4]\b|no mailbox|forbidden|unauthori[sz]ed|not.?found|no such|is gone|does not exist/i,
    "What it worked for is gone or is not allowed any more. Most often nothing needs to be done; replayed, it ends the same way.",
  ],
];
const OTHERWISE =
  "It ended the same way at each try. The house's log has more around its last one; mend the cause, then replay one before the rest.";

export const adviceOn = (shown_reason: string): string =>
  KNOWN.find(([pattern]) => pattern.test(shown_reason))?.[1] ?? OTHERWISE;

/** From here on retries are what its workers do: every fourth try. */
const FAILING_PART = 0.25;

/** Why a class starves, as far as its kinds of the last hour show. @param kinds those of the class */
export function adviceOnWait(wait: Wait, kinds: readonly KindQueue[]): string {
  // Those that were due this early; what waits for its time is as old as its first try, and may be among them.
  const late = kinds.filter(({ queued, oldest_s }) => queued > 0 && oldest_s > wait.wait_s_max);
  const untaken = late.filter(({ started, running }) => started + running === 0);
  if (untaken.length > 0)
    return `Nobody has begun ${listOf(untaken)} in the last hour. Is a process with the worker role running, and one with the media role for films? A kind that no process of this version knows waits until one does, or is cancelled.`;
  const failing = kinds.filter(({ started, failed }) => failed > 0 && failed > FAILING_PART * started);
  if (failing.length > 0)
    return `${listOf(failing)} ${failing.length === 1 ? "fails" : "fail"} again and again, and retries take the workers' time. Read the newest reason, and mend that first.`;
  return "More comes than is done. One more process with the worker role clears a backlog; if one space or person brings most of it, it stands below under whose it is.";
}

const NAMED_MAX = 3;
const listOf = (kinds: readonly KindQueue[]): string => {
  const names = kinds.slice(0, NAMED_MAX).map(({ kind }) => kind);
  return `${names.join(", ")}${kinds.length > NAMED_MAX ? ` and ${kinds.length - NAMED_MAX} more` : ""}`;
};
