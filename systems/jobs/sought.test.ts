import { afterAll, describe, expect, test } from "bun:test";

import { Permanent } from "#kernel/errors.ts";
import type { JsonObject } from "#kernel/json.ts";
import { createJobs, type JobKind } from "#ports/jobs/index.ts";
import { moderationRoutes } from "#systems/moderation/contract.ts";
import { testModeration } from "#systems/moderation/testing.ts";

import { adviceOnWait } from "./advice.ts";
import { ACT_JOBS_MAX } from "./bounds.ts";
import { jobsRoutes as r, type JobsSought, type KindQueue } from "./contract.ts";
import { createJobsDesk, serveJobs, WAIT_MS_MAX } from "./index.ts";
import { waitOf } from "./waits.ts";

const t = await testModeration();
const { house } = t.feed;
const { client, people, spaces } = house;
const { sql, clock } = house.db;
const jobs = createJobs({ sql, clock, workers: 4 });
const wait_ms_max = { ...WAIT_MS_MAX, batch: 90_000 };
const desk = createJobsDesk({ sql, clock, jobs, people, spaces, audit: t.moderation.rooms.audit, wait_ms_max });
serveJobs(house.api, desk);
const [root, mo, ada] = [
  await house.person("root", "admin"),
  await house.person("mo", "moderator"),
  await house.person("ada"),
];
const token = root.token;
const HOUR_MS = 3_600_000;

/** What dies says why; what a test does not say is done at once. */
const handlers = new Map<string, JobKind["handle"]>();
const define = (name: string, more: Partial<JobKind> = {}) =>
  jobs.define({
    class: "batch",
    tries_max: 3,
    lease_ms: 30_000,
    run_ms_max: 30_000,
    concurrency_max: 4,
    handle: async (payload, run) => handlers.get(name)?.(payload, run),
    ...more,
    name,
  });
for (const name of ["s.die", "s.other", "s.wait"]) define(name);
define("s.clock", { every_ms: HOUR_MS, class: "maintenance", run_ms_max: HOUR_MS });
// Comes soon, and stays.
define("s.tick", { every_ms: 1_000, class: "maintenance", run_ms_max: HOUR_MS });
const ticking = Promise.withResolvers<void>();
handlers.set("s.tick", () => ticking.promise);
define("s.night", { cron: "30 3 * * *", time_zone: "Europe/Stockholm" });
for (const name of ["s.die", "s.other"])
  handlers.set(name, async ({ says }) => {
    throw new Permanent(String(says));
  });
jobs.start();

const enqueue = (kind: string, payload: JsonObject = {}, options: Parameters<typeof jobs.enqueue>[3] = {}) =>
  sql.tx((tx) => jobs.enqueue(tx, kind, payload, options));
const later = (options: Parameters<typeof jobs.enqueue>[3] = {}) =>
  enqueue("s.wait", {}, { delay_ms: HOUR_MS, ...options });
const die = async (says: string, kind = "s.die", options: Parameters<typeof jobs.enqueue>[3] = {}) => {
  const id = await enqueue(kind, { says }, options);
  await jobs.idle([kind]);
  return id;
};
const list = async (query: JobsSought & { limit?: number; cursor?: string }) =>
  (await client.call(r.listJobs, { token, query: query as never })).body;
const ids = async (query: JobsSought) => (await list(query)).items.map(({ id }) => id);
const count = async (query: JobsSought) => (await client.call(r.countJobs, { token, query })).body;
const act = (body: { act: "replay" | "retry" | "cancel"; of: JobsSought; newest_id: string; cursor?: string }) =>
  client.call(r.actOnJobs, { token, body });
const stateOf = async (id: string) => (await jobs.get(id))?.state;
const audited = async (what: string): Promise<Record<string, unknown>[]> =>
  (await client.call(moderationRoutes.listAudit, { token, query: { limit: 100, what } })).body.items.map(
    ({ by, detail }) => ({ by: by?.handle ?? null, ...detail }),
  );

afterAll(async () => {
  expect(house.broken).toEqual([]);
  ticking.resolve();
  await jobs[Symbol.asyncDispose]();
  await t[Symbol.asyncDispose]();
});

describe("which jobs are meant", () => {
  test("JP18: words are looked for in reasons as they are shown, so that no question tells a letter of what is hidden", async () => {
    const dead = await die("connect ECONNREFUSED https://db.example.org/?password=sesame of mail@ada.example");
    await die("film 7 is gone");
    expect(await ids({ state: "dead", text: "econnrefused" })).toEqual([dead]);
    expect(await ids({ state: "dead", text: "db.example.org" })).toEqual([dead]);
    for (const text of ["sesame", "password=s", "mail@ada", "ada.example"])
      expect([text, await ids({ state: "dead", text })]).toEqual([text, []]);
    expect(
      (await client.call(r.listJobs, { token, query: { state: "dead", text: "x".repeat(101) } as never })).status,
    ).toBe(400);
  });

  test("JP18: a reason stands for those that differ from it in their numbers alone", async () => {
    const two = await die("film 8 is gone");
    await die("film 9 is late");
    expect(await ids({ state: "dead", reason: "film 1234 is gone" })).toEqual([two, expect.any(String)]);
    expect(await ids({ state: "dead", reason: "film is gone" })).toEqual([]);
  });

  test("JP18: whose they are is found by handle, by a space's name and by number, and each line names them", async () => {
    const space = await house.space("weavers", ada);
    const of_ada = await die("theirs", "s.other", { tenant: ada.id });
    const of_space = await die("theirs", "s.other", { tenant: space.id });
    const nobodys = await die("theirs", "s.other");
    for (const tenant of ["@ada", ada.id]) expect(await ids({ state: "dead", tenant })).toEqual([of_ada]);
    for (const tenant of ["weavers", space.id]) expect(await ids({ state: "dead", tenant })).toEqual([of_space]);
    for (const tenant of ["@nobody-here", "nowhere"]) expect(await ids({ state: "dead", tenant })).toEqual([]);
    const lines = new Map((await list({ state: "dead", kind: "s.other" })).items.map((line) => [line.id, line.tenant]));
    expect(lines.get(of_ada)).toMatchObject({ name: ada.id, person: { handle: "ada" }, space: null });
    expect(lines.get(of_space)).toMatchObject({ person: null, space: { slug: "weavers" } });
    expect(lines.get(nobodys)).toBeNull();
  });

  test("JP18: a time is that of the end, and of what has not ended that of the coming", async () => {
    const [early, late] = [await die("then"), await die("then")];
    await sql.pool`UPDATE jobs_jobs SET ended_at = '2026-01-01T02:30:00Z' WHERE id = ${early}::bigint`;
    const of = { state: "dead", text: "then" } as const;
    expect(await ids({ ...of, until: "2026-01-01T03:00:00Z" })).toEqual([early]);
    expect(await ids({ ...of, since: "2026-01-01T02:30:00.001Z" })).toEqual([late]);
    expect(await ids({ ...of, since: "2026-01-01T03:30:00+01:00", until: "2026-01-01T03:30:00.001+01:00" })).toEqual([
      early,
    ]);
    expect((await client.call(r.listJobs, { token, query: { ...of, since: "yesterday" } as never })).status).toBe(400);
    const waits = await later();
    await sql.pool`UPDATE jobs_jobs SET enqueued_at = '2026-01-01T02:30:00Z' WHERE id = ${waits}::bigint`;
    expect(await ids({ state: "queued", until: "2026-01-02T00:00:00Z" })).toEqual([waits]);
    await sql.tx((tx) => jobs.cancel(tx, waits));
  });

  test("JP18: a page of what is sought goes on where it ended, each once, also from the middle of what was looked at", async () => {
    await sql.pool`
      INSERT INTO jobs_jobs (kind, class, priority, payload, state, ended_at, reason)
      SELECT 's.paged', 'batch', 0, '{}', 'dead', clock_timestamp(), CASE n % 50 WHEN 0 THEN 'odd' ELSE 'even' END FROM generate_series(1, 500) n`;
    const found: string[] = [];
    let cursor: string | null = null;
    do {
      const page = await list({ state: "dead", text: "odd", limit: 3, ...(cursor === null ? {} : { cursor }) });
      found.push(...page.items.map(({ id }) => id));
      cursor = page.next_cursor;
    } while (cursor !== null);
    expect([found.length, new Set(found).size]).toEqual([10, 10]);
    expect(found).toEqual(found.toSorted((a, b) => Number(b) - Number(a)));
  });
});

describe("what is done to many", () => {
  test("JP19: they are counted first, and what came after the count is not touched", async () => {
    const before = [await later({ tenant: ada.id }), await later({ tenant: ada.id })];
    const of = { state: "queued", kind: "s.wait", tenant: "@ada" } as const;
    const counted = await count(of);
    expect(counted).toEqual({ jobs: 2, newest_id: before[1]!, is_whole: true });
    const [foreign, after] = [await later(), await later({ tenant: ada.id })];
    const cursor = btoa(JSON.stringify(["9223372036854775807"]));
    // A cursor of another question opens nothing either.
    expect((await act({ act: "cancel", of, newest_id: counted.newest_id!, cursor })).body).toEqual({
      changed: 2,
      next_cursor: null,
    });
    expect(await Promise.all([...before, foreign, after].map(stateOf))).toEqual([
      "cancelled",
      "cancelled",
      "queued",
      "queued",
    ]);
    expect(await audited("job.cancelled_many")).toEqual([
      { by: "root", jobs: 2, job_state: "queued", job_kind: "s.wait", tenant: "@ada" },
    ]);
    expect((await act({ act: "cancel", of, newest_id: counted.newest_id! })).body.changed).toBe(0);
    expect(await audited("job.cancelled_many")).toHaveLength(1);
    expect(await count({ ...of, kind: "s.nothing" })).toEqual({ jobs: 0, newest_id: null, is_whole: true });
    for (const id of [foreign, after]) await sql.tx((tx) => jobs.cancel(tx, id));
  });

  test("JP19: an act that does not fit the state is refused, and so is whoever is no admin", async () => {
    const id = await later();
    for (const [what, state] of [
      ["replay", "queued"],
      ["retry", "running"],
      ["cancel", "dead"],
      ["cancel", "done"],
    ] as const)
      expect((await act({ act: what, of: { state }, newest_id: id })).code).toBe("job.act_unfit");
    const of = { state: "queued" } as const;
    for (const who of [null, ada.token, mo.token]) {
      const body = { act: "cancel", of, newest_id: id } as const;
      const answers = [
        await client.call(r.actOnJobs, { token: who, body }),
        await client.call(r.countJobs, { token: who, query: of }),
        await client.call(r.listTenants, { token: who }),
        await client.call(r.listSchedules, { token: who }),
        await client.call(r.runSchedule, { token: who, params: { kind: "s.clock" } }),
      ];
      expect(answers.map(({ status }) => status)).toEqual(answers.map(() => (who === null ? 401 : 403)));
    }
    expect((await act({ act: "cancel", of, newest_id: "9223372036854775808" })).status).toBe(400);
    expect(await stateOf(id)).toBe("queued");
    await sql.tx((tx) => jobs.cancel(tx, id));
  });

  test("JP19: the dead of one reason come back in parts, each a transaction and a line; those whose work another does stay", async () => {
    await sql.pool`
      INSERT INTO jobs_jobs (kind, class, priority, payload, state, ended_at, reason, unique_key)
      SELECT 's.parts', 'batch', 0, '{}', 'dead', clock_timestamp(), 'gone ' || n, CASE WHEN n < 3 THEN 'same' END
      FROM generate_series(1, ${ACT_JOBS_MAX + 5}::int) n`;
    await sql.pool`
      INSERT INTO jobs_jobs (kind, class, priority, payload, state, ended_at, reason)
      VALUES ('s.parts', 'batch', 0, '{}', 'dead', clock_timestamp(), 'otherwise')`;
    const of = { state: "dead", kind: "s.parts", reason: "gone 3" } as const;
    const { jobs: counted, newest_id } = await count(of);
    expect(counted).toBe(ACT_JOBS_MAX + 5);
    const first = (await act({ act: "replay", of, newest_id: newest_id! })).body;
    expect(first.changed).toBe(ACT_JOBS_MAX);
    const second = (await act({ act: "replay", of, newest_id: newest_id!, cursor: first.next_cursor! })).body;
    // Of the two with one key the newer lives.
    expect(second).toEqual({ changed: 4, next_cursor: null });
    expect((await count({ state: "dead", kind: "s.parts" })).jobs).toBe(2);
    expect((await audited("job.replayed_many")).map(({ jobs }) => jobs)).toEqual([4, ACT_JOBS_MAX]);
    await sql.pool`DELETE FROM jobs_queue WHERE kind = 's.parts'`;
    await sql.pool`DELETE FROM jobs_jobs WHERE kind = 's.parts'`;
  });

  test("JP19: those that begin later begin now, all at once", async () => {
    const all = [await later(), await later(), await later()];
    const of = { state: "queued", kind: "s.wait" } as const;
    expect((await act({ act: "retry", of, newest_id: all[1]! })).body.changed).toBe(2);
    await jobs.idle(["s.die"]);
    while ((await stateOf(all[0]!)) !== "done" || (await stateOf(all[1]!)) !== "done") await Bun.sleep(5);
    expect(await stateOf(all[2]!)).toBe("queued");
    await sql.tx((tx) => jobs.cancel(tx, all[2]!));
  });
});

describe("whose they are, and what runs by the clock", () => {
  test("JP20: for whom work waits, fails, runs and died is told by name, the busiest first", async () => {
    const [one, two] = [await later({ tenant: ada.id }), await later({ tenant: ada.id })];
    await later({ tenant: "by hand" });
    await sql.pool`UPDATE jobs_queue SET attempt = 2 WHERE job_id = ${two}::bigint`;
    const told = (await client.call(r.listTenants, { token })).body;
    expect(told.is_whole).toBe(true);
    expect(told.items[0]).toMatchObject({
      tenant: { person: { handle: "ada" } },
      queued: 2,
      failing: 1,
      running: 0,
      dead: 1,
    });
    expect(told.items.find(({ tenant }) => tenant.name === "by hand")).toMatchObject({ queued: 1, failing: 0 });
    expect(told.items.find(({ tenant }) => tenant.space?.slug === "weavers")).toMatchObject({ queued: 0, dead: 1 });
    for (const id of [one, two]) await sql.tx((tx) => jobs.cancel(tx, id));
  });

  test("JP21: what runs by the clock tells when it comes next, and runs now when it is told to: once, and as a line of the log", async () => {
    const schedules = async () => (await client.call(r.listSchedules, { token })).body.items;
    while ((await schedules()).length < 3 || (await schedules()).some(({ next_at }) => next_at === null))
      await Bun.sleep(5);
    const before = await schedules();
    const clocked = before.find(({ kind }) => kind === "s.clock")!;
    expect(clocked).toMatchObject({ class: "maintenance", every_ms: HOUR_MS, cron: null, job_id: null });
    expect(before.find(({ kind }) => kind === "s.night")).toMatchObject({
      every_ms: null,
      cron: "30 3 * * *",
      time_zone: "Europe/Stockholm",
    });
    expect(before.map(({ next_at }) => next_at)).toEqual(before.map(({ next_at }) => next_at).toSorted());

    const held = Promise.withResolvers<void>();
    handlers.set("s.clock", () => held.promise);
    const run = async (kind: string) => (await client.call(r.runSchedule, { token, params: { kind } })).body.id;
    const id = await run("s.clock");
    expect(await run("s.clock")).toBe(id);
    const during = (await schedules()).find(({ kind }) => kind === "s.clock")!;
    expect([during.job_id, during.next_at]).toEqual([id, clocked.next_at]);
    // The run that the port began by the clock stands under the same key.
    const ticked = async () => (await schedules()).find(({ kind }) => kind === "s.tick")!.job_id;
    while ((await ticked()) === null) await Bun.sleep(5);
    expect(await run("s.tick")).toBe((await ticked())!);
    held.resolve();
    await jobs.idle(["s.clock"]);
    expect(await stateOf(id)).toBe("done");
    expect(await audited("job.run_now")).toEqual([{ by: "root", job_id: id, job_kind: "s.clock" }]);
    for (const kind of ["s.wait", "s.nowhere"])
      expect((await client.call(r.runSchedule, { token, params: { kind } })).code).toBe("schedule.not_found");
    expect(await audited("job.run_now")).toHaveLength(1);
  });
});

describe("why it waits", () => {
  test("JP2: how long a class may wait is as the house is configured", async () => {
    const { classes } = (await client.call(r.getQueues, { token })).body;
    expect(classes.map(({ wait_s_max }) => wait_s_max)).toEqual([120, 90, 21_600]);
    expect((await desk.waits()).map(({ wait_s_max }) => wait_s_max)).toEqual([120, 90, 21_600]);
  });

  test("JP22: what starves is told with why: nobody takes it, it fails again and again, or there is too much of it", async () => {
    const kind = (name: string, more: Partial<KindQueue>): KindQueue => ({
      kind: name,
      class: "batch",
      queued: 0,
      running: 0,
      dead: 0,
      oldest_s: 0,
      started: 0,
      done: 0,
      failed: 0,
      ...more,
    });
    const wait = waitOf("batch", 7_200);
    const untaken = kind("a.untaken", { queued: 3, oldest_s: 7_200 });
    const failing = kind("b.failing", { queued: 3, oldest_s: 7_200, started: 20, failed: 6 });
    const busy = kind("c.busy", { queued: 3, oldest_s: 7_200, started: 20, failed: 5 });
    // Its oldest is not late: it came a moment ago.
    const fresh = kind("d.fresh", { queued: 1, oldest_s: 1 });
    expect(adviceOnWait(wait, [busy, failing, untaken, fresh])).toStartWith(
      "Nobody has begun a.untaken in the last hour.",
    );
    expect(adviceOnWait(wait, [busy, failing, fresh])).toStartWith("b.failing fails again and again");
    expect(adviceOnWait(wait, [busy, fresh])).toStartWith("More comes than is done.");

    await enqueue("s.foreign", {}, { class: "maintenance" });
    const told = async () => (await client.call(r.getQueues, { token })).body.classes[2]!;
    expect((await told()).advice).toBeNull();
    await sql.pool`UPDATE jobs_queue SET sort_at = clock_timestamp() - interval '9 hours' WHERE kind = 's.foreign'`;
    expect(await told()).toMatchObject({
      is_starving: true,
      advice: expect.stringContaining("Nobody has begun s.foreign"),
    });
    const { kinds } = (await client.call(r.getQueues, { token })).body;
    expect(kinds.find(({ kind }) => kind === "s.foreign")!.oldest_s).toBeGreaterThan(32_000);
  });
});
