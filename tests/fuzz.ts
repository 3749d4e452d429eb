/** Seeded nonsense for calls, drawn from the house's own OpenAPI: half of it nearly right, so that it gets past the first door. */

export interface Schema {
  $ref?: string;
  type?: string | string[];
  enum?: unknown[];
  const?: unknown;
  anyOf?: Schema[];
  oneOf?: Schema[];
  allOf?: Schema[];
  items?: Schema;
  properties?: Record<string, Schema>;
  required?: string[];
  pattern?: string;
  example?: unknown;
  minLength?: number;
  maxLength?: number;
  minimum?: number;
  maximum?: number;
  maxItems?: number;
}
export interface Operation {
  parameters?: { name: string; in: string; schema: Schema }[];
  requestBody?: { content: Record<string, { schema: Schema }> };
}
export interface OpenApi {
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, Schema> };
}
export interface Call {
  method: string;
  path: string;
  raw: string | undefined;
}

/** mulberry32: the same calls from the same seed. @returns 0 ≤ n < 1 */
export function chance(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** The head of a call may have 16 KiB; beyond that the server under the house says 431 without a word, before the house hears of it. */
const ADDRESS_CHARS_MAX = 12_000;

export const BAD_IDS = [
  "abc",
  "0",
  "-1",
  "1.5",
  "1e3",
  "99999999999999999999",
  "9223372036854775807",
  "9223372036854775808",
  "٣",
  "✓",
  "\0",
  "1\0",
  "..",
  "../../etc/passwd",
  "null",
  " 1",
  "1 ",
  "'--",
  "%",
  "x".repeat(3_000),
];
const JUNK_TEXTS = [
  "",
  " ",
  "\0",
  "a\0b",
  "\ud800",
  "\udfff\ud800",
  "\u202e",
  "\u200b",
  "\ufeff",
  "e\u0301".repeat(50),
  "👩‍👩‍👧".repeat(20),
  "ﷺ",
  "<script>",
  "' OR 1=1 --",
  "$1",
  "${x}",
  "%s%n",
  "../../../etc/passwd",
  "file:///etc/passwd",
  "#tag @me @@ ##",
  "__proto__",
  "a".repeat(300),
  "a".repeat(6_000),
  "\n".repeat(500),
  "9".repeat(400),
  "2026-13-45T99:99:99Z",
  "Infinity",
  "NaN",
];
const JUNK_NUMBERS = [0, -1, 1, 1.5, -0, 1e308, -1e308, 1e21, 2 ** 31, 2 ** 53, 2 ** 63, Number.MIN_VALUE];
const JUNK: unknown[] = [null, true, [], {}, [[]], [null], { a: { a: {} } }, ...JUNK_NUMBERS, ...JUNK_TEXTS];

const base64url = (text: string) => Buffer.from(text).toString("base64url");
const BAD_CURSORS = [
  "",
  "=",
  "%00",
  "a".repeat(513),
  base64url("[]"),
  base64url("{}"),
  base64url("null"),
  base64url('["1"]'),
  base64url("[1]"),
  ...["9223372036854775807", "9223372036854775808", "-1", "\0", "z"].flatMap((id) =>
    [[id], [id, id], ["home", id], [id, 1], [1e308, id]].map((parts) => base64url(JSON.stringify(parts))),
  ),
];

/** @param known names that exist, so that a call reaches what it is about: by parameter (`id`, `handle`, …) and body field */
export function createFuzz(api: OpenApi, seed: number, known: Record<string, string[]>) {
  const random = chance(seed);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
  const often = (share: number) => random() < share;

  function text({ minLength = 0, maxLength = 40 }: Schema): string {
    if (often(0.25)) return pick(JUNK_TEXTS);
    const length = pick([minLength, maxLength, maxLength + 1, Math.min(maxLength, minLength + 7)]);
    return pick(["a", "ö", "x1", "😀"]).repeat(Math.min(length, 20_000)).slice(0, length);
  }

  function value(name: string, schema: Schema, depth = 0): unknown {
    if (often(0.12) || depth > 6) return pick(JUNK);
    const target = schema.$ref && api.components.schemas[schema.$ref.split("/").at(-1) ?? ""];
    if (target) return value(name, target, depth);
    const union = schema.anyOf ?? schema.oneOf ?? schema.allOf;
    if (union) return value(name, pick(union), depth);
    if (schema.const !== undefined) return schema.const;
    if (schema.enum) return pick(schema.enum);
    if (schema.properties) {
      const fields = Object.entries(schema.properties)
        .filter(([field]) => schema.required?.includes(field) || often(0.6))
        .filter(() => !often(0.04))
        .map(([field, inner]) => [field, value(field, inner, depth + 1)]);
      if (often(0.06)) fields.push([pick(["nope", "constructor", "__proto__", "\0", "toString"]), pick(JUNK)]);
      return Object.fromEntries(fields) as unknown;
    }
    if (schema.items) {
      const items = schema.items;
      const count = pick([0, 1, 1, 2, Math.min(schema.maxItems ?? 3, 50) + 1]);
      return Array.from({ length: count }, () => value(name.replace(/s$/, ""), items, depth + 1));
    }
    const type = Array.isArray(schema.type) ? pick(schema.type) : schema.type;
    if (type === "integer" || type === "number") {
      const { minimum = 0, maximum = 100 } = schema;
      return pick([
        minimum,
        maximum,
        minimum - 1,
        maximum + 1,
        Math.floor(minimum + random() * 10),
        pick(JUNK_NUMBERS),
      ]);
    }
    if (type === "boolean") return often(0.5);
    if (type === "null") return null;
    if (schema.pattern?.startsWith("^[1-9]"))
      return often(0.6) ? pick(known[name] ?? known.id ?? ["1"]) : pick(BAD_IDS);
    if (known[name] && often(0.6)) return pick(known[name]);
    return text(schema);
  }

  return {
    pick,
    often,
    call(method: string, path: string, { parameters = [], requestBody }: Operation): Call {
      const query: string[] = [];
      let to = path;
      for (const { name, in: where, schema } of parameters) {
        const names = known[`${path.split("/")[2]}.${name}`] ?? known[name] ?? known.id ?? [];
        if (where === "path") {
          const part = names.length > 0 && often(0.7) ? pick(names) : pick(BAD_IDS);
          to = to.replace(`{${name}}`, encodeURIComponent(part));
        } else if (where === "query" && often(0.6)) {
          const asked = name === "cursor" ? pick(BAD_CURSORS) : value(name, schema);
          const words = typeof asked === "string" ? asked : JSON.stringify(asked);
          const part = `${name}=${encodeURIComponent(words.toWellFormed())}`;
          if (`${to}?${query.join("&")}&${part}`.length <= ADDRESS_CHARS_MAX) query.push(part);
        }
      }
      if (often(0.05)) query.push(pick(["nope=1", "limit=1&limit=2", "=", "&&", "%=%", "cursor[]=1", "__proto__=1"]));
      const body = Object.values(requestBody?.content ?? {})[0]?.schema;
      let raw = body && JSON.stringify(value("body", body));
      if (raw !== undefined && often(0.08))
        raw = pick([raw.slice(0, -1), `${raw}}`, "", "[".repeat(9_000), "nul", `[${raw}]`]);
      return { method: method.toUpperCase(), path: query.length > 0 ? `${to}?${query.join("&")}` : to, raw };
    },
  };
}
