import { afterAll, describe, expect, test } from "bun:test";
import { mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";

import { buildPage } from "./build.ts";
import { asData } from "./contracts-as-data.ts";
import { inPlace } from "./contracts-in-place.ts";

/** What a first visit may cost in script, compressed. React, router and query cache are 105 kB of it. */
const FIRST_LOAD_GZIP_BYTES_MAX = 165_000;

const outdir = await mkdtemp(path.join(tmpdir(), "page-"));
afterAll(() => rm(outdir, { recursive: true, force: true }));

const first = await buildPage({ outdir });

describe("build", () => {
  test("WEB20: the first load stays under its bound, and screens, player and dialogs are not in it", () => {
    expect(first.first_load_gzip_bytes).toBeLessThan(FIRST_LOAD_GZIP_BYTES_MAX);
    const names = first.files.map((file) => file.name).join(" ");
    for (const chunk of ["shorts-", "watch-", "player-", "settings-", "admin-", "palette-", "compose-dialog-"])
      expect(names).toContain(chunk);
  });

  test("WEB20: of a contract the page gets methods, paths and plain values; one with functions of its own stays as it is", () => {
    const source =
      'export * from "./bounds.ts";\nexport {\n  a,\n  b,\n} from "./other.ts";\nexport const get = 1;\nexport const LIST = 1;\nexport const routes = 1;';
    const get = { method: "GET", path: "/v1/x", summary: "Words", answers: {} };
    const lines = asData(source, { get, LIST: ["a", /b/g], routes: { get } })!.split("\n");
    expect(lines.filter((line) => line.startsWith("export const"))).toEqual([
      'export const get = {"method":"GET","path":"/v1/x"};',
      'export const LIST = ["a",/b/g];',
      'export const routes = {"get":{"method":"GET","path":"/v1/x"}};',
    ]);
    expect(lines.join("\n")).toContain('} from "./other.ts";');
    expect(asData(source, { get: () => 1, LIST: 1, routes: 1 })).toBeNull();
  });

  test("WEB20: a file of the page holds of a contract the routes that it names, and short values; functions, and a table that is used whole, are imported", async () => {
    const route = (path: string) => ({ method: "GET", path, summary: "Words", answers: {} });
    const table = { a: route("/a"), b: route("/b"), c: route("/c") };
    const exported = { xRoutes: table, one: route("/one"), MAX: 5, LONG: "x".repeat(300), work: () => 1, P: /r\/s/u };
    const asked = (source: string) => inPlace(source, async () => exported);
    const from = 'from "#systems/x/contract.ts";';
    expect(await asked(`import { type X, xRoutes as r } ${from}\ncall(r.a); // \r\nits(xr.q, r.c, x.r);`)).toBe(
      'const r = {"a":{"method":"GET","path":"/a"},"c":{"method":"GET","path":"/c"}};\ncall(r.a); // \r\nits(xr.q, r.c, x.r);',
    );
    expect(await asked(`import {\n  one,\n  MAX,\n  LONG,\n  work,\n  P,\n} ${from}\n`)).toBe(
      `import { LONG, work } ${from} const one = {"method":"GET","path":"/one"}; const MAX = 5; const P = /r\\/s/u;${"\n".repeat(7)}`,
    );
    // Used whole, by a name that is made, or shadowed: as it was.
    for (const use of ["all(xRoutes)", "xRoutes[name]", "xRoutes.zebra", "({ xRoutes })"]) {
      const source = `import { xRoutes } ${from}\n${use};`;
      expect(await asked(source)).toBe(source);
    }
    const typed = `import type { X } ${from}\nexport { work } ${from}`;
    expect(await asked(typed)).toBe(typed);
  });

  test("WEB20: every name carries a hash, every script and style sheet lies there compressed too", async () => {
    const there = new Set(await readdir(first.dir));
    for (const file of first.files) {
      expect(file.name).toMatch(/-[a-z0-9]{8}\.\w+(?:\.map)?$/);
      expect(there.has(file.name)).toBe(true);
      if (file.compressed) expect(there.has(`${file.name}.br`) && there.has(`${file.name}.gz`)).toBe(true);
    }
    expect(first.preload_fonts.length).toBe(1);
  });

  test("WEB20: the same sources find the build that is there", async () => {
    const before = (await stat(path.join(first.dir, "manifest.json"))).mtimeMs;
    const again = await buildPage({ outdir });
    expect(again).toEqual(first);
    expect((await stat(path.join(again.dir, "manifest.json"))).mtimeMs).toBe(before);
  });

  test("WEB249: the simulator is a file of its own, in no script of the page, and asks nothing of the machine", async () => {
    const scripts = first.files.filter((file) => file.name.endsWith(".js"));
    const own = scripts.filter((file) => file.name.startsWith("simulator-"));
    const textOf = ({ name }: { name: string }) => Bun.file(path.join(first.dir, name)).text();
    const worker = (await Promise.all(own.map(async (file) => ({ file, text: await textOf(file) })))).find(({ text }) =>
      text.includes("DecompressionStream"),
    );
    expect(worker?.text).not.toMatch(/\bBun\.|\brequire\(|["']node:|^(?:im|ex)port /m);
    expect(worker!.file.gzip_bytes).toBeLessThan(60_000);
    for (const file of scripts.filter((one) => one !== worker!.file))
      expect((await textOf(file)).includes("DecompressionStream")).toBe(false);
  });

  test("WEB2: neither scripts nor styles fetch anything from elsewhere", async () => {
    for (const { name } of first.files.filter((file) => file.name.endsWith(".css"))) {
      const text = await Bun.file(path.join(first.dir, name)).text();
      for (const [, address] of text.matchAll(/url\(["']?([^"')]+)/g)) expect(address).toMatch(/^\/assets\//);
      expect(text).not.toMatch(/@import/);
    }
  });
});
