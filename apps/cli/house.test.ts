import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { createSystemClock } from "#ports/clock/index.ts";
import { createSql, type EmbeddedPostgres, startEmbeddedPostgres } from "#ports/sql/index.ts";
import { DEFAULT_RULE_SET } from "#systems/limits/index.ts";

import type { Terminal } from "./command.ts";
import { fill } from "./demo/fill.ts";
import { openRecord } from "./demo/record.ts";
import { POSTS } from "./demo/story.ts";
import { TALKS } from "./demo/talk.ts";
import { PEOPLE } from "./demo/villagers.ts";
import type { Finding } from "./doctor/finding.ts";
import { openHouse } from "./house.ts";
import { main } from "./main.ts";

const PASSWORD = "a bench by the third bend";
const folder = await mkdtemp(join(tmpdir(), "folkhus-cli-"));
const data = join(folder, "data");
afterAll(() => rm(folder, { recursive: true, force: true }));

function terminal(more: Record<string, string> = {}) {
  const t = {
    said: "",
    wrong: "",
    env: { FOLKHUS_DATA: data, PORT: "0", ...more } as Terminal["env"],
    interactive: true,
    out: (line: string) => void (t.said += `${line}\n`),
    err: (line: string) => void (t.wrong += `${line}\n`),
  };
  return t;
}

async function folk(...argv: string[]) {
  const t = terminal();
  const code = await main(argv, t);
  return { code, ...t };
}

const findingsOf = (said: string) => (JSON.parse(said) as { findings: Finding[] }).findings;
const isRunning = () => existsSync(join(data, "postgres/cluster/postmaster.pid"));

describe("before there is a house", () => {
  test("CI5: the doctor looks, says that all is to be made, and makes nothing", async () => {
    const { code, said } = await folk("doctor", "--json");
    const database = findingsOf(said).find(({ name }) => name === "database");
    expect(database?.detail).toContain("made at the first start");
    expect(code).toBe(findingsOf(said).some(({ state }) => state === "broken") ? 1 : 0);
    expect(existsSync(data)).toBe(false);
  });

  test("CI5: a port that another program has is broken and makes the exit code 1", async () => {
    await using other = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => new Response("something else") });
    const t = terminal({ PORT: String(other.port) });
    expect(await main(["doctor"], t)).toBe(1);
    expect(t.said).toMatch(/✗ port.*taken by another program/);
  });

  test("CI5: settings that make no sense are a finding, not a crash", async () => {
    const t = terminal({ FOLKHUS_SIGNUP: "sometimes" });
    expect(await main(["doctor"], t)).toBe(1);
    expect(t.said).toMatch(/✗ settings[^]*FOLKHUS_SIGNUP/);
  });
});

describe("without a running server", () => {
  test("CI4: the first admin is made, and the database is stopped again", async () => {
    const made = await folk("user", "create", "--admin", "--handle", "@Berit", "--password", PASSWORD);
    expect([made.code, made.wrong]).toEqual([0, ""]);
    expect(made.said).toContain("@berit is in the house, as an admin");
    expect(isRunning()).toBe(false);
  }, 60_000);

  test("CI5: the doctor finds the house in order, and leaves the database as it was", async () => {
    const { said } = await folk("doctor", "--json");
    const of = (name: string) => findingsOf(said).find((finding) => finding.name === name);
    for (const name of ["database", "clock", "schema", "log", "jobs", "data"])
      expect([name, of(name)?.state]).toEqual([name, "ok"]);
    expect(of("database")?.detail).toContain("not running");
    expect(isRunning()).toBe(false);
  }, 60_000);
});

describe("beside a running server", () => {
  let server: EmbeddedPostgres;
  beforeAll(async () => {
    server = await startEmbeddedPostgres({ folder: join(data, "postgres") });
  });
  afterAll(async () => {
    await server[Symbol.asyncDispose]();
  });

  const refusals: [string, string[], RegExp][] = [
    ["a handle that is taken", ["user", "create", "--handle", "berit", "--password", PASSWORD], /taken/],
    ["a handle that is none", ["user", "create", "--handle", "no spaces", "--password", PASSWORD], /handle|letters/i],
    ["a short password", ["user", "create", "--handle", "sven", "--password", "short"], /12/],
    [
      "somebody who is not here",
      ["user", "password", "--handle", "nobodyhere", "--password", PASSWORD],
      /no such person/,
    ],
    ["the last admin's role", ["user", "role", "--handle", "berit", "--role", "member"], /last admin/],
  ];
  test.each(refusals)("CI3: %s is refused with 1 and a sentence", async (_, argv, says) => {
    const { code, said, wrong } = await folk(...argv);
    expect(code).toBe(1);
    expect(wrong).toMatch(says);
    expect(wrong).not.toContain("    at ");
    expect(said).toBe("");
  });

  test("CI4: people are made, listed and given roles, and the database goes on", async () => {
    expect(
      (await folk("user", "create", "--handle", "sven", "--password", PASSWORD, "--display-name", "Sven B")).code,
    ).toBe(0);
    expect((await folk("user", "role", "--handle", "sven", "--role", "moderator")).code).toBe(0);
    expect((await folk("user", "password", "--handle", "sven", "--password", `${PASSWORD}, again`)).code).toBe(0);
    const { said } = await folk("user", "list");
    expect(said).toMatch(/@sven\s+moderator\s+Sven B/);
    expect(said).toMatch(/@berit\s+admin/);
    expect(process.kill(server.pid, 0)).toBe(true);
  });

  test("CI7: the routes are those that the API serves", async () => {
    const { code, said } = await folk("routes", "--json");
    expect(code).toBe(0);
    const told = said
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as { method: string; path: string; who: string });
    await using house = await openHouse(terminal());
    const served = house.api.routes.map(({ method, path }) => `${method} ${path}`);
    expect(told.map(({ method, path }) => `${method} ${path}`).toSorted()).toEqual(served.toSorted());
    expect(told.every(({ who }) => who !== "")).toBe(true);
  });

  test("CI9: what homes cost here is told with its numbers, and as JSON", async () => {
    const told = await folk("feed", "explain");
    expect([told.code, told.wrong]).toEqual([0, ""]);
    expect(told.said).toContain("Homes are made by pull (chosen by the configuration).");
    for (const strategy of ["pull", "push", "hybrid", "plain"]) expect(told.said).toContain(` ${strategy} `);
    expect(told.said).toContain("Advice: pull.");
    const { said } = await folk("feed", "explain", "--json");
    expect(JSON.parse(said)).toMatchObject({ chosen: { strategy: "pull" }, advice: { strategy: "pull" } });
  });

  test("CI12: the line's streams get another epoch, each time another one", async () => {
    const epochOf = async () => {
      const { code, said, wrong } = await folk("line", "renew");
      expect([code, wrong]).toEqual([0, ""]);
      return /epoch is ([0-9a-f]{8}[0-9A-F]{8}) now/.exec(said)?.[1];
    };
    const first = await epochOf();
    expect(first).toBeDefined();
    expect(await epochOf()).not.toBe(first);
  });

  test("JP17: what died is told with what to do, put back by number or by kind, and cancelled; refusals exit with 1", async () => {
    await using sql = createSql(server.target, { clock: createSystemClock(), connections_max: 1 });
    await sql.pool`
        INSERT INTO jobs_jobs (id, kind, class, priority, payload, state, ended_at, reason)
        SELECT 7000 + n, 'cli.kind', 'batch', 0, '{"video_id": "42", "token": "hush"}', 'dead', clock_timestamp(), 'connect ECONNREFUSED ' || n
        FROM generate_series(1, 3) n`;
    for (const wrong of [
      ["replay"],
      ["cancel", "--id", "seven"],
      ["cancel", "7001", "eight"],
      ["retry", "7001", "--kind", "cli.kind"],
      ["show"],
      ["list", "--since", "yesterday"],
      ["list", "--limit", "0"],
      ["list", "--state", "odd"],
    ])
      expect([wrong, (await folk("jobs", ...wrong)).code]).toEqual([wrong, 2]);
    const none = await folk("jobs", "show", "6999");
    expect([none.code, none.said]).toEqual([1, ""]);
    expect(none.wrong).toContain("no such job");
    const dead = await folk("jobs", "dead");
    expect([dead.code, dead.wrong]).toEqual([0, ""]);
    expect(dead.said).toMatch(/cli\.kind: 3 jobs, the newest 700\d, /);
    expect(dead.said).toContain("did not answer");
    const sheet = await folk("jobs", "show", "7001");
    expect(sheet.said).toMatch(/given video_id +42/);
    expect(sheet.said).toContain("Only ids, numbers");
    expect(sheet.said).not.toContain("hush");
    expect((await folk("jobs", "replay", "7001")).said).toContain("Job 7001 is back in the queue.");
    // Of many it is asked first, and a script is nobody to be asked.
    const alone = Object.assign(terminal(), { interactive: false });
    expect(await main(["jobs", "replay", "--kind", "cli.kind"], alone)).toBe(1);
    expect([alone.said, alone.wrong]).toEqual([
      "2 jobs would run again with fresh tries.\n",
      "Nobody is there to be asked. Say --yes if this is meant.\n",
    ]);
    const of = ["--kind", "cli.kind", "--text", "econnrefused", "--since", "1h", "--yes"];
    expect((await folk("jobs", "replay", ...of)).said).toContain("2 jobs back in the queue.");
    expect((await folk("jobs", "cancel", "--id", "7001")).said).toContain("Job 7001 is cancelled.");
    const left = await folk("jobs", "cancel", "--kind", "cli.kind", "--yes", "--json");
    expect(JSON.parse(left.said)).toEqual({ act: "cancel", changed: 2 });
    const lines = await sql.pool<{ what: string; by_id: string | null }[]>`
      SELECT what, by_id FROM moderation_audit WHERE starts_with(what, 'job.') ORDER BY seq`;
    expect(lines.map(({ what, by_id }) => [what, by_id])).toEqual([
      ["job.replayed", null],
      ["job.replayed_many", null],
      ["job.cancelled", null],
      ["job.cancelled_many", null],
    ]);
    await sql.pool`DELETE FROM jobs_queue WHERE kind = 'cli.kind'`;
  });

  test("JP23: `folk jobs` tells how it stands, and exits with 1 while a class waits too long; lists, whose work it is and what runs by the clock", async () => {
    await using sql = createSql(server.target, { clock: createSystemClock(), connections_max: 1 });
    await sql.pool`
      WITH late AS (
        INSERT INTO jobs_jobs (id, kind, class, priority, payload, tenant) VALUES (7101, 'cli.late', 'maintenance', 0, '{}', 'by hand') RETURNING id)
      INSERT INTO jobs_queue (slot, job_id, kind, class, priority, state, sort_at, tenant)
      SELECT slot, id, 'cli.late', 'maintenance', 0, 'ready', clock_timestamp() - interval '1 hour', 'by hand' FROM late, jobs_house`;
    await sql.pool`
      INSERT INTO jobs_kinds (name, class, lane_max, tries_max, every_ms, next_at)
      VALUES ('cli.clocked', 'maintenance', 16, 1, 3600000, clock_timestamp() + interval '1 hour')`;
    const well = await folk("jobs");
    expect([well.code, well.wrong]).toEqual([0, ""]);
    expect(well.said).toMatch(/maintenance .*1 waiting .*oldest 1 h of 6 h\n/);
    expect(well.said).toMatch(/cli\.late .*1 queued, oldest 1 h/);
    const late = terminal({ FOLKHUS_JOBS_MAINTENANCE_WAIT_S_MAX: "60" });
    expect(await main(["jobs"], late)).toBe(1);
    expect(late.said).toContain("WAITS TOO LONG");
    expect(late.said).toContain("Nobody has begun cli.late in the last hour.");

    const listed = await folk("jobs", "list", "--tenant", "by hand", "--json");
    expect(JSON.parse(listed.said)).toMatchObject({ id: "7101", waits_for: "worker", tenant: { name: "by hand" } });
    expect((await folk("jobs", "whose")).said).toMatch(/by hand +0 running +1 queued/);
    const ran = await folk("jobs", "clock", "--run", "cli.clocked", "--json");
    expect(JSON.parse(ran.said)).toMatchObject({ kind: "cli.clocked", state: "queued" });
    await sql.pool`DELETE FROM jobs_queue WHERE starts_with(kind, 'cli.')`;
    await sql.pool`DELETE FROM jobs_jobs WHERE starts_with(kind, 'cli.')`;
    await sql.pool`DELETE FROM jobs_kinds WHERE starts_with(name, 'cli.')`;
  });

  test("CI13: a log is replayed against proposed limits: who would be refused is told by name, with what the log does not say; nothing changes", async () => {
    const [log, rules] = [join(folder, "access.log"), join(folder, "rules.json")];
    await using house = await openHouse(terminal());
    const berit = (await house.people.byHandle("berit"))!.id;
    const time = (ms: number) => new Date(Date.UTC(2026, 10, 22, 8) + ms).toISOString();
    const line = (ms: number, person_id: string | null, address: string | null) =>
      `${JSON.stringify({ time: time(ms), method: "GET", route: "/v1/feed/home", status: 200, ms: 0, cost_tokens: 1, person_id, address })}\n`;
    const lines = [0, 1, 2].flatMap((at) => [line(at, berit, null), line(at, null, "198.51.100.7")]);
    await Bun.write(log, Bun.gzipSync(`${lines.join("")}what is this\n`));
    const limit = { kind: "fixed", tokens: 2, window_ms: 60_000 };
    const proposed = { rules: ["person", "address"].map((level) => ({ id: level, level, limit })) };
    await Bun.write(rules, JSON.stringify(proposed));
    for (const wrong of [
      [join(folder, "none.log"), "--rules", rules],
      [log, "--rules", join(folder, "none.json")],
      [log],
    ])
      expect((await folk("limits", "simulate", ...wrong)).code).toBe(2);
    const none = await folk("limits", "simulate", rules, "--rules", rules);
    expect([none.code, none.said]).toEqual([1, ""]);
    expect(none.wrong).toContain("could be read");
    const told = await folk("limits", "simulate", log, "--rules", rules);
    expect([told.code, told.wrong]).toEqual([0, ""]);
    for (const says of [
      /^6 requests of 2026-11-22 08:00/,
      /1 lines could not be read, the first of them line 7/,
      /names no space/,
      /refused +0 \(0\.00 %\) +2 \(33\.33 %\)/,
      /@berit +1 refused/,
      /address:198\.51\.100\.0\/24 +1 refused/,
      /In force is version 0, in force/,
    ])
      expect(told.said).toMatch(says);
    expect(told.said).not.toContain("198.51.100.7");
    const same = await folk("limits", "simulate", log, "--rules", rules, "--against", rules, "--json");
    expect(JSON.parse(same.said)).toMatchObject({
      in_force: { refused: 2 },
      proposed: { refused: 2 },
      change: { newly_refused: 0 },
    });
    expect(JSON.parse((await folk("limits", "show", "--json")).said)).toEqual(DEFAULT_RULE_SET);
  });

  test("CI14: limits are shown, and published by an admin; a set that cannot hold is refused with all that is wrong and where", async () => {
    const rules = join(folder, "published.json");
    const publish = (...more: string[]) => folk("limits", "publish", rules, ...more);
    const own = await folk("limits", "show");
    expect(own.said).toMatch(/^Version 0, the house's own/);
    expect(own.said).toMatch(/ person +person +on +150\/s, 1,500 at once +all/);
    await Bun.write(rules, "{");
    expect([(await publish()).code, (await publish("--by", "berit")).code]).toEqual([2, 1]);
    const limit = { kind: "fixed", tokens: 5, window_ms: 60_000 };
    await Bun.write(
      rules,
      JSON.stringify({
        rules: [
          { id: "x", level: "person", limit: { ...limit, tokens: 0 } },
          { id: "y", level: "space", routes: ["GET /v1/nowhere"], limit },
        ],
      }),
    );
    // One kind of mistake at a time: first the shape.
    const broken = await publish("--by", "berit");
    expect([broken.code, broken.said]).toEqual([1, ""]);
    expect(broken.wrong).toMatch(/\/rules\/0\/limit\/tokens +\S/);
    await Bun.write(
      rules,
      JSON.stringify({ rules: [{ id: "y", level: "space", routes: ["GET /v1/nowhere"], limit }] }),
    );
    expect((await publish("--by", "berit")).wrong).toMatch(/\/rules\/0\/routes\/0 .*no route of this house/);
    await Bun.write(
      rules,
      JSON.stringify({ rules: [{ id: "bells", level: "person", routes: ["GET /v1/notifications"], limit }] }),
    );
    expect((await publish("--by", "sven")).wrong).toContain("@sven is no admin");
    expect((await folk("limits", "show")).said).toMatch(/^Version 0/);
    const done = await publish("--by", "@Berit", "--note", "A festival");
    expect([done.code, done.wrong]).toEqual([0, ""]);
    expect(done.said).toContain("Version 1 is in force, instead of 0.");
    const { said } = await folk("limits", "show");
    expect(said).toMatch(/^Version 1, published .* by @berit: A festival/);
    expect(said).toMatch(/ bells +person +on +5 in 60 s \(fixed\) +GET \/v1\/notifications/);
  });

  test("CI11: somebody's things are brought in from a file, and taken out into one", async () => {
    const csv = join(folder, "following_accounts.csv");
    await Bun.write(csv, "Account address,Show boosts\nberit,true\nnobody_here_at_all,true\n");
    const along = (...more: string[]) => folk("feed", "import", "--handle", "sven", "--kind", "follows", ...more);
    expect((await along("--file", join(folder, "none.csv"))).code).toBe(2);
    expect((await folk("feed", "import", "--handle", "noonehere", "--kind", "follows", "--file", csv)).wrong).toContain(
      "no such person",
    );
    const told = await along("--file", csv);
    expect([told.code, told.wrong]).toEqual([0, ""]);
    expect(told.said).toContain("1 of 2 lines were taken in, 0 were so before, 1 were not taken.");
    expect(told.said).toContain("nobody_here_at_all: Nobody here has this name.");
    const outbox = join(folder, "outbox.json");
    const note = { id: "https://m.example/1", type: "Note", published: "2019-01-01T00:00:00Z", content: "<p>old</p>" };
    const to = ["https://www.w3.org/ns/activitystreams#Public"];
    await Bun.write(outbox, JSON.stringify({ orderedItems: [{ type: "Create", object: { ...note, to } }] }));
    const posts = await folk("feed", "import", "--handle", "sven", "--kind", "posts", "--file", outbox, "--json");
    expect([posts.wrong, JSON.parse(posts.said)]).toMatchObject(["", { state: "done", taken: 1 }]);
    const zip = join(folder, "sven.zip");
    const made = await folk("feed", "export", "--handle", "@Sven", "--to", zip);
    expect([made.code, made.wrong]).toEqual([0, ""]);
    expect(made.said).toContain("1 posts and 0 files are in");
    const bytes = Buffer.from(await Bun.file(zip).arrayBuffer());
    expect(bytes.subarray(0, 2).toString()).toBe("PK");
    expect(bytes.includes("following_accounts.csv")).toBe(true);
    expect((await folk("feed", "export", "--handle", "sven", "--to", zip)).code).toBe(2);
  });

  test("CI10: where too little happened nothing is learned, that is said, and a wrong number is refused", async () => {
    const wrong = await folk("feed", "train", "--days", "0");
    expect([wrong.code, wrong.said]).toEqual([2, ""]);
    expect((await folk("feed", "evaluate", "--seed", "1.5")).code).toBe(2);
    const trained = await folk("feed", "train");
    expect([trained.code, trained.wrong]).toEqual([1, ""]);
    expect(trained.said).toContain("Nothing is better than what is in place, and that stays.");
    const { code, said } = await folk("feed", "evaluate", "--json");
    expect(code).toBe(0);
    expect(JSON.parse(said)).toMatchObject({ moments: 0, seed: 1 });
    await using house = await openHouse(terminal());
    expect(await house.ground.sql.pool`SELECT FROM feed_for_you_models`).toHaveLength(0);
  });

  test("CI6: the demo fills the house once, however often it runs, and refuses a house that has its people's names", async () => {
    const said: string[] = [];
    const village = async (fills = true) => {
      await using house = await openHouse(terminal());
      house.work();
      const record = await openRecord(data);
      if (fills) await fill({ house, record, studio: null, films: false, say: (line) => said.push(line) });
      const count = async (table: string) =>
        (await house.ground.sql.pool.unsafe(`SELECT count(*)::int AS n FROM ${table}`))[0].n as number;
      return await Promise.all(
        [
          "people_persons",
          "spaces_spaces",
          "feed_posts",
          "chat_channels",
          "chat_messages",
          "chat_reactions",
          "feed_comments",
          "feed_likes",
          "people_sessions",
        ].map(count),
      );
    };
    const [people = 0, spaces = 0, posts = 0, channels = 0, said_before = 0] = await village(false);
    const first = await village();
    const words = POSTS.filter(({ film }) => !film).length;
    const messages = TALKS.reduce((sum, talk) => sum + talk.messages.length, 0);
    expect(first.slice(0, 5)).toEqual([
      people + PEOPLE.length,
      spaces + 3,
      posts + words,
      channels + TALKS.length,
      said_before + messages,
    ]);
    const saidFirst = said.length;
    expect(await village()).toEqual(first);
    expect(said.slice(saidFirst)).toEqual([`${PEOPLE.length} people`]);
    expect(first.at(-1)).toBe(0);

    await rm(join(data, "demo.json"));
    const again = await folk("demo", "--no-films");
    expect([again.code, again.said]).toEqual([1, ""]);
    expect(again.wrong).toContain("@astrid");
  }, 60_000);
});
