import { afterAll, describe, expect, test } from "bun:test";

import { peopleRoutes as r } from "./contract.ts";
import { TEST_PASSWORD, testHouse } from "./testing.ts";

const house = await testHouse();
const invited = await testHouse([], { house: { name: "Invited", signup: "invitation" } });
const closed = await testHouse([], { house: { name: "Closed", signup: "closed" } });
afterAll(async () => {
  for (const h of [house, invited, closed]) {
    expect(h.broken).toEqual([]);
    await h[Symbol.asyncDispose]();
  }
});

const body = (handle: string, more: object = {}) => ({
  handle,
  password: TEST_PASSWORD,
  display_name: handle,
  ...more,
});
const signUp = (h: typeof house, handle: string, more: object = {}) =>
  h.client.call(r.signUp, { body: body(handle, more) });

describe("people: sign-up", () => {
  test("PE1: a handle that is no handle, an unknown field and a missing one are refused with 400", async () => {
    for (const bad of ["a", "1abc", "has space", "å_ring", "x".repeat(31), "a-b", "a.b", ""]) {
      expect([bad, (await signUp(house, bad)).status]).toEqual([bad, 400]);
    }
    expect((await signUp(house, "fine", { role: "admin" })).code).toBe("request.invalid");
    expect((await house.client.call(r.signUp, { body: { handle: "fine" } as never })).status).toBe(400);
  });

  test("PE2: reserved words and what only looks like one are refused", async () => {
    for (const word of ["me", "admin", "Adm1n", "supp0rt", "root_", "gone_123", "folkhus"]) {
      expect([word, (await signUp(house, word)).code]).toEqual([word, "people.handle_reserved"]);
    }
  });

  test("PE3: a handle is taken in every case of its letters", async () => {
    expect((await signUp(house, "Birgit")).status).toBe(201);
    expect((await signUp(house, "bIRGIT")).code).toBe("people.handle_taken");
  });

  test("PE3: of ten who want one handle at once, one gets it and nine are told", async () => {
    const answers = await Promise.all(Array.from({ length: 10 }, () => signUp(house, "wanted")));
    expect(answers.map((a) => a.status).sort()).toEqual([201, ...Array.from({ length: 9 }, () => 409)]);
  });

  test("PE4: a password of 11 or 257 characters, a common one, and one that is only the name are refused", async () => {
    for (const [password, code] of [
      ["elevenchars", "request.invalid"],
      ["x1y2".repeat(65), "request.invalid"],
      ["passwordpassword", "people.password_common"],
      ["123456789012", "people.password_common"],
      ["Qwertyuiop12", "people.password_common"],
      ["greta_greta_1", "people.password_like_handle"],
    ] as const) {
      expect([password, (await signUp(house, "greta_greta", { password })).code]).toEqual([password, code]);
    }
  });

  test("PE5: a closed house takes in nobody, not even with an invitation", async () => {
    const admin = await closed.person("boss", "admin");
    const { body } = await closed.client.call(r.createInvitation, { token: admin.token, body: {} });
    expect((await signUp(closed, "newcomer")).code).toBe("people.sign_up_closed");
    expect((await signUp(closed, "newcomer", { invitation: body.secret })).code).toBe("people.sign_up_closed");
  });

  test("PE6: a house by invitation asks for one, and for a true one", async () => {
    expect((await signUp(invited, "newcomer")).code).toBe("people.invitation_needed");
    expect((await signUp(invited, "newcomer", { invitation: "fhi_nonsense" })).code).toBe("people.invitation_invalid");
  });

  test("PE7: an invitation's last use goes to one of many who come at once; taken back it lets in nobody", async () => {
    const admin = await invited.person("host", "admin");
    const { body } = await invited.client.call(r.createInvitation, {
      token: admin.token,
      body: { uses_max: 2, role: "moderator" },
    });
    const answers = await Promise.all(
      ["guest_a", "guest_b", "guest_c", "guest_d"].map((h) => signUp(invited, h, { invitation: body.secret })),
    );
    expect(answers.map((a) => a.status).sort()).toEqual([201, 201, 403, 403]);
    expect(answers.find((a) => a.status === 201)!.body.role).toBe("moderator");

    const other = await invited.client.call(r.createInvitation, { token: admin.token, body: {} });
    expect(
      (await invited.client.call(r.lookUpInvitation, { body: { invitation: other.body.secret } })).body.created_by
        ?.handle,
    ).toBe("host");
    await invited.client.call(r.revokeInvitation, { token: admin.token, params: { id: other.body.id } });
    expect((await signUp(invited, "guest_e", { invitation: other.body.secret })).code).toBe(
      "people.invitation_invalid",
    );
    expect((await invited.client.call(r.lookUpInvitation, { body: { invitation: other.body.secret } })).code).toBe(
      "people.invitation_invalid",
    );
  });

  test("PE7: a moderator invites members only, and a member nobody", async () => {
    const moderator = await invited.person("watch_moderator", "moderator");
    const member = await invited.person("plain");
    expect(
      (await invited.client.call(r.createInvitation, { token: moderator.token, body: { role: "admin" } })).code,
    ).toBe("people.role_too_high");
    expect((await invited.client.call(r.createInvitation, { token: moderator.token, body: {} })).status).toBe(201);
    expect((await invited.client.call(r.createInvitation, { token: member.token, body: {} })).code).toBe(
      "role.required",
    );
  });

  test("PE8: the one-time link makes the first admin, once, in any mode, and is gone after", async () => {
    await using fresh = await testHouse([], { house: { name: "Fresh", signup: "closed" } });
    expect((await fresh.client.call(r.house)).body).toEqual({
      name: "Fresh",
      sign_up: "closed",
      needs_setup: true,
      notes: [],
    });
    const older = await fresh.people.ensureSetupLink();
    const secret = await fresh.people.ensureSetupLink();
    expect((await signUp(fresh, "impostor", { setup_token: `${secret!.slice(0, -1)}x` })).code).toBe(
      "people.setup_invalid",
    );
    const both = await Promise.all([
      signUp(fresh, "admin", { setup_token: secret }),
      signUp(fresh, "second", { setup_token: secret }),
    ]);
    expect(both.map((a) => a.status).sort()).toEqual([201, 403]);
    expect(both.find((a) => a.status === 201)!.body.role).toBe("admin");
    expect((await fresh.client.call(r.house)).body.needs_setup).toBe(false);
    expect((await signUp(fresh, "late", { setup_token: older })).code).toBe("people.setup_invalid");
    expect(await fresh.people.ensureSetupLink()).toBeNull();
  });

  test("PE9: signing up answers the person and signs the browser in with a cookie that scripts cannot read", async () => {
    const { status, body, headers } = await signUp(house, "Astrid", { display_name: "  Astrid L  " });
    expect(status).toBe(201);
    expect(body).toMatchObject({
      handle: "astrid",
      display_name: "Astrid L",
      role: "member",
      followers: 0,
      credential: "session",
    });
    const cookie = headers.get("set-cookie")!;
    expect(cookie).toContain("HttpOnly; SameSite=Lax");
    expect(cookie).not.toContain("Secure");
    const me = await house.client.call(r.me, { headers: { cookie: cookie.split(";")[0]! } });
    expect(me.body.id).toBe(body.id);
  });

  test("PE10: the command line makes people by the same rules, and may use a reserved handle that is not a path", async () => {
    await expect(house.people.createPerson({ handle: "me", password: TEST_PASSWORD })).rejects.toThrow(
      "people.handle_reserved",
    );
    await expect(house.people.createPerson({ handle: "root", password: "short" })).rejects.toThrow(
      "people.password_length",
    );
    await expect(house.people.createPerson({ handle: "no good", password: TEST_PASSWORD })).rejects.toThrow(
      "people.handle_invalid",
    );
    const made = await house.people.createPerson({ handle: "Admin", password: TEST_PASSWORD, role: "admin" });
    expect(
      (await house.client.call(r.signIn, { body: { handle: "admin", password: TEST_PASSWORD } })).body.person,
    ).toMatchObject({ id: made.id, role: "admin" });
  });

  test("PE11: an admin's choice of sign-up mode and name wins over the configuration", async () => {
    const admin = await closed.person("boss", "admin");
    await closed.client.call(r.editSettings, { token: admin.token, body: { sign_up: "open", name: "Opened" } });
    expect((await closed.client.call(r.house)).body).toMatchObject({ name: "Opened", sign_up: "open" });
    expect((await signUp(closed, "newcomer")).status).toBe(201);
    await closed.client.call(r.editSettings, { token: admin.token, body: { sign_up: "closed" } });
    expect((await closed.client.call(r.settings, { token: admin.token })).body).toEqual({
      name: "Opened",
      sign_up: "closed",
    });
  });
});
