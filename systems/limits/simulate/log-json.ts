import { LOG_AT_MS_MAX, LOG_NAME_CHARS_MAX, LOG_PATH_CHARS_MAX } from "./bounds.ts";
import type { ReadLine } from "./entry.ts";

/**
 * A line of the house's own: of its access log (apps/server/access-log.ts), which has all that limits go by, or of what it
 * prints, where only the person is known. Either is written when a request has ended, so it came `ms` before.
 */
export function readJsonLine(line: string): ReadLine {
  let said: Record<string, unknown>;
  try {
    const value: unknown = JSON.parse(line);
    if (typeof value !== "object" || value === null || Array.isArray(value)) return "broken";
    said = value as Record<string, unknown>;
  } catch {
    return "broken";
  }
  const { method, route, status, time, ms } = said;
  // What else the house prints.
  if (route === undefined && method === undefined) return "other";
  if (typeof method !== "string" || typeof route !== "string" || typeof status !== "number") return "broken";
  const ended_ms = typeof time === "number" ? time : typeof time === "string" ? timeOf(time) : Number.NaN;
  if (!Number.isFinite(ended_ms)) return "broken";
  const took_ms = typeof ms === "number" && ms >= 0 ? Math.round(ms) : null;
  const at_ms = Math.round(ended_ms) - (took_ms ?? 0);
  if (!(at_ms >= 0 && at_ms <= LOG_AT_MS_MAX)) return "broken";
  return {
    at_ms,
    method: method.slice(0, 10),
    path: route.slice(0, LOG_PATH_CHARS_MAX),
    status,
    cost_tokens: whole(said.cost_tokens),
    person_id: name(said.person_id),
    token_id: name(said.token_id),
    space_id: name(said.space_id),
    address: name(said.address) ?? "",
    took_ms,
    whole_s: false,
  };
}

const name = (value: unknown): string | null =>
  typeof value === "string" && value !== "" ? value.slice(0, LOG_NAME_CHARS_MAX) : null;

const whole = (value: unknown): number | null =>
  typeof value === "number" && Number.isSafeInteger(value) && value >= 0 ? value : null;

/** RFC 3339 in UTC as the house writes it, read by its places (`2026-11-22T01:02:03.456Z`); anything else as the machine reads it. */
function timeOf(text: string): number {
  if (text.length !== 24 || text.charCodeAt(23) !== 0x5a) return Date.parse(text);
  const day = dayOf(text);
  const [h, m, s] = [two(text, 11), two(text, 14), two(text, 17)];
  const ms = two(text, 20) * 10 + text.charCodeAt(22) - 0x30;
  return day + ((h * 60 + m) * 60 + s) * 1_000 + ms;
}

let known_day = "";
let known_day_ms = Number.NaN;

/** Lines of one day stand together, so the last one is remembered: parsing each anew took a fifth of the reading. */
function dayOf(text: string): number {
  const day = text.slice(0, 10);
  if (day !== known_day) [known_day, known_day_ms] = [day, Date.parse(`${day}T00:00:00.000Z`)];
  return known_day_ms;
}

const two = (text: string, at: number) => (text.charCodeAt(at) - 0x30) * 10 + text.charCodeAt(at + 1) - 0x30;
