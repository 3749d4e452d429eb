import { describe, expect, test } from "bun:test";
import { readFile } from "node:fs/promises";
import { join } from "node:path";

const ROOT = join(import.meta.dirname, "..");
const THIS = "tests/hygiene.test.ts";
const FILE_LINES_MAX = 400;

interface Source {
  file: string;
  text: string;
}

/** What a clone holds; read from the folder, because git need not be on the machine that runs the tests. */
async function sources(): Promise<Source[]> {
  const text = "**/*.{ts,tsx,mjs,cjs,json,md,sql,css,html,svg,toml,sh,yml,yaml}";
  const apart = /(^|\/)(node_modules|data|dist|\.git|\.cache)\//;
  const files = [".ci/run", ".gitignore", ...new Bun.Glob(text).scanSync({ cwd: ROOT, dot: true })];
  return Promise.all(
    files
      .filter((file) => !apart.test(file) && file !== "package-lock.json" && file !== THIS)
      .map(async (file) => ({ file, text: await readFile(join(ROOT, file), "utf8") })),
  );
}

const tree = await sources();
const code = tree.filter(({ file }) => /\.(ts|tsx|mjs|cjs)$/.test(file));
const isTest = (file: string) => /\.(test|suite)\.tsx?$|\/testing\.ts$|^(tests|bench)\//.test(file);

/** Where a pattern stands, as `file:line: what`. */
function places(among: Source[], pattern: RegExp): string[] {
  return among.flatMap(({ file, text }) =>
    text.split("\n").flatMap((line, i) => {
      const match = pattern.exec(line);
      return match ? [`${file}:${i + 1}: ${match[0]}`] : [];
    }),
  );
}

describe("the tree", () => {
  test("names no folder of somebody's machine", () => {
    expect(places(tree, /(?<![\w.$}])\/(?:home\/[a-z]\w*|Users\/[A-Z]\w*|root|work)\/[\w.-]+/)).toEqual([]);
  });

  test("has no folder for what has no owner", () => {
    const bags = tree.filter(({ file }) => /(^|\/)(utils?|lib|common|helpers?|shared)\//.test(file)).map((s) => s.file);
    expect(bags).toEqual([]);
  });

  test("leaves nothing for later: no marks, no silenced types, no skipped focus", () => {
    expect(
      places(code, /\b(?:TODO|FIXME|XXX)\b|@ts-(?:ignore|nocheck|expect-error)|\btest\.only\(|\bdescribe\.only\(/),
    ).toEqual([]);
  });

  test("asks the clock port for time and chance", () => {
    const outside = code.filter(
      ({ file }) =>
        /^(kernel|ports|engines|packages|systems|apps\/(server|cli))\//.test(file) &&
        !isTest(file) &&
        !/^ports\/clock\/|\.mjs$/.test(file),
    );
    expect(
      places(outside, /^(?!\s*(?:\*|\/\/)).*?(\bDate\.now\(|\bnew Date\(\)|\bMath\.random\(|\bsetInterval\()/),
    ).toEqual([]);
  });

  test("reads the environment at its entries only", () => {
    const inside = code.filter(({ file }) => /^(kernel|engines|packages|systems)\//.test(file) && !isTest(file));
    expect(places(inside, /\b(?:process|Bun)\.env\b/)).toEqual([]);
  });

  test("keeps each file to one purpose; a contract is one list of routes and may be longer", () => {
    const long = code.filter(
      ({ file, text }) => text.split("\n").length > FILE_LINES_MAX && !file.endsWith("/contract.ts"),
    );
    expect(
      long.filter(({ file }) => !isTest(file)).map(({ file, text }) => `${file}: ${text.split("\n").length} lines`),
    ).toEqual([]);
  });

  test("pins every dependency to one version", async () => {
    const { dependencies, devDependencies, optionalDependencies } = (await Bun.file(
      join(ROOT, "package.json"),
    ).json()) as Record<string, Record<string, string>>;
    const loose = Object.entries({ ...dependencies, ...devDependencies, ...optionalDependencies }).filter(
      ([, version]) => !/^(npm:[\w@/.-]+@)?\d+\.\d+\.\d+(-[\w.]+)?$/.test(version),
    );
    expect(loose).toEqual([]);
  });

  test("locks packages without naming a registry", async () => {
    const lock = await Bun.file(join(ROOT, "package-lock.json")).text();
    expect(lock).not.toContain('"resolved"');
  });

  test("keeps migrations in order: numbered from 0001 without a gap", () => {
    const numbers = new Map<string, number[]>();
    for (const { file } of tree) {
      const [, folder, number] = /^(.*\/sql)\/(\d{4})_\w+\.sql$/.exec(file) ?? [];
      if (folder && number) numbers.set(folder, [...(numbers.get(folder) ?? []), Number(number)]);
      else if (file.endsWith(".sql")) expect(file).toMatch(/\/sql\/\d{4}_\w+\.sql$/);
    }
    for (const [folder, found] of numbers) {
      expect([folder, found.toSorted((a, b) => a - b)]).toEqual([folder, found.map((_, i) => i + 1)]);
    }
  });
});
