import { describe, expect, test } from "bun:test";
import { existsSync, readdirSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";

/**
 * A rule that no test quotes is a wish, and a number that no rule has is a typing mistake. A room is a folder with a
 * SPEC.md; its tests are beside it, in `engines/` for a port's suites, and in `tests/` for journeys through several.
 */
const ROOT = join(import.meta.dirname, "..");
const RULE = /^\s*(?:[-*]\s+|#+\s+|\|\s*)?\**`?([A-Z]{2,4}\d+)\b/;
const QUOTED = /\b[A-Z]{2,4}\d+\b/g;

const glob = (pattern: string) =>
  [...new Bun.Glob(pattern).scanSync({ cwd: ROOT })].filter((file) => !file.includes("node_modules/")).sort();

const rooms = [
  ...glob("kernel/SPEC.md"),
  ...glob("{ports,systems,engines,packages}/*/SPEC.md"),
  ...glob("apps/*/SPEC.md"),
  "deploy/SPEC.md",
  "tests/SPEC.md",
];
const testFiles = glob("{kernel,ports,engines,packages,systems,apps,deploy,tests}/**/*.{test,suite}.{ts,tsx}");

/** Rule numbers at the head of test titles, up to the colon: `FD3: …` or `FD3, FD4: …`. */
async function quotedIn(files: string[]): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for (const file of files) {
    const text = await readFile(join(ROOT, file), "utf8");
    for (const [, head = ""] of text.matchAll(/["'`]((?:[A-Z]{2,4}\d+(?:[,/ ]| and )*)+)(?::|\s\()/g)) {
      for (const [number] of head.matchAll(QUOTED)) found.set(number, file);
    }
  }
  return found;
}

const quoted = await quotedIn(testFiles);
const ruleOwners = new Map<string, string>();

for (const spec of rooms) {
  const room = spec.replace("/SPEC.md", "");
  const rules = (await readFile(join(ROOT, spec), "utf8")).split("\n").flatMap((line) => RULE.exec(line)?.[1] ?? []);

  describe(room, () => {
    test("every rule of its SPEC is quoted by a test", () => {
      expect(rules.filter((rule) => !quoted.has(rule))).toEqual([]);
    });

    test("every rule has one number, and its numbers belong to this room alone", () => {
      expect(rules.length).toBeGreaterThan(0);
      expect(rules.filter((rule, i) => rules.indexOf(rule) !== i)).toEqual([]);
      expect(rules.filter((rule) => ruleOwners.get(rule) !== room)).toEqual([]);
    });
  });
  for (const rule of rules) if (!ruleOwners.has(rule)) ruleOwners.set(rule, room);
}

describe("test titles", () => {
  test("quote only rules that are there", () => {
    const prefixes = new Set([...ruleOwners.keys()].map((rule) => rule.replace(/\d+$/, "")));
    const unknown = [...quoted].filter(([rule]) => prefixes.has(rule.replace(/\d+$/, "")) && !ruleOwners.has(rule));
    expect(unknown.map(([rule, file]) => `${file}: ${rule}`)).toEqual([]);
  });
});

describe("rooms", () => {
  const folders = (parent: string) =>
    existsSync(join(ROOT, parent))
      ? readdirSync(join(ROOT, parent), { withFileTypes: true }).flatMap((e) =>
          e.isDirectory() ? [`${parent}/${e.name}`] : [],
        )
      : [];

  test.each(folders("systems"))("%s has a README, a SPEC, one door and a contract", (room) => {
    const missing = ["README.md", "SPEC.md", "index.ts", "contract.ts"].filter(
      (name) => !existsSync(join(ROOT, room, name)),
    );
    expect(missing).toEqual([]);
  });

  test.each(folders("ports"))("%s has a SPEC and one door", (room) => {
    expect(["SPEC.md", "index.ts"].filter((name) => !existsSync(join(ROOT, room, name)))).toEqual([]);
  });
});
