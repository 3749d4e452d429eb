import { afterAll, describe, expect, test } from "bun:test";
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { RedisClient } from "bun";

import { testRedis } from "../../engines/redis/testing.ts";
import { buildPackage } from "./build.ts";
import { createLimiter } from "./index.ts";

/** What others get: built, packed, and installed offline into a folder with nothing else of ours, then run there by Node. */
const ROOT = join(import.meta.dirname, "../..");
const NODE = Bun.which("node")!;
/** A compiler and four programs start in these tests; on a machine that is full each takes its time. */
const PATIENT_MS = 180_000;
const FRAMEWORKS = ["express", "express4", "fastify", "fastify4", "hono", "ioredis", "redis"];

const folder = await mkdtemp(join(tmpdir(), "folkhus-package-"));
const opened = new AsyncDisposableStack();
opened.defer(() => rm(folder, { recursive: true, force: true }));
afterAll(() => opened.disposeAsync());
const home = join(folder, "home");

async function run(command: string[], cwd = home, env: Record<string, string> = {}): Promise<string> {
  const child = Bun.spawn(command, { cwd, env: { ...process.env, ...env }, stdout: "pipe", stderr: "pipe" });
  const [out, err] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]);
  if ((await child.exited) !== 0) throw new Error(`${command.join(" ")}\n${out}\n${err}`);
  return out;
}

await buildPackage(join(folder, "package"));
const [packed] = JSON.parse(await run(["npm", "pack", "--json"], join(folder, "package"))) as [Packed];
await mkdir(home);
await writeFile(join(home, "package.json"), '{ "name": "home", "private": true, "type": "module" }');
const empty = ["--cache", join(folder, "cache")];
await run([
  "npm",
  "install",
  "--offline",
  ...empty,
  "--no-audit",
  "--no-fund",
  join(folder, "package", packed.filename),
]);
const installed = JSON.parse(
  await readFile(join(home, "node_modules/@folkhus/limiter/package.json"), "utf8"),
) as Manifest;
const alone = [...new Bun.Glob("*").scanSync({ cwd: join(home, "node_modules"), onlyFiles: false })];
await mkdir(join(home, "node_modules/@types"));
for (const name of [...FRAMEWORKS, "@types/node", "undici-types"])
  await symlink(join(ROOT, "node_modules", name), join(home, "node_modules", name));
await cp(join(import.meta.dirname, "trial"), home, { recursive: true });
// Here nothing resolves what it imports.
await cp(join(home, "consumer.txt"), join(home, "consumer.ts"));

const readme = await readFile(join(import.meta.dirname, "README.md"), "utf8");
const examples = [...readme.matchAll(/^```js (\S+)\n([\s\S]*?)^```$/gm)].map(([, file, text]) => ({
  file: file!,
  text: text!,
  says: text!.split("\n").flatMap((line) => /^\/\/ ((?:true|false) .*)$/.exec(line)?.[1] ?? []),
}));
for (const { file, text } of examples) await writeFile(join(home, file), text);
const lines = (out: string) => out.trim().split("\n");

describe("the packed package", () => {
  test("LP11: it has a name, a version, a licence, and no dependency; what it holds is plain JavaScript and types", () => {
    expect(installed).toMatchObject({ name: "@folkhus/limiter", license: "Apache-2.0", type: "module" });
    expect(installed.version).toMatch(/^\d+\.\d+\.\d+$/);
    expect(installed.dependencies).toBeUndefined();
    expect(alone).toEqual(["@folkhus"]);
    const files = packed.files.map(({ path }) => path);
    expect(files.filter((path) => !/^dist\/.*\.(js|d\.ts)$/.test(path)).toSorted()).toEqual([
      "LICENSE",
      "README.md",
      "package.json",
    ]);
    expect(packed.unpackedSize).toBeLessThan(250_000);
  });

  test(
    "LP11: its types hold for a strict project that resolves as Node does",
    async () => {
      const options = "--noEmit --strict --target es2023 --module nodenext --types node --exactOptionalPropertyTypes";
      const compiler = join(ROOT, "node_modules/typescript/bin/tsc");
      expect(await run([NODE, compiler, ...options.split(" "), "--skipLibCheck", "consumer.ts"])).toBe("");
    },
    PATIENT_MS,
  );

  test(
    "LP11: the README's examples say what stands there, on Node and on Bun, and its apps limit",
    async () => {
      const core = examples.find(({ file }) => file === "core.mjs")!;
      expect(core.says).toHaveLength(5);
      for (const runtime of [NODE, process.execPath])
        expect(lines(await run([runtime, "core.mjs"]))).toEqual(core.says);
      expect(JSON.parse(await run([NODE, "examples.mjs"]))).toEqual({
        hono: [200, 200, 200, 200, 200, 429, 200],
        hono_person: 200,
        express: [200, 200, 200, 200, 200, 429],
        fastify: [200, 200, 200, 200, 200, 429],
      });
    },
    PATIENT_MS,
  );
});

describe("under Node", async () => {
  const seen = JSON.parse(await run([NODE, "trial.mjs"])) as Trial;
  console.log(`the package on Node ${seen.node}`);

  test("LP1, LP2: limits are asked by name, all or nothing; null does not count, a key that is too long does", () => {
    const { errors, long, all, left, fined } = seen.byName;
    expect(errors.map((text) => text.split(":")[0])).toEqual([
      "RangeError",
      "RangeError",
      "RangeError",
      "RangeError",
      "TypeError",
    ]);
    expect(errors[0]).toContain("There is no rule nobody");
    expect(long).toEqual([true, false]);
    expect(all).toEqual([true, true, false]);
    expect([left, fined]).toEqual([98, 88]);
  });

  test("LP10: an address is what the connection says, or what one's own proxies wrote; IPv6 by its /64", () => {
    expect(seen.addresses).toEqual([
      "2001:db8:1:2::/64",
      "192.0.2.7",
      "203.0.113.9",
      "203.0.113.9",
      "2001:db8:0:0::/64",
      "198.51.100.1",
      "198.51.100.1",
      "192.0.2.7",
      "unknown",
    ]);
  });

  test.each(["hono", "express4", "express5", "fastify4", "fastify5"])(
    "LP6: in %s who passes is told where they stand, and who does not gets a problem and no handler",
    (name) => {
      const { answers, raw, handled } = seen.frameworks[name]!;
      expect(answers.map(({ status }) => status)).toEqual([200, 200, 429]);
      expect(answers[0]!.headers).toMatchObject({
        "ratelimit-policy": '"address";q=2;w=2000',
        "x-ratelimit-limit": "2",
        "x-ratelimit-remaining": "1",
      });
      expect(answers[0]!.headers.ratelimit).toMatch(/^"address";r=1;t=\d+$/);
      expect(answers[0]!.headers["retry-after"]).toBeUndefined();
      const { headers, body } = answers[2]!;
      expect(headers["content-type"]).toStartWith("application/problem+json");
      expect(Number(headers["retry-after"])).toBeGreaterThan(900);
      expect(headers.ratelimit).toMatch(/^"address";r=0;t=\d+$/);
      expect(JSON.parse(body)).toMatchObject({
        status: 429,
        code: "limit.exceeded",
        "violated-policies": ["address"],
      });
      expect([raw.status, raw.headers["x-ratelimit-limit"]]).toEqual([200, "2"]);
      // Two that passed, one that was skipped, two in the shadow, and where it is one of the same handlers the raw one.
      expect(handled).toBe(name === "hono" ? 5 : 6);
    },
  );

  test.each(Object.keys(seen.frameworks))(
    "LP7: in %s what is skipped is not counted, and a shadow refuses nobody",
    (name) => {
      const { skipped, shadow, told } = seen.frameworks[name]!;
      expect([skipped.status, skipped.headers.ratelimit]).toEqual([200, undefined]);
      expect(shadow.map(({ status, headers }) => [status, headers.ratelimit])).toEqual([
        [200, undefined],
        [200, undefined],
      ]);
      expect(told).toEqual([
        [true, "address", false],
        [true, "address", false],
        [false, "address", false],
        [true, "tried", true],
        [false, "tried", true],
      ]);
    },
  );

  test.each(Object.keys(seen.frameworks))(
    "LP8: in %s a slot is free again when the answer or the caller has gone",
    (name) => {
      const { first, second, held, free } = seen.frameworks[name]!;
      expect([first, second, held ?? 0, free]).toEqual([200, 429, 0, 1]);
    },
  );

  test.each(Object.keys(seen.frameworks))(
    "LP9, LP12: in %s who has patience waits here; an error of `keys` lets nobody by",
    (name) => {
      const { drops, fails } = seen.frameworks[name]!;
      expect(drops.map(({ status }) => status)).toEqual([200, 200, 200]);
      expect(fails).toBe(500);
    },
  );
});

describe("over Redis, through the clients that others have", async () => {
  const server = opened.use(await testRedis());
  const socket = server.url.replace("redis+unix://", "");
  const child = Bun.spawn([NODE, "trial-redis.mjs", socket], {
    cwd: home,
    stdin: "pipe",
    stdout: "pipe",
    stderr: "inherit",
  });
  const goOn = async () => {
    await child.stdin.write("\n");
    await child.stdin.flush();
  };
  let text = "";
  let steps = 0;
  for await (const chunk of child.stdout) {
    text += new TextDecoder().decode(chunk);
    if (steps === 0 && text.includes("kill\n")) {
      steps = 1;
      await server.kill();
      await goOn();
    } else if (steps === 1 && text.includes("start\n")) {
      steps = 2;
      await server.start();
      await goOn();
    }
  }
  await child.exited;
  const seen = JSON.parse(lines(text).at(-1)!) as OverRedis;
  const example = examples.find(({ file }) => file === "redis.mjs")!;
  let said = "";
  // A machine that stands still for 40 ms has it decided without Redis, as it says: then it is asked again.
  for (let tries = 0; tries < 20 && lines(said)[0] !== example.says[0]; tries++)
    said = await run([NODE, "redis.mjs"], home, { REDIS_URL: socket });

  test("LP3: ioredis, redis and a function share one limit, also with leases", () => {
    expect(seen.shared).toEqual([13, 13, 4]);
    expect(seen.windows).toEqual([13, 13, 4]);
    expect(seen.leases.granted).toBe(500);
    expect(seen.leases.per_script).toBeGreaterThanOrEqual(10);
    expect(seen.left).toBe(29_500);
    expect(seen.events).toBe(0);
  });

  test("LP3: Bun's own client does too", async () => {
    const redis = new RedisClient(server.url);
    const rules = { person: { burst_tokens: 5, tokens_per_s: 0.001 } };
    const limiter = createLimiter({ rules, redis, name: "bun", answer_ms_max: 10_000 });
    await limiter.ready;
    const asked = Array.from({ length: 8 }, () => limiter.take({ person: 42 }));
    expect((await Promise.all(asked)).filter(({ allowed }) => allowed)).toHaveLength(5);
    expect(limiter.stats()).toMatchObject({ by_redis: 8, by_itself: 0, nodes: 1 });
    await limiter.close();
    redis.close();
  });

  test("LP4, LP5: while Redis is away each rule holds as it says, each node by its part; then it is told", () => {
    expect(seen.nodes_min).toBeGreaterThanOrEqual(3);
    for (const { closed, share, part, is_alone } of seen.away)
      expect([closed, share, is_alone]).toEqual([0, part, true]);
    expect(seen.after).toBe(90 - seen.away.reduce((sum, { share }) => sum + share, 0));
  });

  test("LP11: the README's example over Redis says what stands there", () => {
    expect(example.says).toHaveLength(1);
    expect(lines(said)).toEqual(example.says);
  });
});

interface Packed {
  filename: string;
  unpackedSize: number;
  files: { path: string }[];
}
interface Manifest {
  version: string;
  dependencies?: unknown;
}
interface Answer {
  status: number;
  headers: Record<string, string>;
  body: string;
}
interface Trial {
  node: string;
  byName: { errors: string[]; long: boolean[]; all: boolean[]; left: number; fined: number };
  addresses: string[];
  frameworks: Record<string, InFramework>;
}
interface InFramework {
  answers: Answer[];
  skipped: Answer;
  raw: Answer;
  shadow: Answer[];
  fails: number;
  handled: number;
  drops: Answer[];
  first: number;
  second: number;
  held?: number;
  free: number;
  told: unknown[];
}
interface OverRedis {
  shared: number[];
  windows: number[];
  leases: { granted: number; per_script: number };
  left: number;
  nodes_min: number;
  events: number;
  away: { closed: number; share: number; part: number; is_alone: boolean }[];
  after: number;
}
