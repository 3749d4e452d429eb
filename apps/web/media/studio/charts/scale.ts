/** Round numbers for an axis: at most `count` steps of 1, 2 or 5 times a power of ten, up to the largest value or beyond. */
export function ticksOf(max: number, count = 4): number[] {
  if (!(max > 0)) return [0];
  const rough = max / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((times) => times * power).find((one) => one >= rough) ?? rough;
  const steps = Math.ceil(max / step - 1e-9);
  return Array.from({ length: steps + 1 }, (_none, at) => Math.round(at * step * 1e6) / 1e6);
}

/** Times watched: "3 h 20 min", "12 min", "40 s". */
export function spentOf(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  return hours >= 100 || minutes % 60 === 0 ? `${hours} h` : `${hours} h ${minutes % 60} min`;
}

export const percentOf = (share: number): string => {
  const percent = share * 100;
  return `${percent > 0 && percent < 10 ? percent.toFixed(1) : Math.round(percent)} %`;
};

const DAY = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short", timeZone: "UTC" });
/** A day of UTC in words. */
export const dayWords = (day: string): string => DAY.format(new Date(`${day}T00:00:00Z`));
