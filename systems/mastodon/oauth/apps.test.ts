import { afterAll, expect, test } from "bun:test";

import { DAY_MS } from "#kernel/time.ts";
import type { Clock } from "#ports/clock/index.ts";
import { testHouse } from "#systems/people/testing.ts";

import { APPS_MAX } from "../bounds.ts";
import { OUT_OF_BAND } from "../policy.ts";
import { createApps } from "./apps.ts";
import { createAuthorizing } from "./authorize.ts";
import { createTokens } from "./tokens.ts";

const house = await testHouse([{ system: "mastodon", folder: `${import.meta.dirname}/../sql` }]);
afterAll(() => house[Symbol.asyncDispose]());
const { sql, ids } = house.db;
let ahead_ms = 0;
const clock: Clock = { ...house.db.clock, now: () => house.db.clock.now() + ahead_ms };
const ground = { sql, clock, ids, limiter: house.limiter, people: house.people, caches: house.caches };
const apps = createApps(ground);
const authorizing = createAuthorizing(ground, apps);
const tokens = createTokens(ground);
let addresses = 0;
const register = (scopes = "read write", address = `192.0.2.${addresses++}`) =>
  apps.register(
    { client_name: "Phone", redirect_uris: [OUT_OF_BAND], scopes, website: "javascript:alert(1)" },
    address,
  );
const ann = await house.person("ann");
const asked = (client_id: string) => ({
  client_id,
  redirect_uri: OUT_OF_BAND,
  response_type: "code",
  scope: "read write",
});

test("MA1: many programs from one address wait; a website that is none is dropped", async () => {
  const made = await register("read", "198.51.100.7");
  expect(made.app.website).toBeNull();
  for (let i = 0; i < 9; i++) await register("read", "198.51.100.7");
  await expect(register("read", "198.51.100.7")).rejects.toThrow("limit.exceeded");
  await register("read", "198.51.100.8");
});

test("MA7: a program that nobody let in goes after a day; one that somebody holds stays, until half a year after they left", async () => {
  const unused = await register();
  const used = await register();
  const { code } = await authorizing.answer(ann.viewer, { ...asked(used.app.client_id), allow: true });
  const given = await tokens.give(used.app, {
    grant_type: "authorization_code",
    code: code!,
    redirect_uri: OUT_OF_BAND,
  });
  ahead_ms += DAY_MS + 1_000;
  expect(await apps.trim()).toBeGreaterThan(0);
  expect(await apps.byId(unused.app.id)).toBeNull();
  ahead_ms += 181 * DAY_MS;
  await apps.trim();
  expect(await apps.byId(used.app.id)).not.toBeNull();
  const { viewer, scopes } = await tokens.caller(given.access_token);
  expect(scopes).toEqual(["read", "write"]);
  // Its grant goes with its token, by the event that ends it.
  await sql.pool`DELETE FROM mastodon_grants WHERE token_id = ${viewer.kind === "person" ? viewer.credential.id : "0"}`;
  await apps.trim();
  expect(await apps.byId(used.app.id)).toBeNull();
});

test("MA3: a code is good for ten minutes and no longer", async () => {
  const { app } = await register();
  const take = async (wait_ms: number) => {
    const { code } = await authorizing.answer(ann.viewer, { ...asked(app.client_id), allow: true });
    ahead_ms += wait_ms;
    return tokens.give(app, { grant_type: "authorization_code", code: code!, redirect_uri: OUT_OF_BAND });
  };
  await expect(take(10 * 60_000 + 1)).rejects.toThrow("invalid_grant");
  expect((await take(9 * 60_000)).token_type).toBe("Bearer");
});

test("MA2: a no is told to the program where it may be told, and there is no code", async () => {
  const { app } = await apps.register(
    { client_name: "App", redirect_uris: ["app://back"], scopes: "read", website: null },
    "192.0.2.200",
  );
  const said = await authorizing.answer(ann.viewer, {
    client_id: app.client_id,
    redirect_uri: "app://back",
    response_type: "code",
    state: "a&b",
    allow: false,
  });
  expect(said.code).toBeNull();
  const back = new URL(said.redirect_to!);
  expect([back.searchParams.get("error"), back.searchParams.get("state")]).toEqual(["access_denied", "a&b"]);
  const [row] = await sql.pool`SELECT count(*)::int AS n FROM mastodon_codes WHERE app_id = ${app.id}`;
  expect(row.n).toBe(0);
});

test("MA7: when the house knows as many programs as it can, unused ones make room, and without those the next waits", async () => {
  const before = new Date(clock.now() - 2 * DAY_MS);
  const fill = (used: Date | null) => sql.pool`
    INSERT INTO mastodon_apps (id, name, redirect_uris, scopes, client_id, secret_hash, created_at, used_at)
    SELECT n, 'x', '{a}', '{read}', 'filled_with_numbers_' || n, sha256(n::text::bytea), ${before}, ${used}
    FROM generate_series(1, ${APPS_MAX}::int) n ON CONFLICT (id) DO UPDATE SET used_at = excluded.used_at`;
  await fill(null);
  await register();
  await fill(new Date(clock.now()));
  await expect(register()).rejects.toThrow("mastodon.too_many_apps");
  await sql.pool`DELETE FROM mastodon_apps WHERE name = 'x'`;
});

test("MA7: who registers programs by the thousand keeps nobody out: the oldest that nobody let in make room after ten minutes", async () => {
  const fill = (ago_ms: number) => sql.pool`
    INSERT INTO mastodon_apps (id, name, redirect_uris, scopes, client_id, secret_hash, created_at)
    SELECT n, 'flood', '{a}', '{read}', 'filled_with_numbers_' || n, sha256(n::text::bytea), ${new Date(clock.now() - ago_ms)}
    FROM generate_series(1, ${APPS_MAX}::int) n ON CONFLICT (id) DO UPDATE SET created_at = excluded.created_at`;
  await fill(11 * 60_000);
  const { app } = await register();
  expect(await apps.byId(app.id)).not.toBeNull();
  const { code } = await authorizing.answer(ann.viewer, { ...asked(app.client_id), allow: true });
  expect(
    (await tokens.give(app, { grant_type: "authorization_code", code: code!, redirect_uri: OUT_OF_BAND })).scope,
  ).toBe("read write");
  await sql.pool`DELETE FROM mastodon_apps WHERE name = 'flood'`;
  // Whose person is just reading what it asks for is not swept away from under them.
  await fill(9 * 60_000);
  await expect(register()).rejects.toThrow("mastodon.too_many_apps");
  await sql.pool`DELETE FROM mastodon_apps WHERE name = 'flood'`;
});

test("MA3: a code that comes twice at once ends as one that comes twice: no token of it lives", async () => {
  const { app } = await register();
  for (let i = 0; i < 8; i++) {
    const { code } = await authorizing.answer(ann.viewer, { ...asked(app.client_id), allow: true });
    const give = () => tokens.give(app, { grant_type: "authorization_code", code: code!, redirect_uri: OUT_OF_BAND });
    const given = await Promise.allSettled([give(), give(), give()]);
    for (const one of given)
      if (one.status === "fulfilled")
        await expect(tokens.caller(one.value.access_token)).rejects.toThrow("session.invalid");
  }
});

test("nothing broke on our side", () => {
  expect(house.broken).toEqual([]);
});
