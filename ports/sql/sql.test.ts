import { afterAll, describe, expect, test } from "bun:test";
import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { idTimeMs } from "#kernel/ids.ts";
import { createSystemClock } from "#ports/clock/index.ts";

import { createSql, leaseNode, migrate } from "./index.ts";
import { testDatabase } from "./testing.ts";

const db = await testDatabase();
afterAll(() => db[Symbol.asyncDispose]());

async function folderOf(files: Record<string, string>) {
  const folder = await mkdtemp(join(tmpdir(), "migrations-"));
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
  return folder;
}

describe("ports/sql", () => {
  test("SQ1: a migration that was edited after it ran is refused by name", async () => {
    const folder = await folderOf({ "0001_a.sql": "CREATE TABLE edited_a (x int)" });
    await migrate(db.sql, [{ system: "edited", folder }]);
    await writeFile(join(folder, "0001_a.sql"), "CREATE TABLE edited_b (x int)");
    expect(migrate(db.sql, [{ system: "edited", folder }])).rejects.toThrow("edited/0001_a.sql was edited");
  });

  test("SQ2: a migration that fails leaves nothing of itself behind", async () => {
    const folder = await folderOf({ "0001_a.sql": "CREATE TABLE half (x int); SELECT 1/0;" });
    await migrate(db.sql, [{ system: "half", folder }]).catch(() => {});
    const [row] = await db.sql
      .pool`SELECT to_regclass('half') AS t, (SELECT count(*)::int FROM sql_migrations WHERE name LIKE 'half%') AS n`;
    expect(row).toEqual({ t: null, n: 0 });
  });

  test("SQ3: two nodes that start together run each migration once", async () => {
    const folder = await folderOf({
      "0001_a.sql": "CREATE TABLE together (x int); SELECT pg_sleep(0.1)",
      "0002_b.sql": "INSERT INTO together VALUES (1)",
    });
    await using other = createSql(db.target, { clock: db.clock, connections_max: 2 });
    const ran = await Promise.all([db.sql, other].map((sql) => migrate(sql, [{ system: "together", folder }])));
    expect(ran.flat().sort()).toEqual(["together/0001_a.sql", "together/0002_b.sql"]);
    expect(await db.sql.pool`SELECT count(*)::int AS n FROM together`.values()).toEqual([[1]]);
  });

  test("SQ4: a transaction that throws leaves nothing and throws what was thrown", async () => {
    await db.sql.pool`CREATE TABLE thrown (x int)`;
    const failed = db.sql.tx(async (tx) => {
      await tx`INSERT INTO thrown VALUES (1)`;
      throw new Error("no");
    });
    expect(failed).rejects.toThrow("no");
    await failed.catch(() => {});
    expect(await db.sql.pool`SELECT * FROM thrown`.values()).toEqual([]);
  });

  test("SQ5: a single statement that stood in a ring of locks is tried again, one that is wrong is not", async () => {
    await db.sql.pool`CREATE SEQUENCE tries`;
    await db.sql.pool.unsafe(`CREATE FUNCTION third_time() RETURNS bigint LANGUAGE plpgsql AS $$
      DECLARE n bigint := nextval('tries');
      BEGIN
        IF n < 3 THEN RAISE EXCEPTION 'a ring' USING ERRCODE = 'deadlock_detected'; END IF;
        RETURN n;
      END $$`);
    const [row] = await db.sql.single((sql) => sql<{ n: string }[]>`SELECT third_time() AS n`);
    expect(row).toEqual({ n: "3" });
    let runs = 0;
    const wrong = db.sql.single((sql) => {
      runs++;
      return sql`SELECT 1 / 0`;
    });
    await expect(wrong).rejects.toThrow("division by zero");
    expect(runs).toBe(1);
  });

  test("SQ5: serialisation failures are retried until each of 20 read-modify-writes has counted", async () => {
    await db.sql.pool`CREATE TABLE counter AS SELECT 0 AS n`;
    let runs = 0;
    await Promise.all(
      Array.from({ length: 4 }, async () => {
        for (let i = 0; i < 5; i++) {
          await db.sql.tx(
            async (tx) => {
              runs++;
              const [row] = await tx`SELECT n FROM counter`;
              await tx`UPDATE counter SET n = ${row.n + 1}`;
            },
            { isolation: "serializable" },
          );
        }
      }),
    );
    expect(await db.sql.pool`SELECT n FROM counter`.values()).toEqual([[20]]);
    expect(runs).toBeGreaterThan(20);
  });

  test("SQ6: nodes that start together lease different numbers, and a freed number's ids go on above the old ones", async () => {
    const clock = createSystemClock();
    const leases = await Promise.all(Array.from({ length: 6 }, () => leaseNode(db.sql, clock)));
    expect(new Set(leases.map((l) => l.node)).size).toBe(6);
    const last = leases[0]!.ids.next();
    await leases[0]![Symbol.asyncDispose]();
    const behind = { ...clock, now: () => clock.now() - 3_600_000 };
    const next = await leaseNode(db.sql, behind);
    expect(next.node).toBe(leases[0]!.node);
    expect(BigInt(next.ids.next())).toBeGreaterThan(BigInt(last));
    for (const lease of [...leases.slice(1), next]) await lease[Symbol.asyncDispose]();
  });

  test("SQ6: a clock that is set forward for a while makes no name that a later holder of the number could make again", async () => {
    const clock = createSystemClock();
    const ahead = { ...clock, now: () => clock.now() + 3_600_000 };
    const killed = await leaseNode(db.sql, ahead);
    const last = killed.ids.next();
    // As a kill leaves it: nobody says how far it came, and the lease runs out.
    const [row] = await db.sql.pool<{ ids_until: Date }[]>`
      UPDATE sql_nodes SET lease_until = now() - interval '1 second' WHERE node = ${killed.node} RETURNING ids_until`;
    expect(idTimeMs(last)).toBeLessThanOrEqual(row!.ids_until.getTime());
    await using next = await leaseNode(db.sql, clock);
    expect(next.node).toBe(killed.node);
    expect(BigInt(next.ids.next())).toBeGreaterThan(BigInt(last));
  });

  test("SQ7: a notification reaches a listener after its transaction commits", async () => {
    const got: string[] = [];
    await using _ = await db.sql.listen("sq7", (payload) => got.push(payload));
    await db.sql.tx(async (tx) => {
      await tx.notify("sq7", "hello");
    });
    await Bun.sleep(50);
    expect(got).toContain("hello");
  });
});
