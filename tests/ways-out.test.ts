import { expect, test } from "bun:test";
import { readFile } from "node:fs/promises";
import { join } from "node:path";

const ROOT = join(import.meta.dirname, "..");
/** What runs in a house. */
const HOUSE = ["kernel", "ports", "engines", "systems", "apps/server", "packages"];
/** How a process reaches another one. `fetch(request` declares a method of that name, and
 * `fetch(new Request(…` is the house's own door. */
const WAY_OUT = [
  /(?<![.\w])fetch\((?!request\b|\s*new Request\b)/,
  /\bnew (?:SQL|RedisClient|WebSocket|S3Client|EventSource)\(/,
  /\bBun\.(?:spawn|spawnSync|connect|udpSocket|dns|\$)\b/,
  /\bcreateTransport\(/,
  /from "node:(?:child_process|dgram|dns|dns\/promises|http2|https|tls|cluster|worker_threads)"/,
  /import \{[^}]*\b(?:connect|createConnection|Socket|request|get|Agent)\b[^}]*\} from "node:(?:net|http)"/,
];
const isTest = (file: string) => /\.(?:test|suite)\.ts$|\/testing[^/]*\.ts$|-(?:child|worker)\.ts$/.test(file);
/** Words that are shown, and code in them that is run elsewhere. */
const withoutTexts = (text: string) => text.replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*$|`(?:[^`\\]|\\.)*`/gm, "");

test("CL31: every way out of the process is in the table of the kit, and each of the table is there", async () => {
  const found: string[] = [];
  const files = HOUSE.flatMap((room) => [...new Bun.Glob(`${room}/**/*.ts`).scanSync({ cwd: ROOT })]);
  expect(files.length).toBeGreaterThan(500);
  for (const file of files) {
    if (isTest(file) || file.includes("node_modules/")) continue;
    const text = withoutTexts(await readFile(join(ROOT, file), "utf8"));
    if (WAY_OUT.some((way) => way.test(text))) found.push(file);
  }
  const [, table = ""] = (await readFile(join(ROOT, "ports/calls/README.md"), "utf8")).split("## Ways out");
  const listed = [...table.split("\n## ")[0]!.matchAll(/`([\w/-]+\.ts)`/g)].map(([, file]) => file!);
  expect(found.toSorted()).toEqual([...new Set(listed)].filter((file) => !file.startsWith("tests/")).toSorted());
});

test("CL31: what looks for ways out finds each kind, and no method that is called like one", () => {
  const is = (line: string) => WAY_OUT.some((way) => way.test(withoutTexts(line)));
  for (const line of [
    "const answer = await fetch(url)",
    'import { lookup } from "node:dns/promises";',
    'import { connect } from "node:net";',
    "Bun.spawn([program])",
    "new SQL(url)",
  ])
    expect([line, is(line)]).toEqual([line, true]);
  for (const line of ["api.fetch(url)", "async fetch(request) {}", 'import { isIP } from "node:net";', "// fetch(url)"])
    expect([line, is(line)]).toEqual([line, false]);
});
