import { afterAll, describe, expect, test } from "bun:test";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** The set-up runs under Node, before there is a Bun, so it is asked there. */
const MODULE = join(import.meta.dirname, "packages.mjs");
const MAIN = join(import.meta.dirname, "main.mjs");

const folder = await mkdtemp(join(tmpdir(), "folkhus-setup-"));
afterAll(() => rm(folder, { recursive: true, force: true }));

async function missing(wanted: object, installed: object | null, development: boolean): Promise<string[]> {
  const root = await mkdtemp(join(folder, "tree-"));
  await Bun.write(join(root, "package-lock.json"), JSON.stringify({ packages: { "": {}, ...wanted } }));
  if (installed) {
    await Bun.write(join(root, "node_modules/.package-lock.json"), JSON.stringify({ packages: installed }));
    for (const at of Object.keys(installed)) await mkdir(join(root, at), { recursive: true });
  }
  const child = Bun.spawn(
    [
      "node",
      "--input-type=module",
      "-e",
      `import { missingPackages } from ${JSON.stringify(MODULE)};
       console.log(JSON.stringify(missingPackages(${JSON.stringify(root)}, { development: ${development} })))`,
    ],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  return JSON.parse(await new Response(child.stdout).text()) as string[];
}

const WANTED = {
  "node_modules/a": { version: "1.0.0" },
  "node_modules/b": { version: "2.0.0" },
  "node_modules/tests-only": { version: "3.0.0", dev: true },
  "node_modules/other-machine": { version: "4.0.0", optional: true },
};

describe("set-up", () => {
  test("CI8: on a fresh clone everything is missing but what is for other machines", async () => {
    expect(await missing(WANTED, null, true)).toEqual(["a", "b", "tests-only"]);
    expect(await missing(WANTED, null, false)).toEqual(["a", "b"]);
  });

  test("CI8: another version is missing, the same one is not", async () => {
    const installed = { "node_modules/a": { version: "1.0.0" }, "node_modules/b": { version: "1.9.0" } };
    expect(await missing(WANTED, installed, false)).toEqual(["b"]);
  });

  test("CI8: a start does not ask for what only tests need", async () => {
    const installed = { "node_modules/a": { version: "1.0.0" }, "node_modules/b": { version: "2.0.0" } };
    expect(await missing(WANTED, installed, false)).toEqual([]);
    expect(await missing(WANTED, installed, true)).toEqual(["tests-only"]);
  });

  test("CI8: where installing is forbidden it goes on without ffmpeg and says what that means", async () => {
    const child = Bun.spawn([Bun.which("node") ?? "node", MAIN, "start"], {
      // A path without any program; Node is named by where it is.
      env: { PATH: folder, FOLKHUS_INSTALL: "off" },
      stdio: ["ignore", "ignore", "pipe"],
    });
    const [said, code] = await Promise.all([new Response(child.stderr).text(), child.exited]);
    expect(said).toContain("going on without ffmpeg: no video can be taken in (FOLKHUS_INSTALL=off)");
    expect(code).toBe(0);
  });

  test("CI8: an unknown purpose is refused", async () => {
    const child = Bun.spawn(["node", MAIN, "dance"], { stdio: ["ignore", "ignore", "pipe"] });
    expect(await new Response(child.stderr).text()).toContain('no set-up called "dance"');
    expect(await child.exited).toBe(2);
  });
});
