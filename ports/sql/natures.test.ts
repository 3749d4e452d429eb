import { afterAll, expect, test } from "bun:test";

import { Problem, Transient } from "#kernel/errors.ts";
import { createSystemClock } from "#ports/clock/index.ts";

import { createSql, natureOfSql } from "./index.ts";
import { testDatabase } from "./testing.ts";

const db = await testDatabase();
afterAll(() => db[Symbol.asyncDispose]());

/** As the server itself throws it. */
const thrown = (state: string) =>
  db.sql.pool.unsafe(`DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = '${state}'; END $$`).then(
    () => null,
    (error: unknown) => error,
  );
const natures = async (...states: string[]) => {
  const found = new Set<string>();
  for (const state of states) found.add(natureOfSql(await thrown(state)));
  return [...found];
};

test("SQ13: what passes is transient, too many connections throttled, and a broken statement or rule a bug", async () => {
  expect(await natures("40001", "40P01", "57P01", "57P03", "55P03", "57014", "53100", "08006")).toEqual(["transient"]);
  expect(await natures("53300")).toEqual(["throttled"]);
  expect(await natures("23505", "23514", "42601", "42P01", "22012")).toEqual(["bug"]);
});

test("SQ13: a server that is not there is transient, and what is no error of the database keeps its nature", async () => {
  await using sql = createSql({ url: "postgres://nobody@127.0.0.1:1/nothing" }, { clock: createSystemClock() });
  const error = await sql.pool`SELECT 1`.then(
    () => null,
    (away: unknown) => away,
  );
  expect(natureOfSql(error)).toBe("transient");
  expect(natureOfSql(new Transient("away"))).toBe("transient");
  expect(natureOfSql(new Problem(404, "a.not_found", "-"))).toBe("permanent");
  expect(natureOfSql(new TypeError("x"))).toBe("bug");
});
