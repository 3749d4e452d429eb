import { afterAll, describe, expect, test } from "bun:test";

import { Permanent } from "#kernel/errors.ts";
import type { JsonObject } from "#kernel/json.ts";
import { MINUTE_MS, rfc3339 } from "#kernel/time.ts";
import { createJobs, type JobKind } from "#ports/jobs/index.ts";
import { moderationRoutes } from "#systems/moderation/contract.ts";
import { testModeration } from "#systems/moderation/testing.ts";

import { FLOW_MINUTES, REPLAY_JOBS_MAX } from "./bounds.ts";
import { jobsRoutes as r } from "./contract.ts";
import { createJobsDesk, serveJobs, WAIT_MS_MAX } from "./index.ts";
import { wholeHour } from "./queues.ts";
import { waitOf } from "./waits.ts";

const t = await testModeration();
const { house } = t.feed;
const { client, people, spaces } = house;
const { sql, clock } = house.db;
const jobs = createJobs({ sql, clock, workers: 4 });
const desk = createJobsDesk({ sql, clock, jobs, people, spaces, audit: t.moderation.rooms.audit });
serveJobs(house.api, desk);

const [root, mo, ada] = [
  await house.person("root", "admin"),
  await house.person("mo", "moderator"),
  await house.person("ada"),
];
const token = root.token;

/** Handlers by kind; what a test does not say is done at once. */
const handlers = new Map<string, JobKind["handle"]>();
const kindOf = (name: string, more: Partial<JobKind> = {}) =>
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
for (const name of ["t.die", "t.hold", "t.done", "t.many"]) kindOf(name);
kindOf("t.slow", { backoff: { base_ms: 3_600_000, delay_ms_max: 3_600_000 } });
handlers.set("t.die", async ({ film }) => {
  throw new Permanent(`film ${String(film)} is gone, see https://films.example.org/x?token=abc`);
});
jobs.start();

const enqueue = (kind: string, payload: JsonObject = {}, options: Parameters<typeof jobs.enqueue>[3] = {}) =>
  sql.tx((tx) => jobs.enqueue(tx, kind, payload, options));
const die = async (film: string, options: Parameters<typeof jobs.enqueue>[3] = {}) => {
  const id = await enqueue("t.die", { film }, options);
  await jobs.idle(["t.die"]);
  return id;
};
const sheet = async (id: string) => (await client.call(r.getJob, { token, params: { id } })).body;
const audited = async (what: string): Promise<Record<string, unknown>[]> =>
  (await client.call(moderationRoutes.listAudit, { token, query: { limit: 100, what } })).body.items.map(
    ({ by, detail }) => ({ by: by?.handle ?? null, ...detail }),
  );
/** Until the house says so; it fails by the test's own time. */
async function until<T>(look: () => Promise<T>, holds: (found: T) => boolean): Promise<T> {
  for (;;) {
    const found = await look();
    if (holds(found)) return found;
    await Bun.sleep(5);
  }
}

afterAll(async () => {
  expect(house.broken).toEqual([]);
  await jobs[Symbol.asyncDispose]();
  await t[Symbol.asyncDispose]();
});

describe("who may come in", () => {
  test("JP1: nobody, members and moderators are refused, and nothing is done", async () => {
    const id = await die("1");
    const params = { id };
    for (const { who, status } of [
      { who: null, status: 401 },
      { who: ada.token, status: 403 },
      { who: mo.token, status: 403 },
    ]) {
      const answers = [
        await client.call(r.getQueues, { token: who }),
        await client.call(r.getFlow, { token: who }),
        await client.call(r.listJobs, { token: who, query: { state: "dead" } }),
        await client.call(r.getJob, { token: who, params }),
        await client.call(r.listDead, { token: who }),
        await client.call(r.replayDead, { token: who, body: { kind: "t.die" } }),
        await client.call(r.replayJob, { token: who, params }),
        await client.call(r.retryJob, { token: who, params }),
        await client.call(r.cancelJob, { token: who, params }),
      ];
      expect(answers.map((answer) => answer.status)).toEqual(answers.map(() => status));
    }
    expect((await sheet(id)).state).toBe("dead");
    expect(await audited("job")).toEqual([]);
  });
});

describe("what is seen", () => {
  test("JP2: jobs are counted by class and kind; one that begins later does not wait, and one that is due does", async () => {
    const later = await enqueue("t.done", {}, { delay_ms: 3_600_000 });
    await enqueue("t.foreign", {}, { class: "maintenance" });
    const { classes, kinds } = (await client.call(r.getQueues, { token })).body;
    expect(classes.map((one) => one.class)).toEqual(["interactive", "batch", "maintenance"]);
    expect(classes[0]).toMatchObject({ waiting: 0, running: 0, oldest_wait_s: 0, is_starving: false });
    expect(classes[1]).toMatchObject({ waiting: 0, later: 1, dead: 1, oldest_wait_s: 0, wait_s_max: 3_600 });
    expect(classes[2]).toMatchObject({ waiting: 1, later: 0, is_starving: false });
    expect(classes[2]!.oldest_wait_s).toBeGreaterThan(0);
    const names = kinds.map(({ kind }) => kind);
    expect(names).toEqual([...names].sort());
    expect(kinds.find(({ kind }) => kind === "t.die")).toMatchObject({ class: "batch", dead: 1, queued: 0 });
    expect(kinds.find(({ kind }) => kind === "t.done")).toMatchObject({ queued: 1 });
    await sql.tx((tx) => jobs.cancel(tx, later));
  });

  test("JP2: a class starves when its oldest waits longer than it may", async () => {
    await sql.pool`UPDATE jobs_queue SET sort_at = clock_timestamp() - make_interval(secs => ${WAIT_MS_MAX.maintenance / 1000 + 60}::float8)
      WHERE kind = 't.foreign'`;
    const starving = (await desk.waits()).filter((wait) => wait.is_starving);
    expect(starving.map((wait) => wait.class)).toEqual(["maintenance"]);
    const { classes } = (await client.call(r.getQueues, { token })).body;
    expect(classes[2]).toMatchObject({ is_starving: true, wait_s_max: WAIT_MS_MAX.maintenance / 1000 });
    await sql.pool`DELETE FROM jobs_jobs WHERE kind = 't.foreign'`;
    await sql.pool`DELETE FROM jobs_queue WHERE kind = 't.foreign'`;
    expect(waitOf("interactive", WAIT_MS_MAX.interactive / 1000).is_starving).toBe(false);
  });

  test("JP3: the last hour has each of its minutes, the oldest first, by kind where that is asked", async () => {
    await sql.pool`
      INSERT INTO jobs_minutes (minute_at, kind, class, done, failed, dead)
      SELECT date_trunc('minute', clock_timestamp()), 't.flow', class, 5, 2, 1 FROM unnest(ARRAY['batch', 'maintenance']) class`;
    const sums = async (query: { kind?: string; class?: "batch" }) => {
      const told = (await client.call(r.getFlow, { token, query })).body.minutes;
      return [
        told.length,
        ...(["done", "failed", "dead"] as const).map((of) => told.reduce((n, one) => n + one[of], 0)),
      ];
    };
    expect(await sums({ kind: "t.flow" })).toEqual([FLOW_MINUTES, 10, 4, 2]);
    expect(await sums({ kind: "t.flow", class: "batch" })).toEqual([FLOW_MINUTES, 5, 2, 1]);
    expect(await sums({ kind: "t.nothing" })).toEqual([FLOW_MINUTES, 0, 0, 0]);
    const { minutes } = (await client.call(r.getFlow, { token })).body;
    expect(minutes).toHaveLength(FLOW_MINUTES);
    expect(minutes.map(({ at }) => at)).toEqual(minutes.map(({ at }) => at).sort());
  });

  test("JP3: holes are filled, kinds of a minute are added up, and a database that is ahead loses nothing", () => {
    const now_ms = Date.UTC(2026, 10, 22, 1, 0, 30);
    const row = (at_ms: number, done: number) => ({
      minute_at: new Date(at_ms),
      class: "batch" as const,
      kind: "t.x",
      started: done,
      done,
      failed: 1,
      dead: 0,
      cancelled: 0,
    });
    const last_ms = now_ms - 30_000;
    const minutes = wholeHour([row(last_ms, 2), row(last_ms, 3), row(last_ms - 5 * MINUTE_MS, 1)], now_ms);
    expect(minutes.at(-1)).toEqual({ at: rfc3339(last_ms), done: 5, failed: 2, dead: 0 });
    expect(minutes.at(-6)).toMatchObject({ done: 1 });
    expect(minutes.slice(0, -6).every(({ done }) => done === 0)).toBe(true);
    const ahead = wholeHour([row(last_ms + MINUTE_MS, 7)], now_ms);
    expect([ahead.length, ahead.at(-1)?.done]).toEqual([FLOW_MINUTES, 7]);
  });

  test("JP4: a list has one state and kind, the newest first, each job once, also while others come", async () => {
    const ids = [await die("2"), await die("3"), await die("4")];
    const query = { state: "dead", kind: "t.die", limit: 2 } as const;
    const first = (await client.call(r.listJobs, { token, query })).body;
    expect(first.items.map(({ id }) => id)).toEqual([ids[2]!, ids[1]!]);
    await die("5");
    const second = (await client.call(r.listJobs, { token, query: { ...query, cursor: first.next_cursor! } })).body;
    expect(second.items[0]!.id).toBe(ids[0]!);
    expect((await client.call(r.listJobs, { token, query: { state: "dead", kind: "t.no" } })).body.items).toEqual([]);
    expect((await client.call(r.listJobs, { token, query: { state: "dead", cursor: "x" } })).code).toBe(
      "cursor.invalid",
    );
    expect((await client.call(r.listJobs, { token, query: { state: "odd" as "dead" } })).status).toBe(400);
  });

  test("JP5: a job's sheet has its tries, times, progress and reason, names whose it is, and says what can be done", async () => {
    const held = Promise.withResolvers<void>();
    handlers.set("t.hold", async () => held.promise);
    const space = await house.space("weavers", ada);
    const of_person = await enqueue("t.hold", { video_id: "42" }, { tenant: ada.id, priority: 3 });
    const running = await until(
      () => sheet(of_person),
      (now) => now.state === "running",
    );
    expect(running).toMatchObject({
      attempt: 1,
      tries_max: 3,
      priority: 3,
      may_cancel: true,
      may_retry: false,
      may_replay: false,
      advice: null,
    });
    expect(running.tenant).toMatchObject({ person: { handle: "ada" }, space: null });
    expect(running.lease_until).not.toBeNull();
    expect(running.payload).toEqual([{ name: "video_id", value: "42", is_hidden: false }]);
    held.resolve();
    await jobs.idle(["t.hold"]);
    expect(await sheet(of_person)).toMatchObject({ state: "done", progress: 1, may_cancel: false, may_replay: false });

    const of_space = await enqueue("t.done", {}, { tenant: space.id, delay_ms: 3_600_000 });
    const waits = await sheet(of_space);
    expect(waits).toMatchObject({ state: "queued", attempt: 0, may_retry: true, may_cancel: true });
    expect(waits.tenant).toMatchObject({ person: null, space: { slug: "weavers" } });
    expect(waits.due_at).not.toBeNull();
    expect((await client.call(r.getJob, { token, params: { id: "999999" } })).code).toBe("job.not_found");
    await sql.tx((tx) => jobs.cancel(tx, of_space));
  });

  test("JP6, JP7: of a payload's text and a reason's address nothing reaches who looks", async () => {
    const id = await die("sesame-open");
    const answers = [
      await sheet(id),
      (await client.call(r.listJobs, { token, query: { state: "dead" } })).body,
      (await client.call(r.listDead, { token })).body,
    ];
    expect(answers[0]).toMatchObject({ payload: [{ name: "film", value: "text of 11 characters", is_hidden: true }] });
    expect(JSON.stringify(answers)).not.toContain("token=abc");
    expect(JSON.stringify(answers)).toContain("https://films.example.org/…");
  });

  test("JP8: the dead are grouped by kind and reason, the newest first, each with what to do", async () => {
    handlers.set("t.many", async () => {
      throw new Permanent("connect ECONNREFUSED 127.0.0.1:25");
    });
    const last = await enqueue("t.many");
    await jobs.idle(["t.many"]);
    const { items, jobs: total } = (await client.call(r.listDead, { token })).body;
    expect(items[0]).toMatchObject({ kind: "t.many", jobs: 1, job_id: last });
    expect(items[0]!.advice).toContain("did not answer");
    const [numbered, worded] = items.filter(({ kind }) => kind === "t.die").sort((a, b) => b.jobs - a.jobs);
    // Films 1 to 5 differ in their number alone.
    expect(numbered).toMatchObject({ jobs: 5 });
    expect(worded).toMatchObject({ jobs: 1 });
    expect(numbered!.advice).toContain("gone");
    expect(numbered!.first_at < numbered!.last_at).toBe(true);
    expect(total).toBe(items.reduce((sum, group) => sum + group.jobs, 0));
  });
});

describe("what is done", () => {
  test("JP9: a dead job is put back once, by whoever comes first; what ended well or is doubled is refused", async () => {
    const id = await die("20");
    handlers.set("t.die", async () => {});
    const before = (await audited("job.replayed")).length;
    const answers = await Promise.all(
      Array.from({ length: 4 }, () => client.call(r.replayJob, { token, params: { id } })),
    );
    expect(answers.map(({ status }) => status).filter((status) => status !== 200 && status !== 409)).toEqual([]);
    await jobs.idle(["t.die"]);
    expect(await sheet(id)).toMatchObject({ state: "done", attempt: 1 });
    expect(await audited("job.replayed")).toHaveLength(before + 1);
    expect((await audited("job.replayed"))[0]).toEqual({ by: "root", job_id: id, job_kind: "t.die" });
    expect((await client.call(r.replayJob, { token, params: { id } })).code).toBe("job.not_dead");
    expect((await client.call(r.replayJob, { token, params: { id: "999999" } })).code).toBe("job.not_found");

    handlers.set("t.done", async () => {
      throw new Permanent("once");
    });
    const dead = await enqueue("t.done", {}, { unique_key: "one" });
    await jobs.idle(["t.done"]);
    handlers.delete("t.done");
    // One comes at the same moment, and then is there.
    const [written, commits] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const coming = sql.tx(async (tx) => {
      const id = await jobs.enqueue(tx, "t.done", {}, { unique_key: "one", delay_ms: 3_600_000 });
      written.resolve();
      await commits.promise;
      return id;
    });
    await written.promise;
    const doubled = client.call(r.replayJob, { token, params: { id: dead } });
    await until(
      () =>
        sql.pool<object[]>`
          SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock' LIMIT 1`,
      (waiting) => waiting.length > 0,
    );
    commits.resolve();
    const living = await coming;
    expect((await doubled).code).toBe("job.another_lives");
    expect((await client.call(r.replayJob, { token, params: { id: dead } })).code).toBe("job.another_lives");
    await sql.tx((tx) => jobs.cancel(tx, living));
  });

  test("JP10: the dead of a kind come back in parts, each part one line of the log; nothing left is no line", async () => {
    await sql.pool`
      INSERT INTO jobs_jobs (kind, class, priority, payload, state, ended_at, reason)
      SELECT 't.kept', 'batch', 0, '{}', 'dead', clock_timestamp(), 'was' FROM generate_series(1, ${REPLAY_JOBS_MAX + 3}::int)`;
    const replay = async () => (await client.call(r.replayDead, { token, body: { kind: "t.kept" } })).body;
    expect(await replay()).toEqual({ replayed: REPLAY_JOBS_MAX, left: 3 });
    expect(await replay()).toEqual({ replayed: 3, left: 0 });
    expect(await replay()).toEqual({ replayed: 0, left: 0 });
    expect(await audited("job.replayed_all")).toEqual([
      { by: "root", job_kind: "t.kept", jobs: 3 },
      { by: "root", job_kind: "t.kept", jobs: REPLAY_JOBS_MAX },
    ]);
    await sql.pool`DELETE FROM jobs_queue WHERE kind = 't.kept'`;
  });

  test("JP11: a job that would begin later begins now; one that runs or is due is as it was; one that ended is refused", async () => {
    let tries = 0;
    handlers.set("t.slow", async () => {
      if (++tries === 1) throw new Error("not yet");
    });
    const id = await enqueue("t.slow");
    await until(
      () => sheet(id),
      (now) => now.may_retry,
    );
    expect(await sheet(id)).toMatchObject({ state: "queued", attempt: 1, reason: "not yet" });
    expect((await client.call(r.retryJob, { token, params: { id } })).status).toBe(200);
    await jobs.idle(["t.slow"]);
    expect(await sheet(id)).toMatchObject({ state: "done", attempt: 2 });
    expect((await client.call(r.retryJob, { token, params: { id } })).code).toBe("job.ended");
    const due = await enqueue("t.foreign");
    expect((await client.call(r.retryJob, { token, params: { id: due } })).status).toBe(200);
    expect(await audited("job.retried")).toEqual([{ by: "root", job_id: id, job_kind: "t.slow" }]);
  });

  test("JP12: a job that waits is cancelled once, a running one is asked to stop once, and one that ended is refused", async () => {
    const waiting = await enqueue("t.done", {}, { delay_ms: 3_600_000 });
    for (let times = 0; times < 2; times += 1)
      expect((await client.call(r.cancelJob, { token, params: { id: waiting } })).body.state).toBe("cancelled");

    const began = Promise.withResolvers<void>();
    const held = Promise.withResolvers<void>();
    handlers.set("t.hold", async (_payload, { signal }) => {
      const stopped = new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
      began.resolve();
      await held.promise;
      // That it was asked reaches its worker a moment after the call.
      await stopped;
    });
    const running = await enqueue("t.hold");
    await began.promise;
    for (let times = 0; times < 2; times += 1)
      expect((await client.call(r.cancelJob, { token, params: { id: running } })).body).toMatchObject({
        state: "running",
        is_stopping: true,
        may_cancel: false,
      });
    held.resolve();
    await jobs.idle(["t.hold"]);
    expect((await sheet(running)).state).toBe("cancelled");
    expect((await audited("job.cancelled")).map(({ job_id }) => job_id)).toEqual([running, waiting]);
    const done = await enqueue("t.done");
    await jobs.idle(["t.done"]);
    expect((await client.call(r.cancelJob, { token, params: { id: done } })).code).toBe("job.ended");
  });

  test("JP13: an act whose line cannot be written did not happen", async () => {
    const id = await enqueue("t.done", {}, { delay_ms: 3_600_000 });
    const audit = {
      async append() {
        throw new Error("the log is away");
      },
    };
    const { acts } = createJobsDesk({ sql, clock, jobs, people, spaces, audit }).rooms;
    for (const act of [acts.cancel, acts.retry])
      expect(
        await act(root.id, id).then(
          () => "done",
          (error: Error) => error.message,
        ),
      ).toBe("the log is away");
    expect(await sheet(id)).toMatchObject({ state: "queued", attempt: 0 });
    await sql.tx((tx) => jobs.cancel(tx, id));
  });

  test("JP14: a process tells what it began, what ended how, and whose time it took, by class and kind", () => {
    const totals = jobs.totals();
    const die_totals = totals.find(({ kind }) => kind === "t.die")!;
    expect(die_totals).toMatchObject({ class: "batch", failed: 0, cancelled: 0 });
    expect(die_totals.started).toBe(die_totals.done + die_totals.dead);
    expect(totals.find(({ kind }) => kind === "t.slow")).toMatchObject({ started: 2, done: 1, failed: 1, dead: 0 });
    expect(totals.find(({ kind }) => kind === "t.hold")?.ran_ms).toBeGreaterThan(0);
  });
});
