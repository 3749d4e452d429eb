import { afterAll, describe, expect, test } from "bun:test";
import { mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { createSystemClock, createVirtualClock, type VirtualClock } from "#ports/clock/index.ts";

import { createSql, keepRunning, startEmbeddedPostgres } from "./index.ts";
import { KEEP_TRIES_MAX } from "./keeper.ts";

const folder = join(await mkdtemp(join(tmpdir(), "embedded-")), "postgres");
const clock = createSystemClock();
afterAll(() => rm(join(folder, ".."), { recursive: true, force: true }));

/** A process that starts the database, commits a row, says so, and then hangs until it is killed. */
const VICTIM = `
  import { startEmbeddedPostgres, createSql } from "#ports/sql/index.ts";
  import { createSystemClock } from "#ports/clock/index.ts";
  const pg = await startEmbeddedPostgres({ folder: ${JSON.stringify(folder)} });
  const sql = createSql(pg.target, { clock: createSystemClock() });
  await sql.pool\`CREATE TABLE IF NOT EXISTS kept (x int)\`;
  await sql.pool\`INSERT INTO kept VALUES (1)\`;
  console.log("committed " + pg.pid);
  await new Promise(() => {});
`;

async function startVictimAndKill(): Promise<number> {
  const child = Bun.spawn([process.execPath, "-e", VICTIM], {
    cwd: join(import.meta.dirname, "../.."),
    stdout: "pipe",
    stderr: "inherit",
  });
  const reader = child.stdout.getReader();
  let said = "";
  while (!said.includes("\n")) said += new TextDecoder().decode((await reader.read()).value);
  child.kill("SIGKILL");
  await child.exited;
  return Number(/committed (\d+)/.exec(said)?.[1]);
}

/** Gone, or a zombie that only waits for an init that reaps. */
const isGone = async (pid: number) => !(await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => ""));

describe("the embedded database", () => {
  test("SQ10: its own log says that a row was refused, and not what was in it", async () => {
    await using embedded = await startEmbeddedPostgres({ folder });
    await using sql = createSql(embedded.target, { clock });
    await sql.pool`CREATE TABLE said (words text CHECK (length(words) < 5))`;
    await expect((async () => sql.pool`INSERT INTO said VALUES (${"a secret thought"})`)()).rejects.toThrow(
      "said_words_check",
    );
    const log = await readFile(join(folder, "postgres.log"), "utf8");
    expect(log).toContain("said_words_check");
    expect(log).not.toContain("a secret thought");
  });

  test("SQ8: after a kill -9 of the process that started it, the next start adopts it and has every committed row", async () => {
    const pid = await startVictimAndKill();
    {
      await using pg = await startEmbeddedPostgres({ folder, leave_running_if_adopted: true });
      expect(pg).toMatchObject({ adopted: true, pid });
      await using sql = createSql(pg.target, { clock });
      expect(await sql.pool`SELECT x FROM kept`.values()).toEqual([[1]]);
    }
    expect(await isGone(pid)).toBe(false);
  });

  test("SQ8: after a kill -9 of the database too, the next start recovers it; disposal stops it", async () => {
    const running = await startEmbeddedPostgres({ folder, leave_running_if_adopted: true });
    process.kill(running.pid, "SIGKILL");
    // Its children notice within moments; the next start must not have to wait for that by itself.
    let pid: number;
    {
      await using pg = await startEmbeddedPostgres({ folder });
      pid = pg.pid;
      expect(pg.adopted).toBe(false);
      await using sql = createSql(pg.target, { clock });
      expect(await sql.pool`SELECT x FROM kept`.values()).toEqual([[1]]);
    }
    expect(await isGone(pid)).toBe(true);
  });

  test("SQ9: a stale lock file that holds another program's number does not stop a start", async () => {
    const lock = join(folder, "cluster/postmaster.pid");
    await writeFile(lock, `${process.pid}\n${join(folder, "cluster")}\n1\n5432\n\n\n0 0\nready\n`);
    await using pg = await startEmbeddedPostgres({ folder });
    expect(pg.adopted).toBe(false);
    expect(Number.parseInt(await readFile(lock, "utf8"), 10)).toBe(pg.pid);
  });
});

describe("a house whose database dies under it", () => {
  /** Looks as often as it must, on a clock that a test moves. */
  function kept(embedded: Awaited<ReturnType<typeof startEmbeddedPostgres>>) {
    const time = createVirtualClock();
    const told: string[] = [];
    const keeper = keepRunning(embedded, {
      clock: time,
      onDown: ({ attempt }) => told.push(`down ${attempt}`),
      onUp: ({ attempts }) => told.push(`up ${attempts}`),
    });
    return { told, keeper, time };
  }
  const until = async (those: { time: VirtualClock }[], isSo: () => boolean) => {
    while (!isSo()) {
      for (const { time } of those) await time.advance(500);
      await Bun.sleep(5);
    }
  };
  const committed = async (embedded: { target: Parameters<typeof createSql>[0] }) => {
    await using sql = createSql(embedded.target, { clock });
    return await sql.pool`SELECT x FROM kept`.values();
  };

  test("SQ16: the embedded database is started again when it was killed, with every committed row, by one of those who keep it", async () => {
    await using embedded = await startEmbeddedPostgres({ folder });
    const one = kept(embedded);
    const other = kept(embedded);
    await using _ = one.keeper;
    await using __ = other.keeper;
    process.kill(embedded.pid, "SIGKILL");
    await until([one, other], () => [...one.told, ...other.told].some((word) => word.startsWith("up")));
    expect(await committed(embedded)).toEqual([[1]]);
    expect([one.keeper.given_up.aborted, other.keeper.given_up.aborted]).toEqual([false, false]);
  });

  test("SQ16: after twelve tries in vain it is given up with the end of its log, and not before; a stop is no death", async () => {
    await using embedded = await startEmbeddedPostgres({ folder });
    const one = kept(embedded);
    const { told, keeper } = one;
    await using _ = keeper;
    // What no start gets past.
    const control = join(folder, "cluster/global/pg_control");
    await rename(control, `${control}.away`);
    process.kill(embedded.pid, "SIGKILL");
    await until([one], () => keeper.given_up.aborted);
    expect(told).toEqual(Array.from({ length: KEEP_TRIES_MAX }, (_one, i) => `down ${i + 1}`));
    expect(String(keeper.given_up.reason)).toContain("The embedded database did not start");
    await rename(`${control}.away`, control);
  });
});
