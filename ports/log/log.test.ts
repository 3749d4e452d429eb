import { LOG_FOLDER, SQL_FOLDER, testDatabase } from "#ports/sql/testing.ts";

import { logContract } from "./contract.suite.ts";
import { createLog } from "./index.ts";

logContract("embedded PostgreSQL", async () => {
  const db = await testDatabase([SQL_FOLDER, LOG_FOLDER]);
  return {
    sql: db.sql,
    clock: db.clock,
    open: (options) => createLog({ sql: db.sql, clock: db.clock, ...options }),
    close: () => db[Symbol.asyncDispose](),
  };
});
