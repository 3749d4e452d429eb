import { afterAll, expect, test } from "bun:test";

import { createAsker } from "#ports/calls/index.ts";

import { afterCommit } from "./index.ts";
import { testDatabase } from "./testing.ts";

const db = await testDatabase();
const { clock, sql } = db;
/** A connection of its own: what looks must not be sent behind what it looks at. */
const watcher = await sql.pool.reserve();
await sql.pool`CREATE TABLE asked_for (n int)`;
afterAll(async () => {
  await watcher.release();
  await db[Symbol.asyncDispose]();
});

/** Until so many statements with this mark run on the server. */
async function become(mark: string, count: number): Promise<void> {
  for (;;) {
    const rows = await watcher`SELECT 1 FROM pg_stat_activity
      WHERE state = 'active' AND pid <> pg_backend_pid() AND query LIKE ${`%${mark}%`}`;
    if (rows.length === count) return;
    await clock.sleep(5);
  }
}
const GONE = new Error("they left");

test("SQ14: when who asked gives up, the server runs their statements no more, and none begins", async () => {
  const asker = createAsker({ clock });
  const slow = asker.run(async () =>
    Promise.allSettled([1, 2, 3].map(() => sql.pool`SELECT pg_sleep(60) AS for_whom`)),
  );
  await become("for_whom", 3);
  asker.giveUp(GONE);
  expect((await slow).map(({ status }) => status)).toEqual(["rejected", "rejected", "rejected"]);
  await become("for_whom", 0);
  await expect(asker.run(async () => sql.pool`INSERT INTO asked_for VALUES (1)`)).rejects.toBe(GONE);
  await expect(asker.run(() => sql.single(async (one) => one`INSERT INTO asked_for VALUES (1)`))).rejects.toBe(GONE);
  await expect(asker.run(() => sql.tx(async (tx) => tx`INSERT INTO asked_for VALUES (1)`))).rejects.toBe(GONE);
  expect(await sql.pool`SELECT n FROM asked_for`).toHaveLength(0);
});

test("SQ14: their transaction leaves nothing, whether a statement of it ran or its work had just ended", async () => {
  for (const in_the_middle of [true, false]) {
    const asker = createAsker({ clock });
    const slow = asker.run(() =>
      sql.tx(async (tx) => {
        await tx`INSERT INTO asked_for VALUES (2)`;
        if (in_the_middle) await tx`SELECT pg_sleep(60) AS half_way`;
        else asker.giveUp(GONE);
      }),
    );
    slow.catch(() => {});
    if (in_the_middle) {
      await become("half_way", 1);
      asker.giveUp(GONE);
    }
    await expect(slow).rejects.toBe(GONE);
  }
  expect(await sql.pool`SELECT n FROM asked_for`).toHaveLength(0);
});

test("SQ14: what nobody awaits yet is stopped without a word, and what is done stays done", async () => {
  const asker = createAsker({ clock });
  const [done, piece] = await asker.run(async () => {
    const made = await sql.pool<{ one: number }[]>`SELECT 1 AS one`;
    return [made, () => sql.pool`SELECT 2`] as const;
  });
  const idle = asker.run(piece);
  asker.giveUp(GONE);
  expect(done).toEqual([{ one: 1 }] as never);
  await clock.sleep(20);
  await expect(idle).rejects.toThrow();
});

test("SQ15: an answered request stops nothing of what goes on, and what its commit wakes is for all", async () => {
  const asker = createAsker({ clock });
  const woken = Promise.withResolvers<number>();
  await asker.run(() =>
    sql.tx(async (tx) => {
      await tx`INSERT INTO asked_for VALUES (3)`;
      afterCommit(tx, "wake", () => {
        woken.resolve(sql.pool`SELECT pg_sleep(0.05), n FROM asked_for`.then((rows) => rows.length));
        asker.giveUp(GONE);
      });
    }),
  );
  expect(await woken.promise).toBe(1);
  const served = createAsker({ clock });
  const later = served.run(() => sql.pool`SELECT pg_sleep(0.05)`.then(() => "done"));
  served.end();
  served.giveUp(GONE);
  expect(await later).toBe("done");
});

test("SQ15: a transaction that waited for a connection runs on the time of who asked for it, and no other's", async () => {
  const askers = Array.from({ length: 30 }, () => createAsker({ clock }));
  const { askerHere } = await import("#ports/calls/index.ts");
  const seen = await Promise.all(
    askers.map((asker) =>
      asker.run(() =>
        sql.tx(async (tx) => {
          await tx`SELECT pg_sleep(0.01)`;
          return askerHere() === asker;
        }),
      ),
    ),
  );
  expect(seen).toEqual(askers.map(() => true));
  expect(await sql.tx(async (tx) => (await tx`SELECT 1`, askerHere()))).toBeNull();
});
