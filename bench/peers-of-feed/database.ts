import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { createIds } from "#kernel/ids.ts";
import { createSystemClock } from "#ports/clock/index.ts";
import { createSql, leaseNode, migrate, startEmbeddedPostgres } from "#ports/sql/index.ts";
import { FEED_FOLDER } from "#systems/feed/index.ts";
import { PEOPLE_FOLDER } from "#systems/people/index.ts";
import { SPACES_FOLDER } from "#systems/spaces/index.ts";

const ROOT = join(import.meta.dirname, "../..");

/** A cluster of this bench's own, as the house starts one, with the tables of people, spaces and feed. */
export async function openDatabase(needs: { connections_max: number }) {
  const clock = createSystemClock();
  await using opened = new AsyncDisposableStack();
  const home = await mkdtemp(join(tmpdir(), "folkhus-bench-"));
  opened.defer(() => rm(home, { recursive: true, force: true }));
  await Bun.$`chmod 755 ${home}`;
  const postgres = opened.use(await startEmbeddedPostgres({ folder: join(home, "postgres") }));
  const open = (connections_max: number) =>
    createSql(postgres.target, { clock, connections_max, statement_ms_max: 600_000 });
  const sql = opened.use(open(needs.connections_max));
  const port = (name: string) => ({ system: name, folder: join(ROOT, `ports/${name}/sql`) });
  await migrate(sql, [port("sql"), port("log"), port("jobs"), port("http"), PEOPLE_FOLDER, SPACES_FOLDER, FEED_FOLDER]);
  const node = await leaseNode(sql, clock);
  const [settings] = (await sql.pool`SELECT current_setting('fsync') AS fsync`) as { fsync: string }[];
  const kept = opened.move();
  return {
    home,
    clock,
    sql,
    target: postgres.target,
    ids: createIds(node.node, () => clock.now()),
    pid: postgres.pid,
    version: postgres.version,
    fsync: settings!.fsync,
    more: open,
    [Symbol.asyncDispose]: () => kept[Symbol.asyncDispose](),
  };
}
