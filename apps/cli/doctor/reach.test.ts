import { expect, test } from "bun:test";

import { readConfig } from "../../server/config.ts";
import { reach } from "./reach.ts";

const of = (env: Record<string, string>) => reach(readConfig({ FOLKHUS_DATA: "/house", ...env }).config);

test("CI5: the doctor says whether push and letters can reach anybody, and what is missing", () => {
  expect(of({}).map(({ name, state }) => [name, state])).toEqual([
    ["push", "warn"],
    ["mail", "warn"],
  ]);
  expect(of({}).every(({ advice }) => advice.includes("FOLKHUS_URL"))).toBe(true);
  expect(of({ FOLKHUS_URL: "http://house.example" })[0]).toMatchObject({ state: "warn" });
  const [push, mail] = of({ FOLKHUS_URL: "https://house.example" });
  expect(push).toMatchObject({ state: "ok" });
  expect(mail).toMatchObject({ state: "warn", detail: "letters are written into /house/outbox and go no further" });
});
