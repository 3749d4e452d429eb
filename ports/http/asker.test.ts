import { afterAll, expect, test } from "bun:test";
import { join } from "node:path";

import { z } from "zod";

import { defineRoute } from "#kernel/contract.ts";
import { leftMs } from "#kernel/deadline.ts";
import { createCalls, deadlineHere } from "#ports/calls/index.ts";
import { createLocalLimiter } from "#ports/limiter/index.ts";
import { testDatabase } from "#ports/sql/testing.ts";

import { createApi, createIdempotency, DEFAULT_LIMITS } from "./index.ts";

const db = await testDatabase([{ system: "http", folder: join(import.meta.dirname, "sql") }]);
const { clock, sql } = db;
/** A connection of its own: what looks must not be sent behind what it looks at. */
const watcher = await sql.pool.reserve();
await sql.pool`CREATE TABLE written (what text)`;
afterAll(async () => {
  await watcher.release();
  await db[Symbol.asyncDispose]();
});

async function become(mark: string, count: number): Promise<void> {
  for (;;) {
    const rows = await watcher`SELECT 1 FROM pg_stat_activity
      WHERE state = 'active' AND pid <> pg_backend_pid() AND query LIKE ${`%${mark}%`}`;
    if (rows.length === count) return;
    await clock.sleep(5);
  }
}

const read = defineRoute({
  method: "GET",
  path: "/v1/read",
  summary: "Read",
  tag: "test",
  access: { who: "anyone", scope: "read" },
  answers: { 200: z.object({ ok: z.boolean() }) },
});
const hasty = defineRoute({ ...read, path: "/v1/hasty", deadline_ms: 300 });
const write = defineRoute({ ...read, method: "POST", path: "/v1/write" });
const hastyWrite = defineRoute({ ...write, path: "/v1/hasty_write", deadline_ms: 300 });

/** A house whose handlers hand nothing on: what they do for a request is known by itself. */
function house(work: () => Promise<unknown>, more: Partial<Parameters<typeof createApi>[0]> = {}) {
  const ended = Promise.withResolvers<unknown>();
  const api = createApi({
    authenticate: async () => null,
    limiter: createLocalLimiter({ clock, keys_max: 100 }),
    limits: DEFAULT_LIMITS,
    idempotency: createIdempotency(sql, "a secret of tests"),
    clock,
    trusted_proxies: 0,
    requestId: () => crypto.randomUUID(),
    onServed: () => {},
    ...more,
  });
  for (const route of [read, hasty, write, hastyWrite]) {
    api.serve(route, async () => {
      const doing = work();
      doing.then(ended.resolve, ended.resolve);
      await doing;
      return { status: 200, body: { ok: true } };
    });
  }
  const gone = new AbortController();
  const call = ({ method, path }: { method: string; path: string }) =>
    api.fetch(
      new Request(`http://house.test${path}`, {
        method,
        headers: { "sec-fetch-site": "same-origin", cookie: "folkhus_session=somebody" },
        signal: gone.signal,
      }),
      "192.0.2.1",
    );
  return { call, gone, ended: ended.promise };
}

test("HT50: past its deadline a request's statements are stopped on the server, and it begins no others", async () => {
  let later: unknown;
  const { call, ended } = house(async () => {
    await sql.pool`SELECT pg_sleep(60) AS past_its_deadline`.catch(() => {});
    later = await sql.tx((tx) => tx`INSERT INTO written VALUES ('late')`).catch((error: unknown) => error);
  });
  for (const route of [hasty, hastyWrite]) {
    expect((await call(route)).status).toBe(503);
    await become("past_its_deadline", 0);
    await ended;
    expect(later).toMatchObject({ code: "request.deadline" });
  }
  expect(await sql.pool`SELECT what FROM written`).toHaveLength(0);
});

test("HT50: who leaves ends what they read, and not what they write", async () => {
  const reading = house(async () => sql.pool`SELECT pg_sleep(60) AS they_left`);
  const answer = reading.call(read);
  await become("they_left", 1);
  reading.gone.abort();
  expect((await answer).status).toBe(499);
  await become("they_left", 0);

  const writing = house(async () => {
    await sql.pool`SELECT pg_sleep(0.2) AS they_write`;
    await sql.tx((tx) => tx`INSERT INTO written VALUES ('whole')`);
    return "done";
  });
  const written = writing.call(write);
  await become("they_write", 1);
  writing.gone.abort();
  expect((await written).status).toBe(499);
  expect(await writing.ended).toBe("done");
  expect([...(await sql.pool`SELECT what FROM written`)]).toEqual([{ what: "whole" }]);
});

test("HT50: calls to others have the request's deadline, though its handler hands none on", async () => {
  const server = createCalls({ clock }).to({ name: "server", away: "-" });
  let left_ms = Infinity;
  const { call, ended } = house(async () => {
    left_ms = leftMs(deadlineHere(), clock.monotonic());
    return server.call((signal) => clock.sleep(60_000, signal));
  });
  expect((await call(hasty)).status).toBe(503);
  expect(left_ms).toBeLessThanOrEqual(300);
  expect(await ended).toBeInstanceOf(Error);
  expect(server.state).toBe("closed");
});

test("HT51: what may pass by itself is a 503, a statement that ran too long among it; what is wrong with one is a 500", async () => {
  const slow = house(() =>
    sql.tx(async (tx) => {
      await tx`SET LOCAL statement_timeout = 20`;
      await tx`SELECT pg_sleep(60)`;
    }),
  );
  const answer = await slow.call(read);
  expect([answer.status, answer.headers.get("retry-after")]).toEqual([503, "2"]);
  const locked = house(() =>
    sql.tx(async (tx) => {
      await tx`SET LOCAL lock_timeout = 20`;
      await tx`LOCK TABLE written`;
    }),
  );
  const holding = Promise.withResolvers<void>();
  const held = Promise.withResolvers<void>();
  const other = sql.tx(async (tx) => {
    await tx`LOCK TABLE written`;
    held.resolve();
    await holding.promise;
  });
  await held.promise;
  expect((await locked.call(write)).status).toBe(503);
  holding.resolve();
  await other;
  expect((await house(async () => sql.pool`SELECT 1 / 0`).call(read)).status).toBe(500);
});

test("HT52: nobody waits beyond their deadline to be known, or for what they may draw; what was drawn after all is given back", async () => {
  let worked = 0;
  const work = async () => (worked += 1);
  const unknown = house(work, { authenticate: () => new Promise(() => {}) });
  expect((await unknown.call(hasty)).status).toBe(503);
  const drawing = Promise.withResolvers<never[]>();
  let ended = 0;
  const slow = house(work, {
    limits: { draw: () => drawing.promise, decided: () => () => void (ended += 1) } as never,
  });
  expect((await slow.call(hasty)).status).toBe(503);
  drawing.resolve([]);
  while (ended === 0) await clock.sleep(1);
  expect([worked, ended]).toEqual([0, 1]);
});
