import { readFile } from "node:fs/promises";

import type { BunPlugin } from "bun";

/**
 * Of a contract the page needs each route's method and path, and the plain values beside them; words for the reference,
 * schemas and bounds of calls stay at home. So the bundle gets a contract as data, without calls, and what no screen uses
 * falls out of it. Whatever a contract takes over from other files is taken over from there as before; one that holds
 * functions of its own is left as it is.
 */
export const contractsAsData: BunPlugin = {
  name: "contracts-as-data",
  setup(build) {
    build.onLoad({ filter: /[\\/]systems[\\/].*[\\/](?:[a-z-]+-)?(?:contract|shape|asked)\.ts$/ }, async ({ path }) => {
      const source = await readFile(path, "utf8");
      const contents = asData(source, (await import(path)) as Record<string, unknown>);
      return { contents: contents ?? source, loader: "ts" };
    });
  },
};

const TAKEN_OVER = /^export (?:\*|\{[^}]*\}) from "[^"]+";$/gm;
const OWN = /^export (?:const|let|function|class) (\w+)/gm;

/** The same module as data; null where that cannot be. */
export function asData(source: string, exported: Readonly<Record<string, unknown>>): string | null {
  const lines = Array.from(source.matchAll(TAKEN_OVER), ([line]) => line);
  for (const [, name] of source.matchAll(OWN)) {
    const text = textOf(exported[name!]);
    if (text === null) return null;
    lines.push(`export const ${name} = ${text};`);
  }
  return lines.join("\n");
}

/** A route by its shape. */
export const isRoute = (value: unknown): value is { method: string; path: string } =>
  typeof value === "object" && value !== null && "method" in value && "path" in value && "answers" in value;

/** A plain value as the text of itself, a route as its method and path; null for what is none. */
export function textOf(value: unknown): string | null {
  if (value === undefined || typeof value === "function" || typeof value === "symbol") return null;
  if (value === null || typeof value !== "object")
    return typeof value === "bigint" ? `${value}n` : JSON.stringify(value);
  if (value instanceof RegExp) return value.toString();
  // A schema: nothing on the page looks at it.
  if ("_zod" in value) return "undefined";
  if (isRoute(value)) return JSON.stringify({ method: value.method, path: value.path });
  const inner = Array.isArray(value) ? value.map(textOf) : Object.values(value).map(textOf);
  if (inner.includes(null)) return null;
  if (Array.isArray(value)) return `[${inner.join(",")}]`;
  return `{${Object.keys(value)
    .map((key, i) => `${JSON.stringify(key)}:${inner[i]!}`)
    .join(",")}}`;
}
