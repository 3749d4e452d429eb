import type { Expectations } from "./drills.ts";
import { figuresOf } from "./figures.ts";
import type { Kept } from "./notes.ts";
import type { Sample } from "./watch.ts";

/** One thing that was expected, and whether it was so. */
export interface Verdict {
  met: boolean;
  /** What was expected and what was seen, in one line. */
  says: string;
}

export interface Seen {
  during: readonly Sample[];
  kept: Kept;
  /** null: not within the bound of the measurement. */
  healed_ms: number | null;
  /** Names of checks that `/readyz` did not call ok while it lasted. */
  told: readonly string[];
}

export function judge(expects: Expectations, { during, kept, healed_ms, told }: Seen): Verdict[] {
  const excused = new Set<string>(expects.may_refuse);
  const counted = during.filter(({ probe, fate }) => !(fate === "refused" && excused.has(probe)));
  const { asked, ok, slow, failed, unanswered } = figuresOf(counted);
  const share = (count: number) => (asked === 0 ? 0 : count / asked);
  const answered = share(ok + slow);
  return [
    {
      met: kept.lost === 0 && kept.doubled === 0,
      says: `nothing acknowledged is lost or doubled: ${kept.lost} lost, ${kept.doubled} doubled of ${kept.acknowledged}`,
    },
    {
      met: asked > 0 && answered >= expects.answered_share_min,
      says: `answered well at least ${percent(expects.answered_share_min)}: ${percent(answered)}`,
    },
    {
      met: share(failed) <= expects.failed_share_max,
      says: `errors that say nothing at most ${percent(expects.failed_share_max)}: ${percent(share(failed))}`,
    },
    {
      met: share(unanswered) <= expects.unanswered_share_max,
      says: `without an answer at most ${percent(expects.unanswered_share_max)}: ${percent(share(unanswered))}`,
    },
    {
      met: healed_ms !== null && healed_ms <= expects.heal_ms_max,
      says: `healed within ${expects.heal_ms_max / 1_000} s: ${healed_ms === null ? "not in the time of the drill" : `${(healed_ms / 1_000).toFixed(1)} s`}`,
    },
    ...(expects.told_as.length === 0
      ? []
      : [
          {
            met: expects.told_as.some((name) => told.includes(name)),
            says: `the house says so (/readyz: ${expects.told_as.join(" or ")}): ${told.length === 0 ? "it said nothing" : told.join(", ")}`,
          },
        ]),
  ];
}

export function percent(share: number): string {
  const text = (share * 100).toFixed(1);
  // What is a little is never told as nothing, nor what is nearly all as all.
  if (share > 0 && text === "0.0") return "< 0.1 %";
  if (share < 1 && text === "100.0") return "> 99.9 %";
  return `${text.replace(/\.0$/, "")} %`;
}
