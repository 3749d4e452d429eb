/**
 * `Retry-After` as another server says it, seconds or a date (RFC 9110, 10.2.3), in ms from now. Null where it says nothing
 * or nonsense. It is a stranger's wish: bound it before you follow it.
 * @param now_ms since 1970
 */
export function retryAfterOf(header: string | null | undefined, now_ms: number): number | null {
  const text = header?.trim() ?? "";
  if (text === "" || text.length > HEADER_CHARS_MAX) return null;
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1_000;
  // A date begins with its day; `Date.parse` would take "-5" for a year.
  const at = /^[A-Z][a-z]{2,8},? /.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(at) ? null : Math.max(0, at - now_ms);
}

const HEADER_CHARS_MAX = 100;
