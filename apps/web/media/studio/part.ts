/** What is kept of a film, in ms. */
export interface Part {
  start_ms: number;
  end_ms: number;
}

/** Moves an end of the part as far as the film and the other end allow; a film shorter than the bound is kept whole. */
export function movePart(part: Part, change: Partial<Part>, duration_ms: number, least_ms: number): Part {
  const gap_ms = Math.min(least_ms, duration_ms);
  const start_ms = Math.round(Math.max(0, change.start_ms ?? part.start_ms));
  const end_ms = Math.round(Math.min(duration_ms, change.end_ms ?? part.end_ms));
  // The end that is not moved stays where it is, as far as there is room.
  if (change.end_ms === undefined) {
    const start = Math.min(start_ms, Math.max(0, end_ms - gap_ms));
    return { start_ms: start, end_ms: Math.max(end_ms, start + gap_ms) };
  }
  const end = Math.max(end_ms, Math.min(duration_ms, start_ms + gap_ms));
  return { start_ms: Math.min(start_ms, end - gap_ms), end_ms: end };
}
