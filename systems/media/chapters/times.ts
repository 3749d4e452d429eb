import { type Chapter, CHAPTER_TITLE_CHARS_MAX, CHAPTERS_MAX } from "./contract.ts";

/** `0:00 Intro`, `[1:02:03] - The end`, `• 12:30 — Half way`. Each piece has a bound, so a line costs its length at most. */
const LINE = /^\W{0,8}?(?:(\d{1,2}):)?(\d{1,3}):([0-5]\d)[\])]?(?:\s{0,4}[-–—|]|:)?\s{1,4}(\S.{0,500})$/u;
/** One time alone says nothing of chapters: it is a remark. */
const CHAPTERS_MIN = 2;

/**
 * The chapters that a description lists, by its lines that begin with a time. Empty unless they are a list of chapters: the
 * first at 0, in order, within the film, at least two.
 */
export function chaptersIn(description: string, duration_ms: number | null): Chapter[] {
  const found: Chapter[] = [];
  for (const line of description.split("\n")) {
    const match = LINE.exec(line.trim());
    if (!match) continue;
    const [, hours = "0", minutes, seconds, title = ""] = match;
    if (hours !== "0" && Number(minutes) > 59) continue;
    const at_ms = ((Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1000;
    found.push({ at_ms, title: title.trim().slice(0, CHAPTER_TITLE_CHARS_MAX).trim() });
  }
  const right = found.length >= CHAPTERS_MIN && found.length <= CHAPTERS_MAX && wrongAt(found, duration_ms) === null;
  return right ? found : [];
}

/** The first chapter that cannot stand where it is, or null. */
export function wrongAt(
  chapters: readonly Chapter[],
  duration_ms: number | null,
): { at: number; why: "order" | "beyond" } | null {
  for (const [at, { at_ms }] of chapters.entries()) {
    const before = chapters[at - 1];
    if (before ? at_ms <= before.at_ms : at_ms !== 0) return { at, why: "order" };
    if (duration_ms !== null && at_ms >= duration_ms && at > 0) return { at, why: "beyond" };
  }
  return null;
}

/** What a file says, as a list that may stand: in order, from 0, named. */
export function chaptersFromFile(found: readonly Chapter[], duration_ms: number): Chapter[] {
  const sorted = found
    .filter(({ at_ms }) => at_ms >= 0 && at_ms < duration_ms)
    .toSorted((a, b) => a.at_ms - b.at_ms)
    .filter(({ at_ms }, i, all) => i === 0 || at_ms > all[i - 1]!.at_ms)
    .slice(0, CHAPTERS_MAX);
  return sorted.map(({ at_ms, title }, i) => ({
    at_ms: i === 0 ? 0 : at_ms,
    title: cleaned(title) || `Chapter ${i + 1}`,
  }));
}

const cleaned = (title: string) =>
  title
    .toWellFormed()
    .normalize("NFC")
    .replaceAll(/[\p{Cc}\p{Cf}]+/gu, " ")
    .trim()
    .slice(0, CHAPTER_TITLE_CHARS_MAX)
    .trim();
