import { LOG_AT_MS_MAX, LOG_NAME_CHARS_MAX, LOG_PATH_CHARS_MAX } from "./bounds.ts";
import type { ReadLine } from "./entry.ts";

const MONTHS = "JanFebMarAprMayJunJulAugSepOctNovDec";

/**
 * A line of nginx's and Apache's common and combined formats, also with the virtual host in front:
 * `192.0.2.7 - astrid [22/Nov/2026:01:02:03 +0100] "GET /v1/feed HTTP/1.1" 200 512 "…" "…"`. Read by its places in one pass, so a
 * hostile line costs its length and no more.
 */
export function readCombinedLine(line: string): ReadLine {
  const open = line.indexOf(" [");
  const close = open < 0 ? -1 : line.indexOf('] "', open);
  if (close < 0) return "broken";
  const at_ms = timeOf(line.slice(open + 2, close));
  if (!(at_ms >= 0 && at_ms <= LOG_AT_MS_MAX)) return "broken";
  const end = closingQuote(line, close + 3);
  if (end < 0) return "broken";
  const status = Number(line.slice(end + 2, end + 5));
  if (!Number.isInteger(status) || status < 100 || status > 599) return "broken";
  const head = line.slice(0, open).split(" ", 5);
  // With the virtual host in front there is one more, and the identity is then the third.
  const from = head.length > 3 && head[2] === "-" ? 1 : 0;
  const user = head.slice(from + 2).join(" ");
  const asked = line.slice(close + 3, end);
  const [method, path] = requestOf(asked);
  return {
    at_ms,
    method,
    path,
    status,
    cost_tokens: null,
    person_id: user === "" || user === "-" ? null : user.slice(0, LOG_NAME_CHARS_MAX),
    token_id: null,
    space_id: null,
    address: (head[from] ?? "").slice(0, LOG_NAME_CHARS_MAX),
    took_ms: null,
    whole_s: true,
  };
}

/** nginx writes a quote as \x22, Apache as \". */
function closingQuote(line: string, from: number): number {
  for (let at = line.indexOf('"', from); at >= 0; at = line.indexOf('"', at + 1)) {
    let backslashes = 0;
    while (line.charCodeAt(at - 1 - backslashes) === 0x5c) backslashes++;
    if (backslashes % 2 === 0) return at;
  }
  return -1;
}

/** Method and path; the query, which is nobody's business here, is left out. What is no request counts as one without a path. */
function requestOf(asked: string): [string, string] {
  const space = asked.indexOf(" ");
  const method = space < 0 ? "" : asked.slice(0, space);
  if (!/^[A-Z]{1,10}$/.test(method)) return ["-", "-"];
  let until = asked.indexOf(" ", space + 1);
  if (until < 0) until = asked.length;
  let from = space + 1;
  const scheme = asked.indexOf("://", from);
  if (scheme > 0 && scheme - from <= 5 && asked.charCodeAt(from) !== 0x2f) {
    const slash = asked.indexOf("/", scheme + 3);
    from = slash < 0 || slash > until ? until : slash;
  }
  let path = asked.slice(from, Math.min(until, from + LOG_PATH_CHARS_MAX));
  const query = path.search(/[?#]/);
  if (query >= 0) path = path.slice(0, query);
  return [method, path === "" ? "/" : path];
}

let known = "";
let known_ms = Number.NaN;

/** `22/Nov/2026:01:02:03 +0100`; lines of one second stand together, so the last one is remembered. */
function timeOf(text: string): number {
  if (text === known) return known_ms;
  const parts = /^(\d\d)\/([A-Z][a-z]{2})\/(\d{4}):(\d\d):(\d\d):(\d\d) ([+-])(\d\d)(\d\d)$/.exec(text);
  const month = parts ? MONTHS.indexOf(parts[2]!) : -1;
  if (!parts || month < 0 || month % 3 !== 0) return Number.NaN;
  const [, day, , year, h, m, s, sign, zone_h, zone_m] = parts;
  const zone_ms = (Number(zone_h) * 60 + Number(zone_m)) * 60_000 * (sign === "-" ? -1 : 1);
  known = text;
  known_ms = Date.UTC(Number(year), month / 3, Number(day), Number(h), Number(m), Number(s)) - zone_ms;
  return known_ms;
}
