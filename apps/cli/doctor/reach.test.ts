import { expect, test } from "bun:test";

import { testMailServer } from "#engines/smtp/testing.ts";
import { createSystemClock } from "#ports/clock/index.ts";

import { readConfig } from "../../server/config.ts";
import { reach } from "./reach.ts";

const of = (env: Record<string, string>) => {
  const { config, secrets } = readConfig({ FOLKHUS_DATA: "/house", ...env });
  return reach(config, secrets, createSystemClock());
};

test("CI5: the doctor says whether push and letters can reach anybody, and what is missing", async () => {
  expect((await of({})).map(({ name, state }) => [name, state])).toEqual([
    ["push", "warn"],
    ["mail", "warn"],
  ]);
  expect((await of({})).every(({ advice }) => advice.includes("FOLKHUS_URL"))).toBe(true);
  expect((await of({ FOLKHUS_URL: "http://house.example" }))[0]).toMatchObject({ state: "warn" });
  const [push, mail] = await of({ FOLKHUS_URL: "https://house.example" });
  expect(push).toMatchObject({ state: "ok" });
  expect(mail).toMatchObject({ state: "warn", detail: "letters are written into /house/outbox and go no further" });
});

test("CI5: the doctor talks to the mail server and says what is wrong", async () => {
  const server = await testMailServer({
    authOptional: false,
    allowInsecureAuth: true,
    onAuth: ({ username, password }, _session, done) =>
      password === "right" ? done(null, { user: username }) : done(new Error("5.7.8 Wrong")),
  });
  const { port } = server;
  const by = async (password: string) =>
    (
      await of({
        FOLKHUS_URL: "https://house.example",
        FOLKHUS_MAIL_FROM: "house@house.example",
        SMTP_URL: `smtp://house:${password}@127.0.0.1:${port}?tls=0`,
      })
    )[1]!;
  expect(await by("right")).toMatchObject({ state: "ok", detail: expect.stringContaining("house@house.example") });
  const wrong = await by("hunter2");
  expect(wrong).toMatchObject({ state: "broken", detail: expect.stringContaining("sign in") });
  expect(JSON.stringify(wrong)).not.toContain("hunter2");
  await server[Symbol.asyncDispose]();
  expect(await by("right")).toMatchObject({ state: "broken", detail: expect.stringContaining("away") });
  const unsigned = await of({
    FOLKHUS_URL: "https://house.example",
    SMTP_URL: "smtp://house%40house.example:x@mail.example",
    FOLKHUS_DKIM_SELECTOR: "house1",
    FOLKHUS_DKIM_KEY_FILE: "/nowhere/key.pem",
  });
  expect(unsigned[1]).toMatchObject({ state: "broken", detail: expect.stringContaining("/nowhere/key.pem") });
});
