import { JOBS_FOLDER, SQL_FOLDER, testDatabase } from "#ports/sql/testing.ts";

import { jobsContract } from "./contract.suite.ts";
import { createJobs } from "./index.ts";

jobsContract("embedded PostgreSQL", async () => {
  const db = await testDatabase([SQL_FOLDER, JOBS_FOLDER]);
  return {
    sql: db.sql,
    clock: db.clock,
    open: (options) =>
      createJobs({ sql: db.sql, clock: db.clock, onError: (error) => console.error(error), ...options }),
    close: () => db[Symbol.asyncDispose](),
  };
});
