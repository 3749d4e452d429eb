import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, rename, rm, symlink } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

import { createSystemClock } from "#ports/clock/index.ts";
import { createSql, migrate, startEmbeddedPostgres } from "#ports/sql/index.ts";
import { readFolder } from "#ports/sql/migrate.ts";
import { CLUSTER, oneAtATime } from "#ports/sql/testing.ts";

import { migrationFolders } from "../apps/server/migrations.ts";

/** Beside the cluster of the tests, so that what a run makes goes with the run. */
const BESIDE = dirname(CLUSTER);
/** Built by the first house that needs it; a build has its sources' hash for a name, so an old one is never served. */
const PAGE = join(BESIDE, "test-page");

/**
 * Lays into an empty data folder what each first start would make anew: a database with its tables (2 s of CPU) and the
 * page (2 s). JO1 has a house that makes them by itself. Where `npm test` keeps databases in memory, this one is there too.
 */
export async function layGround(data_folder: string): Promise<AsyncDisposable> {
  const ready = await emptyDatabase();
  await mkdir(PAGE, { recursive: true });
  await mkdir(data_folder, { recursive: true });
  await symlink(PAGE, join(data_folder, "page"));
  const within = join(data_folder, "postgres");
  if (process.env.FOLKHUS_TEST_CLUSTER === undefined) {
    await copy(ready, within);
    return { async [Symbol.asyncDispose]() {} };
  }
  const elsewhere = `${BESIDE}/${basename(dirname(data_folder))}`;
  await copy(ready, elsewhere);
  await symlink(elsewhere, within);
  return { [Symbol.asyncDispose]: () => rm(elsewhere, { recursive: true, force: true }) };
}

/** @returns the folder of a database that was stopped in order and has the tables of these sources, and no row */
async function emptyDatabase(): Promise<string> {
  const hash = createHash("sha256");
  for (const { name, checksum } of migrationFolders().flatMap(readFolder)) hash.update(`${name}:${checksum};`);
  const folder = join(BESIDE, `test-house-${hash.digest("hex").slice(0, 16)}`);
  if (existsSync(folder)) return folder;
  return oneAtATime(folder, async () => {
    if (existsSync(folder)) return folder;
    const aside = `${folder}.${process.pid}`;
    await rm(aside, { recursive: true, force: true });
    {
      await using embedded = await startEmbeddedPostgres({ folder: aside });
      await using sql = createSql(embedded.target, { clock: createSystemClock(), connections_max: 2 });
      await migrate(sql, migrationFolders());
    }
    await rename(aside, folder);
    return folder;
  });
}

/** With owners and modes: root's database belongs to another account. */
async function copy(from: string, to: string): Promise<void> {
  const child = Bun.spawn(["cp", "-a", from, to], { stdio: ["ignore", "ignore", "pipe"] });
  if ((await child.exited) !== 0) throw new Error(`cp: ${await new Response(child.stderr).text()}`);
}
