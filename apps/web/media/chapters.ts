/** A part of a film with a name. */
export interface Chapter {
  at_ms: number;
  title: string;
}

/** A chapter with its end, as the bar draws it. */
export interface Stretch extends Chapter {
  ends_ms: number;
}

/** Chapters in order, each up to the next; what stands before the first is a stretch without a name. */
export function stretches(chapters: readonly Chapter[], duration_ms: number): Stretch[] {
  const within = chapters
    .filter(({ at_ms }) => at_ms >= 0 && at_ms < duration_ms)
    .toSorted((a, b) => a.at_ms - b.at_ms);
  const first = within[0];
  if (!first) return [{ at_ms: 0, title: "", ends_ms: duration_ms }];
  const all = first.at_ms > 0 ? [{ at_ms: 0, title: "" }, ...within] : within;
  return all.map((chapter, at) => ({ ...chapter, ends_ms: all[at + 1]?.at_ms ?? duration_ms }));
}

export const chapterAt = (all: readonly Stretch[], at_ms: number): Stretch | undefined =>
  all.findLast((stretch) => stretch.at_ms <= at_ms);
