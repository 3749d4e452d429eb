import { afterAll, expect, test } from "bun:test";

import { SQL_FOLDER, testDatabase } from "#ports/sql/testing.ts";

import { createLogLines, logServed } from "./log-lines.ts";

const db = await testDatabase([SQL_FOLDER]);
afterAll(() => db[Symbol.asyncDispose]());

test("SV11: what the database says of a refused row, which is what somebody wrote, does not reach the log", async () => {
  const { pool } = db.sql;
  await pool`CREATE TABLE notes (words text CHECK (length(words) < 5), name text UNIQUE)`;
  await pool`INSERT INTO notes (name) VALUES ('a secret name')`;
  const errors = [
    await pool`INSERT INTO notes (words) VALUES (${"a secret thought"})`.catch((error: unknown) => error),
    await pool`INSERT INTO notes (name) VALUES (${"a secret name"})`.catch((error: unknown) => error),
  ];
  let written = "";
  const lines = createLogLines("info", false, { write: (line) => (written += line) });
  const request = { method: "POST", route: "/v1/notes", status: 500, ms: 1, request_id: "r", person_id: null };
  for (const error of errors) {
    logServed(lines, { ...request, error });
    logServed(lines, { ...request, error: new Error("outer", { cause: error }) });
    lines.warn({ error }, "a reader of the log failed");
  }
  expect(written).not.toContain("a secret");
  expect(written).toContain("notes_words_check");
  expect(written.trim().split("\n")).toHaveLength(6);
});
