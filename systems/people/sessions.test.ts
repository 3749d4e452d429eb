import { afterAll, describe, expect, test } from "bun:test";

import { DAY_MS, MINUTE_MS } from "#kernel/time.ts";
import { createSystemClock } from "#ports/clock/index.ts";

import { SESSION_IDLE_D, SESSIONS_PER_PERSON_MAX } from "./bounds.ts";
import { peopleRoutes as r } from "./contract.ts";
import { TEST_PASSWORD, testHouse } from "./testing.ts";

const system = createSystemClock();
let ahead_ms = 0;
const house = await testHouse([], { clock: { ...system, now: () => system.now() + ahead_ms } });
const { client } = house;
afterAll(async () => {
  expect(house.broken).toEqual([]);
  await house[Symbol.asyncDispose]();
});

const signIn = (handle: string, password = TEST_PASSWORD, headers: Record<string, string> = {}) =>
  client.call(r.signIn, { body: { handle, password }, headers });
const me = (token: string) => client.call(r.me, { token });
const untilSomebodyWaits = async () => {
  while ((await house.db.sql.pool`SELECT 1 FROM pg_locks WHERE NOT granted`).length === 0) await Bun.sleep(5);
};

describe("people: sessions", () => {
  test("PE12: a wrong password and an unknown handle get the same answer", async () => {
    await house.person("karin");
    const wrong = await signIn("karin", "not this one at all");
    const unknown = await signIn("nobody_here", "not this one at all");
    const empty = await signIn("karin", "");
    expect([wrong.status, unknown.status, empty.status]).toEqual([401, 401, 401]);
    expect({ ...(wrong.body as object), request_id: 0 }).toEqual({ ...(unknown.body as object), request_id: 0 });
    expect(wrong.code).toBe("people.wrong_password");
  });

  test("PE13: a right password uses up none of the tries at its handle", async () => {
    await house.person("frequent");
    for (let i = 0; i < 25; i++) expect((await signIn("frequent")).status).toBe(201);
    const wrong = [];
    for (let i = 0; i < 21; i++) wrong.push((await signIn("frequent", "wrong wrong wrong")).status);
    expect(wrong.filter((status) => status === 401).length).toBe(20);
  });

  test("PE13: the twenty-first try at one handle from one address within a minute is refused, the right password too", async () => {
    await house.person("lockstep");
    const tries = [];
    for (let i = 0; i < 21; i++) tries.push((await signIn("lockstep", "wrong wrong wrong")).status);
    expect(tries.filter((s) => s === 401).length).toBe(20);
    const refused = await signIn("lockstep");
    expect([refused.status, refused.code]).toEqual([429, "limit.exceeded"]);
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
    const elsewhere = await house.api.fetch(
      new Request("http://house.test/v1/sessions", {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ handle: "lockstep", password: TEST_PASSWORD }),
      }),
      "198.51.100.7",
    );
    expect(elsewhere.status).toBe(201);
  });

  test("PE14: secrets of another kind, cut short, invented or expired are nobody's", async () => {
    const { token } = await house.person("karin");
    for (const bad of [
      "x",
      "fhs_",
      `${token}x`,
      token.slice(0, -1),
      token.replace("fhs_", "fht_"),
      `fhs_${"A".repeat(43)}`,
    ]) {
      expect([bad, (await me(bad)).status]).toEqual([bad, 401]);
    }
    expect((await me(token)).status).toBe(200);
  });

  test("PE15: a session ends when it was not used for 30 days, and use moves its end on", async () => {
    const { token } = await house.person("idle");
    ahead_ms += (SESSION_IDLE_D - 1) * DAY_MS;
    expect((await me(token)).status).toBe(200);
    ahead_ms += (SESSION_IDLE_D - 1) * DAY_MS;
    expect((await me(token)).status).toBe(200);
    ahead_ms += SESSION_IDLE_D * DAY_MS + MINUTE_MS;
    expect((await me(token)).status).toBe(401);
    expect(await house.people.trim()).toBeGreaterThan(0);
    ahead_ms = 0;
  });

  test("PE16: each sign-in has a secret of its own, and a browser's former session ends with it", async () => {
    const first = await signIn("@Karin ");
    const cookie = first.headers.get("set-cookie")!.split(";")[0]!;
    const second = await signIn("karin", TEST_PASSWORD, { cookie });
    expect(second.body.token).not.toBe(first.body.token);
    expect((await me(first.body.token)).status).toBe(401);
    expect((await me(second.body.token)).body.handle).toBe("karin");
  });

  test("PE17: the cookie is HttpOnly and SameSite, and Secure when the house is reached by https", async () => {
    await house.person("crumb");
    const send = (scheme: string) =>
      house.api.fetch(
        new Request(`${scheme}://house.test/v1/sessions`, {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: JSON.stringify({ handle: "crumb", password: TEST_PASSWORD }),
        }),
        "192.0.2.9",
      );
    expect((await send("http")).headers.get("set-cookie")).not.toContain("Secure");
    expect((await send("https")).headers.get("set-cookie")).toMatch(
      /^__Host-folkhus_session=.*Path=\/; .*HttpOnly; SameSite=Lax; Secure$/,
    );
  });

  test("PE18: a person sees and ends their own sessions, and not another's", async () => {
    const mine = await house.person("sven");
    const mine2 = await house.person("sven");
    const other = await house.person("tove");
    const { body } = await client.call(r.listSessions, { token: mine.token });
    expect(body.items.map((s) => [s.id, s.current]).sort()).toEqual(
      [
        [mine.viewer.credential.id, true],
        [mine2.viewer.credential.id, false],
      ].sort(),
    );
    expect(
      (await client.call(r.revokeSession, { token: other.token, params: { id: mine.viewer.credential.id } })).code,
    ).toBe("session.not_found");
    expect(
      (await client.call(r.revokeSession, { token: mine.token, params: { id: mine2.viewer.credential.id } })).status,
    ).toBe(204);
    expect((await me(mine2.token)).status).toBe(401);
    expect((await me(mine.token)).status).toBe(200);
  });

  test("PE18: signing out ends the session on the very next request", async () => {
    const { token } = await house.person("sven");
    expect((await me(token)).status).toBe(200);
    const out = await client.call(r.signOut, { token });
    expect(out.status).toBe(204);
    expect(out.headers.get("set-cookie")).toContain("Max-Age=0");
    expect((await me(token)).status).toBe(401);
  });

  test("PE18: ending all others leaves the one that asks", async () => {
    const [a, b, c] = [await house.person("many"), await house.person("many"), await house.person("many")];
    await client.call(r.revokeOtherSessions, { token: b.token });
    expect([(await me(a.token)).status, (await me(b.token)).status, (await me(c.token)).status]).toEqual([
      401, 200, 401,
    ]);
  });

  test(`PE19: the ${SESSIONS_PER_PERSON_MAX + 1}th session ends the one that was used longest ago`, async () => {
    const first = await house.person("collector");
    for (let i = 0; i < SESSIONS_PER_PERSON_MAX; i++) await house.person("collector");
    expect((await me(first.token)).status).toBe(401);
    const last = await house.person("collector");
    expect((await client.call(r.listSessions, { token: last.token })).body.items.length).toBe(SESSIONS_PER_PERSON_MAX);
  });

  test("PE20: changing the password needs the old one, ends the other sessions, and the new one holds", async () => {
    const [here, there] = [await house.person("change"), await house.person("change")];
    const change = (current_password: string, new_password: string, token = here.token) =>
      client.call(r.changePassword, { token, body: { current_password, new_password } });
    expect((await change("not the password", "eight blue kettles")).code).toBe("people.wrong_password");
    expect((await change(TEST_PASSWORD, "passwordpassword")).code).toBe("people.password_common");
    expect((await change(TEST_PASSWORD, "eight blue kettles")).status).toBe(204);
    expect([(await me(here.token)).status, (await me(there.token)).status]).toEqual([200, 401]);
    expect((await signIn("change")).status).toBe(401);
    expect((await signIn("change", "eight blue kettles")).status).toBe(201);
  });

  test("PE20: a sign-in with the old password that was under way when it changed gets no session", async () => {
    const { id } = await house.person("raced");
    const asked = await house.db.sql.tx(async (tx) => {
      await tx`SELECT 1 FROM people_persons WHERE id = ${id} FOR UPDATE`;
      await tx`UPDATE people_persons SET password_hash = 'another' WHERE id = ${id}`;
      const asked = { answer: signIn("raced") };
      await untilSomebodyWaits();
      return asked;
    });
    expect((await asked.answer).code).toBe("people.wrong_password");
  });

  test("PE21: a token that was asked for with a session that a reset ended meanwhile is not made", async () => {
    const { id, token } = await house.person("outrun");
    const asked = await house.db.sql.tx(async (tx) => {
      await tx`SELECT 1 FROM people_persons WHERE id = ${id} FOR UPDATE`;
      await tx`DELETE FROM people_sessions WHERE person_id = ${id}`;
      const asked = { answer: client.call(r.createToken, { token, body: { name: "kept", scopes: ["read"] } }) };
      await untilSomebodyWaits();
      return asked;
    });
    expect((await asked.answer).code).toBe("session.invalid");
    expect(await house.db.sql.pool`SELECT 1 FROM people_tokens WHERE person_id = ${id}`).toHaveLength(0);
  });

  test("PE21: a reset link works once, for a day, the newest only, and ends every session and token", async () => {
    const admin = await house.person("keeper", "admin");
    const lost = await house.person("forgetful");
    const pat = await client.call(r.createToken, { token: lost.token, body: { name: "script", scopes: ["read"] } });
    const link = () => client.call(r.createResetLink, { token: admin.token, params: { handle: "forgetful" } });
    const reset = (secret: string, new_password = "nine red kettles") =>
      client.call(r.resetPassword, { body: { secret, new_password } });
    expect((await client.call(r.createResetLink, { token: lost.token, params: { handle: "keeper" } })).code).toBe(
      "role.required",
    );
    const old = (await link()).body.secret;
    const { secret } = (await link()).body;
    expect((await reset(old)).code).toBe("people.reset_invalid");
    expect((await reset("fhr_invented")).code).toBe("people.reset_invalid");
    expect((await reset(secret, "passwordpassword")).code).toBe("people.password_common");
    expect((await me(lost.token)).status).toBe(200);
    expect((await reset(secret)).status).toBe(204);
    expect((await reset(secret)).code).toBe("people.reset_invalid");
    expect([(await me(lost.token)).status, (await me(pat.body.secret)).status]).toEqual([401, 401]);
    expect((await signIn("forgetful", "nine red kettles")).status).toBe(201);
    const late = (await link()).body.secret;
    ahead_ms += DAY_MS + MINUTE_MS;
    expect((await reset(late)).code).toBe("people.reset_invalid");
    ahead_ms = 0;
  });

  test("PE22: the command line sets a password by the same rules", async () => {
    await house.person("shell");
    await expect(house.people.setPassword("shell", "passwordpassword")).rejects.toThrow("people.password_common");
    await expect(house.people.setPassword("nobody_here", "ten white kettles")).rejects.toThrow("person.not_found");
    await house.people.setPassword("shell", "ten white kettles");
    expect((await signIn("shell", "ten white kettles")).status).toBe(201);
  });
});

describe("people: tokens", () => {
  test("PE23: a token makes no token, changes no password and deletes no account", async () => {
    const owner = await house.person("owner_of");
    const { body } = await client.call(r.createToken, {
      token: owner.token,
      body: { name: "all", scopes: ["account", "read", "write"] },
    });
    const token = body.secret;
    const codes = [
      await client.call(r.createToken, { token, body: { name: "more", scopes: ["people:admin"] } }),
      await client.call(r.changePassword, {
        token,
        body: { current_password: TEST_PASSWORD, new_password: "eight blue kettles" },
      }),
      await client.call(r.deleteMe, { token, body: { password: TEST_PASSWORD } }),
    ].map((a) => a.code);
    expect(codes).toEqual(["people.session_needed", "people.session_needed", "people.session_needed"]);
  });

  test("PE23: an admin's token makes no reset link, which would be a password", async () => {
    const admin = await house.person("link_maker", "admin");
    const { body } = await client.call(r.createToken, {
      token: admin.token,
      body: { name: "office", scopes: ["people:admin"] },
    });
    const made = await client.call(r.createResetLink, { token: body.secret, params: { handle: "link_maker" } });
    expect(made.code).toBe("people.session_needed");
  });

  test("PE24: a token does only what its scopes say", async () => {
    const owner = await house.person("scoped");
    await house.person("target");
    const { body } = await client.call(r.createToken, {
      token: owner.token,
      body: { name: "reader", scopes: ["read"] },
    });
    expect(body.secret).toStartWith("fht_");
    expect((await me(body.secret)).body).toMatchObject({ handle: "scoped", credential: "token", scopes: ["read"] });
    expect((await client.call(r.follow, { token: body.secret, params: { handle: "target" } })).code).toBe(
      "token.scope",
    );
    expect((await client.call(r.listTokens, { token: body.secret })).code).toBe("token.scope");
  });

  test("PE25: the secret is shown once, and a revoked or expired token is dead on the next request", async () => {
    const owner = await house.person("once_only");
    const make = (expires_in_d: number | null) =>
      client.call(r.createToken, { token: owner.token, body: { name: "t", scopes: ["read"], expires_in_d } });
    const [kept, gone, late] = [(await make(null)).body, (await make(1)).body, (await make(1)).body];
    for (const t of [kept, gone, late]) expect((await me(t.secret)).status).toBe(200);
    const listed = (await client.call(r.listTokens, { token: owner.token })).body.items;
    expect(listed.map((t) => t.id)).toEqual([late.id, gone.id, kept.id]);
    expect(JSON.stringify(listed)).not.toContain("fht_");
    await client.call(r.revokeToken, { token: owner.token, params: { id: gone.id } });
    expect((await client.call(r.revokeToken, { token: owner.token, params: { id: gone.id } })).code).toBe(
      "token.not_found",
    );
    expect((await me(gone.secret)).status).toBe(401);
    ahead_ms = DAY_MS + MINUTE_MS;
    expect([(await me(late.secret)).status, (await me(kept.secret)).status]).toEqual([401, 200]);
    ahead_ms = 0;
  });

  test("PE72: a token that a program holds has no scope at any door and no keys, and its person sees which it is", async () => {
    const owner = await house.person("hostess");
    const { tokens, tokenKeys } = house.people.rooms;
    const held = await tokens.create(owner.viewer, {
      name: "Phone",
      scopes: ["read", "write"],
      expires_in_d: null,
      program: true,
    });
    expect((await me(held.secret)).code).toBe("token.scope");
    const viewer = await house.people.authenticate(held.secret);
    expect(viewer).toMatchObject({ scopes: [], credential: { kind: "token", id: held.id, program: true } });
    await expect(tokenKeys.show(owner.viewer, held.id)).rejects.toThrow("token.not_found");
    expect(await tokenKeys.find(held.id)).toBeNull();
    const [listed] = (await client.call(r.listTokens, { token: owner.token })).body.items;
    expect(listed).toMatchObject({ name: "Phone", scopes: ["read", "write"], program: true });
    const own = await client.call(r.createToken, { token: owner.token, body: { name: "mine", scopes: ["read"] } });
    expect(own.body.program).toBe(false);
    expect((await me(own.body.secret)).status).toBe(200);
  });

  test("PE25: an Idempotency-Key does not keep a secret readable", async () => {
    const owner = await house.person("keyed");
    const headers = { "idempotency-key": "make-one" };
    const made = await client.call(r.createToken, {
      token: owner.token,
      body: { name: "t", scopes: ["read"] },
      headers,
    });
    expect(made.status).toBe(201);
    const kept = await house.db.sql.pool`SELECT body FROM http_idempotency WHERE owner = ${owner.id}`;
    expect(JSON.stringify(kept)).not.toContain("fht_");
  });
});
