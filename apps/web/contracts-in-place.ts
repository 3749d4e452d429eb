import { readFile } from "node:fs/promises";

import type { BunPlugin } from "bun";

import { isRoute, textOf } from "./contracts-as-data.ts";

/**
 * A file of the page holds of a contract what it names and no more: method and path of the routes that it calls, and short plain
 * values, written in place of the import. A bundler keeps a table of routes whole, so what only a later screen calls was in the
 * first load (5 kB of its gzip), and every contract with it. Functions, and what is long, are imported as before.
 */
export const contractsInPlace: BunPlugin = {
  name: "contracts-in-place",
  setup(build) {
    build.onLoad({ filter: /[\\/]apps[\\/]web[\\/].*\.tsx?$/ }, async ({ path }) => {
      const source = await readFile(path, "utf8");
      const contents = await inPlace(source, async (asked) => {
        const file = Bun.resolveSync(asked, import.meta.dirname);
        return (await import(file)) as Record<string, unknown>;
      });
      return { contents, loader: path.endsWith("x") ? "tsx" : "ts" };
    });
  },
};

const IMPORTED = /^import \{([^}]*)\} from "(#systems\/[^"]+)";/gm;
/** What is longer stands once in a file of its own. */
const TEXT_CHARS_MAX = 200;

/** The same file with what it takes of contracts written into it, line for line where it was. */
export async function inPlace(
  source: string,
  exportsOf: (from: string) => Promise<Readonly<Record<string, unknown>>>,
): Promise<string> {
  let made = "";
  let end = 0;
  for (const { 0: whole, 1: names, 2: from, index } of source.matchAll(IMPORTED)) {
    const exported = await exportsOf(from!);
    const rest = source.slice(0, index) + source.slice(index + whole.length);
    const [kept, own]: [string[], string[]] = [[], []];
    for (const part of names!.split(",").map((one) => one.trim())) {
      if (part === "" || part.startsWith("type ")) continue;
      const [name, alias = name!] = part.split(" as ");
      const text = textFor(exported[name!], alias, rest);
      if (text === null) kept.push(part);
      else own.push(`const ${alias} = ${text};`);
    }
    const imported = kept.length > 0 ? `import { ${kept.join(", ")} } from "${from}";` : "";
    made +=
      source.slice(end, index) +
      [imported, ...own].filter((text) => text !== "").join(" ") +
      "\n".repeat(whole.split("\n").length - 1);
    end = index + whole.length;
  }
  return made + source.slice(end);
}

function textFor(value: unknown, alias: string, rest: string): string | null {
  if (isTable(value)) {
    const used = membersOf(alias, rest);
    if (!used || !used.every((name) => name in value)) return null;
    return textOf(Object.fromEntries(used.map((name) => [name, value[name]])));
  }
  const text = textOf(value);
  return text === null || text === "undefined" || text.length > TEXT_CHARS_MAX ? null : text;
}

/** Routes by name. */
const isTable = (value: unknown): value is Record<string, object> =>
  typeof value === "object" &&
  value !== null &&
  !Array.isArray(value) &&
  Object.keys(value).length > 0 &&
  Object.values(value).every(isRoute);

/** Which of its members a file names; null where it does anything else with the whole, or where that cannot be told. */
function membersOf(alias: string, rest: string): string[] | null {
  const named = new Set<string>();
  for (const [, member] of rest.matchAll(new RegExp(`(?<![\\w$.\\\\])${alias}(?![\\w$])(?:\\.(\\w+))?`, "g"))) {
    if (member === undefined) return null;
    named.add(member);
  }
  return [...named];
}
