const COMPACT = new Intl.NumberFormat(undefined, { notation: "compact", maximumFractionDigits: 1 });

/** 1 234 → "1.2K". */
export const compact = (count: number): string => (count < 1000 ? String(count) : COMPACT.format(count));

/** "1 like", "2 likes". */
export const plural = (count: number, one: string, many = `${one}s`): string =>
  `${compact(count)} ${count === 1 ? one : many}`;

const UNITS = ["bytes", "KB", "MB", "GB", "TB"];

export function bytesOf(bytes: number): string {
  let unit = 0;
  let size = bytes;
  while (size >= 1000 && unit < UNITS.length - 1) {
    size /= 1000;
    unit += 1;
  }
  return `${unit === 0 || size >= 100 ? Math.round(size) : size.toFixed(1)} ${UNITS[unit]}`;
}

/** "about 40 s", "about 3 min": never more exact than what is known. */
export function leftOf(ms: number): string {
  const seconds = ms / 1000;
  if (seconds < 8) return "a few seconds";
  if (seconds < 90) return `about ${Math.ceil(seconds / 5) * 5} s`;
  if (seconds < 5400) return `about ${Math.round(seconds / 60)} min`;
  return `about ${(seconds / 3600).toFixed(1)} h`;
}
