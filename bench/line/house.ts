import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { createSystemClock } from "#ports/clock/index.ts";
import { createSql, migrate, startEmbeddedPostgres } from "#ports/sql/index.ts";
import { CHAT_FOLDER } from "#systems/chat/index.ts";
import { hashSecret, PEOPLE_FOLDER } from "#systems/people/index.ts";
import { REALTIME_FOLDER } from "#systems/realtime/index.ts";
import { SPACES_FOLDER } from "#systems/spaces/index.ts";

const ROOT = join(import.meta.dirname, "../..");
const FIRST_PERSON = 1_000_000;
const FIRST_CHANNEL = 9_000_000;

/** A database as the house starts one, fsync on, with people who are signed in and sit in groups of so many. */
export async function openLineHouse(size: { people: number; group: number }) {
  const clock = createSystemClock();
  await using opened = new AsyncDisposableStack();
  const home = await mkdtemp(join(tmpdir(), "folkhus-bench-"));
  opened.defer(() => rm(home, { recursive: true, force: true }));
  await Bun.$`chmod 755 ${home}`;
  const postgres = opened.use(
    await startEmbeddedPostgres({
      folder: join(home, "postgres"),
      // So that what is read can be counted by who counts best.
      settings: ["shared_preload_libraries=pg_stat_statements"],
    }),
  );
  const sql = opened.use(createSql(postgres.target, { clock, connections_max: 4, statement_ms_max: 600_000 }));
  const port = (name: string) => ({ system: name, folder: join(ROOT, `ports/${name}/sql`) });
  await migrate(sql, [
    port("sql"),
    port("log"),
    port("jobs"),
    port("http"),
    PEOPLE_FOLDER,
    SPACES_FOLDER,
    REALTIME_FOLDER,
    CHAT_FOLDER,
  ]);
  const { pool } = sql;
  await pool`CREATE EXTENSION pg_stat_statements`;
  const groups = Math.ceil(size.people / size.group);
  await pool`INSERT INTO people_persons (id, handle, display_name, created_at)
    SELECT ${FIRST_PERSON}::bigint + i, 'p' || i, 'Person ' || i, now() FROM generate_series(0, ${size.people}::int - 1) i`;
  await pool`INSERT INTO people_counts (person_id) SELECT id FROM people_persons`;
  const secretOf = (i: number) =>
    `fhs_${Buffer.from(new Bun.CryptoHasher("sha256").update(`line ${i}`).digest()).toString("base64url")}`;
  for (let from = 0; from < size.people; from += 1_000) {
    const some = Array.from({ length: Math.min(1_000, size.people - from) }, (_, i) => from + i);
    const hashes = some.map((i) => Buffer.from(hashSecret(secretOf(i))).toString("hex"));
    await pool`INSERT INTO people_sessions (id, person_id, secret_hash, created_at, last_used_at, expires_at)
      SELECT ${FIRST_PERSON}::bigint + i, ${FIRST_PERSON}::bigint + i, decode(h, 'hex'), now(), now(), now() + interval '30 days'
      FROM unnest(${pool.array(some.map(String), "BIGINT")}, ${pool.array(hashes, "TEXT")}) AS t (i, h)`;
  }
  await pool`INSERT INTO chat_channels (id, kind, members, created_by, created_at)
    SELECT ${FIRST_CHANNEL}::bigint + g, 'group', ${size.group}::int, ${FIRST_PERSON}::bigint, now()
    FROM generate_series(0, ${groups}::int - 1) g`;
  await pool`INSERT INTO chat_members (channel_id, person_id, joined_at)
    SELECT ${FIRST_CHANNEL}::bigint + i / ${size.group}::int, ${FIRST_PERSON}::bigint + i, now()
    FROM generate_series(0, ${size.people}::int - 1) i`;
  await pool.unsafe("VACUUM ANALYZE");
  const [settings] =
    (await pool`SELECT current_setting('fsync') AS fsync, current_setting('synchronous_commit') AS commit,
    realtime_epoch() AS epoch`) as { fsync: string; commit: string; epoch: string }[];
  const kept = opened.move();
  return {
    sql,
    target: postgres.target,
    pid: postgres.pid,
    version: postgres.version,
    ...settings!,
    groups,
    secretOf,
    streamOf: (person: number) => `chat:${FIRST_CHANNEL + Math.floor(person / size.group)}`,
    streams: Array.from({ length: groups }, (_, g) => `chat:${FIRST_CHANNEL + g}`),
    [Symbol.asyncDispose]: () => kept[Symbol.asyncDispose](),
  };
}
