import { afterAll, describe, expect, test } from "bun:test";
import { cp, mkdir, mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

import { CRUISED } from "./verify.ts";

const ROOT = join(import.meta.dirname, "..");
const CONFIG = ".dependency-cruiser.cjs";

/** One file for each rule that breaks it, and what that file says. */
const PLANTED: Record<string, { file: string; text: string; beside?: Record<string, string> }> = {
  "kernel-is-pure": { file: "kernel/clock.ts", text: `import { hostname } from "node:os"; export const h = hostname;` },
  "ports-stand-on-kernel": {
    file: "ports/mail/post.ts",
    text: `import { a } from "#systems/alpha/index.ts"; export const post = a;`,
  },
  "engines-stand-on-ports": {
    file: "engines/one/index.ts",
    text: `import { two } from "#engines/two/index.ts"; export const one = two;`,
    beside: { "engines/two/index.ts": `export const two = 2;` },
  },
  "packages-stand-alone": {
    file: "packages/one/index.ts",
    text: `import { a } from "../../systems/alpha/index.ts"; export const one = a;`,
  },
  "packages-are-for-others": {
    file: "systems/beta/bought.ts",
    text: `import { two } from "../../packages/two/index.ts"; export const bought = two;`,
    beside: { "packages/two/index.ts": `export const two = 2;` },
  },
  "systems-know-no-engine": {
    file: "systems/alpha/cache.ts",
    text: `import { two } from "#engines/two/index.ts"; export const c = two;`,
  },
  "systems-by-the-door": {
    file: "systems/alpha/peek.ts",
    text: `import { rows } from "#systems/beta/store.ts"; export const p = rows;`,
    beside: { "systems/beta/store.ts": `export const rows = [];` },
  },
  "tests-by-the-door": {
    file: "systems/alpha/peek.test.ts",
    text: `import { rows } from "#systems/beta/store.ts"; export const p = rows;`,
  },
  "contracts-are-light": {
    file: "systems/alpha/contract.ts",
    text: `import { lru } from "lru-cache"; export const route = lru;`,
  },
  "contracts-reach-little": {
    file: "systems/beta/contract.ts",
    text: `import { max } from "./bounds.ts"; export const route = max;`,
    beside: {
      "systems/beta/bounds.ts": `import { size } from "#ports/cache/index.ts"; export const max = size;`,
      "ports/cache/index.ts": `export const size = 1;`,
    },
  },
  "systems-without-circles": {
    file: "systems/alpha/index.ts",
    text: `import { b } from "#systems/beta/index.ts"; export const a = b;`,
    beside: {
      "systems/beta/index.ts": `import type { a } from "#systems/alpha/index.ts"; export const b = 1 as unknown as typeof a;`,
    },
  },
  "no-circles": {
    file: "ports/mail/one.ts",
    text: `import { two } from "./two.ts"; export const one = () => two;`,
    beside: { "ports/mail/two.ts": `import { one } from "./one.ts"; export const two = () => one;` },
  },
  "page-by-the-contract": {
    file: "apps/web/peek.ts",
    text: `import { a } from "#systems/alpha/index.ts"; export const page = a;`,
  },
  "apps-by-the-door": {
    file: "apps/server/peek.ts",
    text: `import { rows } from "#systems/beta/store.ts"; export const p = rows;`,
  },
  "apps-stand-alone": {
    file: "apps/server/command.ts",
    text: `import { main } from "../cli/main.ts"; export const command = main;`,
    beside: { "apps/cli/main.ts": `export const main = 1;` },
  },
  "package-imports": {
    file: "systems/beta/ids.ts",
    text: `import { id } from "../../kernel/ids.ts"; export const ids = id;`,
    beside: { "kernel/ids.ts": `export const id = 1;` },
  },
  "no-bag-folders": {
    file: "systems/beta/strings.ts",
    text: `import { trim } from "./utils/trim.ts"; export const s = trim;`,
    beside: { "systems/beta/utils/trim.ts": `export const trim = 1;` },
  },
  "tests-stay-out": {
    file: "systems/beta/fill.ts",
    text: `import { database } from "./testing.ts"; export const f = database;`,
    beside: { "systems/beta/testing.ts": `export const database = 1;` },
  },
  "no-development-packages": {
    file: "systems/beta/guess.ts",
    text: `import { check } from "fast-check"; export const g = check;`,
  },
  "nothing-missing": { file: "systems/beta/gone.ts", text: `import { g } from "./not-there.ts"; export const x = g;` },
  "declared-packages": {
    file: "systems/beta/borrowed.ts",
    text: `import { pure } from "pure-rand"; export const b = pure;`,
  },
  "no-dead-modules": { file: "systems/beta/alone.ts", text: `export const alone = 1;` },
};

interface Violation {
  from: string;
  to: string;
  rule: { name: string };
}

async function cruise(folder: string): Promise<Violation[]> {
  const child = Bun.spawn(
    [join(ROOT, "node_modules/.bin/depcruise"), "--config", CONFIG, "--output-type", "json", ...CRUISED],
    { cwd: folder, stdio: ["ignore", "pipe", "pipe"] },
  );
  const [out, err] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]);
  if (out === "") throw new Error(`dependency-cruiser said nothing: ${err}`);
  return (JSON.parse(out) as { summary: { violations: Violation[] } }).summary.violations;
}

const planted = await mkdtemp(join(tmpdir(), "folkhus-imports-"));
afterAll(() => rm(planted, { recursive: true, force: true }));

describe("import directions", () => {
  test("IM1: nothing in the tree breaks a rule", async () => {
    const said = (await cruise(ROOT)).map(({ rule, from, to }) => `${rule.name}: ${from} → ${to}`);
    expect(said).toEqual([]);
    // A quarter of a minute of work, which on a machine that is full takes more than one.
  }, 180_000);

  describe("a planted violation is found", async () => {
    for (const folder of CRUISED) await mkdir(join(planted, folder), { recursive: true });
    for (const name of [CONFIG, "tsconfig.json", "package.json"]) await cp(join(ROOT, name), join(planted, name));
    await symlink(join(ROOT, "node_modules"), join(planted, "node_modules"));
    for (const { file, text, beside = {} } of Object.values(PLANTED)) {
      for (const [name, content] of Object.entries({ ...beside, [file]: text })) {
        await mkdir(dirname(join(planted, name)), { recursive: true });
        await Bun.write(join(planted, name), content);
      }
    }
    const found = await cruise(planted);
    const { forbidden } = (await import(join(ROOT, CONFIG))) as { forbidden: { name: string }[] };

    test("IM1: each rule has a planted violation", () => {
      expect(Object.keys(PLANTED).sort()).toEqual(forbidden.map((rule) => rule.name).sort());
    });

    test.each(Object.entries(PLANTED))("%s", (rule, { file }) => {
      const here = rule === "systems-without-circles" ? dirname(file) : file;
      expect(found.filter((v) => v.rule.name === rule).map((v) => v.from)).toContain(here);
    });
  });
});
