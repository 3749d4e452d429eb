/**
 * What was written and not saved yet, kept in this browser by film, so that neither a reload nor another screen loses it.
 * It goes with its writer: `session.ts` forgets what begins with this prefix when somebody else signs in.
 */
const PREFIX = "folkhus.kept.";
/** Captions of a long film have about 200 KiB as cues. */
const KEPT_CHARS_MAX = 2_000_000;
export type Keeping = "details" | `captions.${string}`;

const keyOf = (video_id: string, what: Keeping) => `${PREFIX}${video_id}.${what}`;

export function keepDraft(video_id: string, what: Keeping, draft: unknown) {
  const text = JSON.stringify(draft);
  if (text.length > KEPT_CHARS_MAX) return;
  try {
    localStorage.setItem(keyOf(video_id, what), text);
  } catch {
    // No room, or a browser that keeps nothing: the page still has it, and warns before it goes.
  }
}

export function keptDraft<T>(video_id: string, what: Keeping, isOne: (value: unknown) => value is T): T | null {
  try {
    const value: unknown = JSON.parse(localStorage.getItem(keyOf(video_id, what)) ?? "null");
    return isOne(value) ? value : null;
  } catch {
    return null;
  }
}

export function dropDraft(video_id: string, what: Keeping) {
  try {
    localStorage.removeItem(keyOf(video_id, what));
  } catch {
    // Nothing was kept.
  }
}

/** Whether something of a film waits to be saved. */
export function hasDraft(video_id: string): boolean {
  try {
    return Object.keys(localStorage).some((key) => key.startsWith(`${PREFIX}${video_id}.`));
  } catch {
    return false;
  }
}
