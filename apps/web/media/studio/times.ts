/** Times as people write them, in ms. */
const TIME = /^(?:(\d{1,3}):)?(\d{1,3}):(\d{1,2})(?:[.,](\d{1,3}))?$/;
const SECONDS = /^(\d{1,6})(?:[.,](\d{1,3}))?$/;

/** "1:02:03.5", "2:03", "83.45". @returns null where it is no time */
export function parseTime(text: string): number | null {
  const trimmed = text.trim();
  const seconds = SECONDS.exec(trimmed);
  if (seconds) return Number(seconds[1]) * 1000 + fraction(seconds[2]);
  const found = TIME.exec(trimmed);
  if (!found || Number(found[3]) > 59 || (found[1] !== undefined && Number(found[2]) > 59)) return null;
  return (Number(found[1] ?? 0) * 3600 + Number(found[2]) * 60 + Number(found[3])) * 1000 + fraction(found[4]);
}

const fraction = (digits: string | undefined) => (digits === undefined ? 0 : Number(digits.padEnd(3, "0")));

/** 83 450 → "1:23.450"; whole seconds without a point. It reads back as the same number. */
export function writeTime(ms: number): string {
  const whole = Math.floor(ms / 1000);
  const [hours, minutes, seconds] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const two = (value: number) => String(value).padStart(2, "0");
  const rest = ms % 1000 === 0 ? "" : `.${String(ms % 1000).padStart(3, "0")}`;
  return `${hours > 0 ? `${hours}:${two(minutes)}` : minutes}:${two(seconds)}${rest}`;
}

export interface ChapterLine {
  at_ms: number;
  title: string;
}

/** Chapters as lines of "0:00 Title". What is wrong is said with its line. */
export function parseChapters(
  text: string,
  duration_ms: number | null,
): { items: ChapterLine[]; problem: string | null } {
  const items: ChapterLine[] = [];
  for (const [at, line] of text.split("\n").entries()) {
    if (line.trim() === "") continue;
    const [first = "", ...rest] = line.trim().split(/\s+/);
    const at_ms = parseTime(first);
    const title = rest.join(" ").replace(/^[-–—]\s*/, "");
    const before = items.at(-1);
    const wrong =
      at_ms === null || !first.includes(":")
        ? "begins with no time, as in “1:30 The saw”"
        : title === ""
          ? "has no title"
          : before && at_ms <= before.at_ms
            ? "does not come after the one before"
            : !before && at_ms !== 0
              ? "has to begin at 0:00, as the first one"
              : duration_ms !== null && at_ms >= duration_ms
                ? "begins after the film's end"
                : null;
    if (wrong !== null || at_ms === null) return { items, problem: `Line ${at + 1} ${wrong}.` };
    items.push({ at_ms, title });
  }
  return { items, problem: null };
}

export const writeChapters = (items: readonly ChapterLine[]): string =>
  items.map(({ at_ms, title }) => `${writeTime(at_ms)} ${title}`).join("\n");

/** A line for the moment of the player, where it belongs among the others; the first chapter begins at 0. */
export function withChapter(text: string, at_s: number): string {
  const at_ms = Math.floor(at_s) * 1000;
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  if (lines.length === 0 && at_ms > 0) lines.push("0:00 Beginning");
  const { items } = parseChapters(lines.join("\n"), null);
  const before = items.findLastIndex((item) => item.at_ms <= at_ms);
  if (items[before]?.at_ms === at_ms) return lines.join("\n");
  lines.splice(before + 1, 0, `${writeTime(at_ms)} Chapter ${before + 2}`);
  return lines.join("\n");
}
