import { afterAll, describe, expect, test } from "bun:test";
import { mkdir, mkdtemp, readdir, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { DAY_MS } from "#kernel/time.ts";
import { NOBODY, type Viewer } from "#kernel/viewer.ts";
import { createVirtualClock } from "#ports/clock/index.ts";
import type { Served } from "#ports/http/index.ts";

import { ACCESS_LOG_OLD_FILES_MAX, type AccessLogNeeds, openAccessLog, shortened } from "./access-log.ts";

const folder = await mkdtemp(join(tmpdir(), "access-log-"));
afterAll(() => rm(folder, { recursive: true, force: true }));

const NOON_MS = Date.UTC(2026, 10, 22, 12);
const secret = "a secret of a house that is only tried";
const astrid: Viewer = {
  kind: "person",
  person_id: "7" as never,
  handle: "astrid",
  role: "member",
  suspended: false,
  credential: { kind: "token", id: "9" },
  scopes: ["read"],
};

function served(viewer: Viewer, more: Partial<Served> = {}, params?: Record<string, string>): Served {
  const limited = { route: "GET /v1/x", cost_tokens: 2, viewer, address: "192.0.2.7", ...(params ? { params } : {}) };
  const person_id = viewer.kind === "person" ? viewer.person_id : null;
  return { method: "GET", route: "/v1/x", status: 200, ms: 1.239, request_id: "r1", person_id, limited, ...more };
}

let files = 0;
async function opened(more: Partial<AccessLogNeeds> = {}) {
  const clock = createVirtualClock(NOON_MS);
  const file = join(folder, `${++files}`, "access.log");
  const troubles: string[] = [];
  const needs: AccessLogNeeds = {
    file,
    file_bytes_max: 1_000_000,
    clock,
    secret,
    spaceOf: async () => null,
    onTrouble: (because) => void troubles.push(because),
    ...more,
  };
  const log = await openAccessLog(needs);
  const lines = async (name = file) =>
    (await readFile(name, "utf8"))
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  return { log, clock, file, troubles, lines, needs };
}

describe("the access log", () => {
  test("SV17: it has what limits go by and nothing else: no path, no query, no name, no address of who is known", async () => {
    const { log, lines, file } = await opened({
      spaceOf: async ({ params }) => ({ id: params!.space!, is_member: false }),
    });
    await using _ = log;
    log.note(served(astrid, {}, { space: "5" }));
    log.note(served(NOBODY, { status: 404, limited: { ...served(NOBODY).limited!, address: "2001:db8:1:2:3::9" } }));
    log.note(served(NOBODY, { limited: null, route: "unmatched" }));
    await log.flush();
    const all = (await lines()).toSorted((a, b) => String(a.person_id).localeCompare(String(b.person_id)));
    const same = { time: "2026-11-22T12:00:00.000Z", method: "GET", ms: 1.24 };
    expect(all).toEqual([
      {
        ...same,
        route: "/v1/x",
        status: 200,
        cost_tokens: 2,
        person_id: "7",
        token_id: "9",
        space_id: "5/guests",
        address: null,
      },
      {
        ...same,
        route: "/v1/x",
        status: 404,
        cost_tokens: 2,
        person_id: null,
        token_id: null,
        space_id: null,
        address: "2001:db8:1:2::/64",
      },
      {
        ...same,
        route: "unmatched",
        status: 200,
        cost_tokens: null,
        person_id: null,
        token_id: null,
        space_id: null,
        address: null,
      },
    ]);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
  });

  test("SV17: what is no route is told as limits count it: a page as GET /, a door by the method that came", async () => {
    const { log, lines } = await opened();
    await using _ = log;
    const page = { route: "GET /", cost_tokens: 2, viewer: NOBODY, address: "192.0.2.7" };
    log.note(served(NOBODY, { method: "HEAD", route: "/embed/{path}", limited: page }));
    log.note(served(NOBODY, { method: "PATCH", route: "/tus", limited: { ...page, route: "* /tus" } }));
    await log.flush();
    expect((await lines()).map(({ method, route, cost_tokens }) => [method, route, cost_tokens])).toEqual([
      ["GET", "/", 2],
      ["PATCH", "/tus", 2],
    ]);
  });

  test("SV17: an address of IPv4 is its network and a hash that is another one each day and in each house", () => {
    const [first, again, neighbour] = ["192.0.2.7", "::ffff:192.0.2.7", "192.0.2.8"].map((a) =>
      shortened(a, NOON_MS, secret),
    );
    expect(first).toMatch(/^192\.0\.2\.0\/24~[\w-]{6}$/);
    expect(again).toBe(first!);
    const others = [
      neighbour,
      shortened("192.0.2.7", NOON_MS + DAY_MS, secret),
      shortened("192.0.2.7", NOON_MS, `${secret}!`),
    ];
    expect(new Set([first, ...others]).size).toBe(4);
    expect(shortened("what a proxy said", NOON_MS, secret)).toMatch(/^unknown~/);
  });

  test("SV18: a file that is full, or of yesterday, makes room for another; so many old ones are kept", async () => {
    const { log, clock, file, lines } = await opened({ file_bytes_max: 300 });
    await using _ = log;
    for (let i = 0; i < 12; i++) {
      log.note(served(astrid, { status: 200 + i }));
      await log.flush();
    }
    const kept = Array.from({ length: ACCESS_LOG_OLD_FILES_MAX }, (_, i) => `access.log.${i + 1}`);
    expect((await readdir(join(file, ".."))).sort()).toEqual(["access.log", ...kept]);
    expect((await lines()).at(-1)!.status).toBe(211);
    for (const name of kept) expect((await stat(join(file, "..", name))).size).toBeLessThanOrEqual(300);
    // A quiet house forgets as well.
    for (let day = 0; day <= ACCESS_LOG_OLD_FILES_MAX; day++) {
      clock.step(DAY_MS);
      await log.flush();
    }
    for (const name of ["access.log", ...kept]) expect((await stat(join(file, "..", name))).size).toBe(0);
  });

  test("SV18: another process of the house goes on with the file that is there", async () => {
    const first = await opened();
    first.log.note(served(astrid));
    await first.log[Symbol.asyncDispose]();
    const log = await openAccessLog(first.needs);
    log.note(served(astrid));
    await log[Symbol.asyncDispose]();
    expect(await first.lines()).toHaveLength(2);
  });

  test("SV19: where the disk does not take it, lines are lost, counted and told, and the house goes on; what waits has a bound", async () => {
    const { log, file, troubles } = await opened();
    await using _ = log;
    await rm(file);
    await mkdir(file);
    log.note(served(astrid));
    await log.flush();
    expect(log.lost).toBe(1);
    expect(troubles.join(" ")).toMatch(/could not be written.*1 lines/);
    for (let i = 0; i < 40_000; i++) log.note(served(astrid));
    expect(log.lost).toBeGreaterThan(1_000);
    await rm(file, { recursive: true });
    await log.flush();
    expect((await stat(file)).size).toBeWithin(3_000_000, 4 * 1024 * 1024 + 1);
    expect(
      openAccessLog({ ...(await opened()).needs, file: join("/proc", "nowhere", "access.log") }),
    ).rejects.toThrow();
  });
});
