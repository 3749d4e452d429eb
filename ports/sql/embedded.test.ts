import { afterAll, describe, expect, test } from "bun:test";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { createSystemClock } from "#ports/clock/index.ts";

import { createSql, startEmbeddedPostgres } from "./index.ts";

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
