import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import type { Sql } from "./index.ts";

/** A system's migrations: plain `.sql`, run in the order of their names, never edited after they land. */
export interface MigrationFolder {
  system: string;
  folder: string;
}

interface Migration {
  name: string;
  checksum: string;
  text: string;
}

/** Any constant does; all nodes of a house take the same lock and so migrate one after the other. */
const MIGRATION_LOCK = 5_202_611_210_001n;

/**
 * Brings the schema up to date. Safe when several nodes start together: the second waits and then finds nothing to do.
 * Each file runs in one transaction with its row in `sql_migrations`.
 * @returns names of the migrations that this call ran
 * @throws when a file that already ran was edited or has gone
 */
export async function migrate(sql: Sql, folders: MigrationFolder[]): Promise<string[]> {
  const wanted = folders.flatMap(readFolder);
  const session = await sql.pool.reserve();
  try {
    await session`SET statement_timeout = 0`;
    await session`SELECT pg_advisory_lock(${MIGRATION_LOCK}::bigint)`;
    try {
      await session`CREATE TABLE IF NOT EXISTS sql_migrations (
        name text PRIMARY KEY, checksum text NOT NULL, at timestamptz NOT NULL DEFAULT now())`;
      const done = new Map<string, string>(
        (await session`SELECT name, checksum FROM sql_migrations`.values()).map((r: [string, string]) => r),
      );
      const ran: string[] = [];
      for (const migration of wanted) {
        const before = done.get(migration.name);
        if (before === migration.checksum) continue;
        if (before) throw new Error(`Migration ${migration.name} was edited after it ran. Add a new file instead.`);
        await session.begin(async (tx) => {
          await tx.unsafe(migration.text).simple();
          await tx`INSERT INTO sql_migrations (name, checksum) VALUES (${migration.name}, ${migration.checksum})`;
        });
        ran.push(migration.name);
      }
      return ran;
    } finally {
      await session`SELECT pg_advisory_unlock(${MIGRATION_LOCK}::bigint)`;
      await session`RESET statement_timeout`;
    }
  } finally {
    await session.release();
  }
}

export function readFolder({ system, folder }: MigrationFolder): Migration[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith(".sql"))
    .sort()
    .map((file) => {
      const text = readFileSync(join(folder, file), "utf8");
      return { name: `${system}/${file}`, checksum: createHash("sha256").update(text).digest("hex"), text };
    });
}
