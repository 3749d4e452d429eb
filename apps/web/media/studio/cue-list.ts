/** A line of captions while it is written: times in ms, and a name for the page. */
export interface Cue {
  key: string;
  start_ms: number;
  end_ms: number;
  text: string;
  settings: string;
}

/** A new line lasts so long, or up to the next one. */
export const CUE_MS = 2_500;
const CUE_MS_MIN = 200;

export const inOrder = (cues: readonly Cue[]): Cue[] =>
  cues.toSorted((a, b) => a.start_ms - b.start_ms || a.end_ms - b.end_ms);

/** A new line at a moment, before the next one begins and within the film. */
export function withCue(cues: readonly Cue[], at_ms: number, duration_ms: number, key: string): Cue[] {
  const next = cues.find((cue) => cue.start_ms > at_ms);
  const end_ms = Math.max(at_ms + CUE_MS_MIN, Math.min(at_ms + CUE_MS, next?.start_ms ?? Infinity, duration_ms));
  return inOrder([...cues, { key, start_ms: at_ms, end_ms, text: "", settings: "" }]);
}

/** What is wrong with a line, in words; null where nothing is. */
export function wrongWith(cue: Cue, duration_ms: number): string | null {
  if (cue.text.trim() === "") return "has no words";
  if (cue.end_ms <= cue.start_ms) return "ends before it begins";
  if (duration_ms > 0 && cue.start_ms >= duration_ms) return "begins after the film's end";
  return null;
}

/** What is said at a moment. */
export const wordsAt = (cues: readonly Cue[], at_ms: number): string[] =>
  cues
    .filter((cue) => cue.start_ms <= at_ms && at_ms < cue.end_ms && cue.text.trim() !== "")
    .map((cue) => plain(cue.text));

/** As it is shown: without marks. */
const plain = (text: string) => text.replace(/<[^<>]{0,200}>/g, "");
