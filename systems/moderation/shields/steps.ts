import { DAY_MS, MINUTE_MS } from "#kernel/time.ts";

import { SHIELD_STEP_MAX, type ShieldKind } from "./contract.ts";

/** When a shield tightens and when it relaxes; pure. Numbers are stated here, shown to everybody, and changed in one place. */

/** Rates are of this window, told as an hourly rate: long enough that ten people who arrive together are no flood. */
export const WINDOW_MS = 10 * MINUTE_MS;
/** From the step to the next, in times of what is normal. */
export const TIGHTENS_AT = [4, 8, 16] as const;
/** Calm is less than this share of what had tightened it, … */
export const CALM_SHARE = 0.5;
/** … for this long, for each step down. */
export const CALM_MS = 15 * MINUTE_MS;
/** What is normal is how busy this house's own last weeks were: of so many calm hours … */
export const LEARNED_FROM_MS = 28 * DAY_MS;
/** … the busiest twentieth begins there; … */
export const BUSY_SHARE = 0.95;
/** … when there are enough of them to say so. */
export const CALM_HOURS_MIN = 7 * 24;
/** A flood that creeps up never becomes normal overnight: twice as much takes a day and a half. */
export const RISE_SHARE_PER_H = 0.02;
/** What every house may have without being stirred, whatever it learned, an hour: a school class arrives, a festival is filmed. */
export const NORMAL_PER_H_MIN: Record<ShieldKind, number> = { sign_up: 60, posting: 6_000, uploading: 1_200 };

/** What one person adds to a rate within `WINDOW_MS` at most: nobody stirs a shield alone, nor do sixty together. */
export const COUNTED_PER_PERSON_MAX: Record<ShieldKind, number> = { sign_up: 1, posting: 60, uploading: 12 };

/** Whom shields of posting and uploading count and concern. Everybody else is never touched. */
export const NEWCOMER_MS = 7 * DAY_MS;

export interface ShieldState {
  step: number;
  held: boolean;
  normal_per_h: number;
  /** Last time that it was not calm, ms. */
  hot_ms: number | null;
  since_ms: number;
}

export const normalOf = (kind: ShieldKind, learned_per_h: number): number =>
  Math.max(NORMAL_PER_H_MIN[kind], learned_per_h);

/** Where it tightens by one step more; at the last step, what made it so. */
export const tightensAt = (
  kind: ShieldKind,
  { step, normal_per_h }: Pick<ShieldState, "step" | "normal_per_h">,
): number => normalOf(kind, normal_per_h) * TIGHTENS_AT[Math.min(step, SHIELD_STEP_MAX - 1)]!;

/** Up at once, as many steps as the rate asks for; down one at a time, after calm. @returns the step and when it was hot */
export function nextStep(
  kind: ShieldKind,
  state: ShieldState,
  rate_per_h: number,
  now_ms: number,
): Pick<ShieldState, "step" | "hot_ms"> {
  const normal = normalOf(kind, state.normal_per_h);
  if (state.held) return { step: state.step, hot_ms: state.hot_ms };
  const asked = TIGHTENS_AT.filter((times) => rate_per_h > normal * times).length;
  if (asked > state.step) return { step: asked, hot_ms: now_ms };
  if (state.step === 0) return { step: 0, hot_ms: null };
  const isCalm = rate_per_h < normal * TIGHTENS_AT[state.step - 1]! * CALM_SHARE;
  if (!isCalm || state.hot_ms === null) return { step: state.step, hot_ms: now_ms };
  if (now_ms - state.hot_ms < CALM_MS) return { step: state.step, hot_ms: state.hot_ms };
  return { step: state.step - 1, hot_ms: state.step === 1 ? null : now_ms };
}

/**
 * What is normal from this hour on.
 * @param busy_per_h where the busiest twentieth of the calm hours begins; null while there are too few
 */
export function learn(normal_per_h: number, busy_per_h: number | null): number {
  if (busy_per_h === null) return normal_per_h;
  return Math.min(busy_per_h, Math.max(normal_per_h, 1) * (1 + RISE_SHARE_PER_H));
}

/** What holds at each step, in a sentence for everybody. */
export const SENTENCES: Record<ShieldKind, readonly [string, string, string, string]> = {
  sign_up: [
    "Everybody may sign up as usual.",
    "For the moment, five people an hour may sign up from one network.",
    "For the moment, one person an hour may sign up from one network, and in all not more than usual.",
    "For the moment, people come in by invitation only.",
  ],
  posting: [
    "Everybody may write as usual.",
    "For the moment, who is new here may write 30 times an hour.",
    "For the moment, who is new here may write 10 times an hour.",
    "For the moment, who is new here may write 3 times an hour.",
  ],
  uploading: [
    "Everybody may upload as usual.",
    "For the moment, who is new here may begin 30 uploads an hour, and has half the room for them.",
    "For the moment, who is new here may begin 10 uploads an hour, and has a tenth of the room for them.",
    "For the moment, who is new here uploads nothing more.",
  ],
};

/**
 * Sign-ups an hour from one network. Without a step it is half of what is usual in all: a quarter of an hour of that is too
 * little to tighten anything, so that one network alone closes the door for nobody else.
 */
export const signUpsPerNetworkH = (step: number, usual_per_h: number): number =>
  [Math.floor(usual_per_h / 2), 5, 1, 0][step] ?? 0;
export const POSTS_PER_NEWCOMER_H = [null, 30, 10, 3] as const;
/** At the last step nobody new begins one. */
export const UPLOADS_PER_NEWCOMER_H = [null, 30, 10, 0] as const;
export const ROOM_SHARE = [1, 0.5, 0.1, 0] as const;

const GIB = 1024 ** 3;
/** The room of new people grows while they are here without a sanction. */
export interface Stage {
  until_ms: number;
  bytes: number;
}
/** Who came by the open door: as many as like can make accounts there, so it begins with little. */
export const ROOMS: readonly Stage[] = [
  { until_ms: DAY_MS, bytes: GIB },
  { until_ms: NEWCOMER_MS, bytes: 4 * GIB },
  { until_ms: 30 * DAY_MS, bytes: 25 * GIB },
];
/** Whom somebody vouched for: room for one of the largest files at once. */
export const ROOMS_VOUCHED: readonly Stage[] = [
  { until_ms: NEWCOMER_MS, bytes: 12 * GIB },
  { until_ms: 30 * DAY_MS, bytes: 25 * GIB },
];
/** While a sanction stands, whoever vouched. */
export const ROOM_SANCTIONED_BYTES = 4 * GIB;

/** Bytes of somebody's room; null for all that anybody has. */
export function roomOf(who: { age_ms: number; vouched: boolean; sanctioned: boolean }, step: number): number | null {
  const stage = (who.vouched ? ROOMS_VOUCHED : ROOMS).find(({ until_ms }) => who.age_ms < until_ms);
  if (!stage && !who.sanctioned) return null;
  const bytes = who.sanctioned ? Math.min(ROOM_SANCTIONED_BYTES, stage?.bytes ?? ROOM_SANCTIONED_BYTES) : stage!.bytes;
  const isNewcomer = who.age_ms < NEWCOMER_MS || who.sanctioned;
  return Math.floor(bytes * (isNewcomer ? ROOM_SHARE[step]! : 1));
}

/** Until somebody is old enough that it does not matter who vouched. */
export const VOUCHED_KEPT_MS = 30 * DAY_MS;
