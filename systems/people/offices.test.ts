import { afterAll, describe, expect, test } from "bun:test";

import { peopleRoutes as r } from "./contract.ts";
import { PEOPLE_TOPIC } from "./events.ts";
import { TEST_PASSWORD, testHouse } from "./testing.ts";

const avatar = { url_small: "/blobs/s.webp", url_large: "/blobs/l.webp" };
const house = await testHouse([], {
  pictures: { avatarOf: async (_, image_id) => (image_id === "77" ? avatar : null) },
});
const { client, people } = house;
const working = people.work();
afterAll(async () => {
  working[Symbol.dispose]();
  expect(house.broken).toEqual([]);
  await house[Symbol.asyncDispose]();
});

const admin = await house.person("ada", "admin");
const moderator = await house.person("mona", "moderator");
const member = await house.person("max");
const suspend = (token: string, handle: string) =>
  client.call(r.suspend, { token, params: { handle }, body: { reason: "It sold things" } });
const reinstate = (token: string, handle: string) => client.call(r.reinstate, { token, params: { handle } });
const role = (token: string, handle: string, to: "admin" | "moderator" | "member") =>
  client.call(r.setRole, { token, params: { handle }, body: { role: to } });

describe("people: offices of the house", () => {
  test("PE41: members hold no office; moderators act on members; admins on all, but not on themselves", async () => {
    await house.person("other_mod", "moderator");
    expect((await suspend(member.token, "ada")).code).toBe("role.required");
    expect((await suspend(moderator.token, "ada")).code).toBe("people.role_too_high");
    expect((await suspend(moderator.token, "other_mod")).code).toBe("people.role_too_high");
    expect((await suspend(admin.token, "ada")).code).toBe("people.yourself");
    expect((await suspend(moderator.token, "nobody_here")).code).toBe("person.not_found");
    expect((await suspend(admin.token, "other_mod")).status).toBe(204);
    expect((await reinstate(moderator.token, "other_mod")).code).toBe("people.role_too_high");
    expect((await reinstate(admin.token, "other_mod")).status).toBe(204);
    expect((await role(moderator.token, "max", "moderator")).code).toBe("role.required");
    expect((await client.call(r.adminListPeople, { token: member.token })).code).toBe("role.required");
    expect((await client.call(r.editSettings, { token: moderator.token, body: { name: "Mine" } })).code).toBe(
      "role.required",
    );
  });

  test("PE42: who is suspended still looks and signs out, does nothing else, and is hidden, from the next request on", async () => {
    const bad = await house.person("spammer");
    await client.call(r.follow, { token: member.token, params: { handle: "spammer" } });
    expect((await client.call(r.me, { token: bad.token })).body.suspended).toBe(false);
    expect((await suspend(moderator.token, "spammer")).status).toBe(204);
    expect((await client.call(r.me, { token: bad.token })).body).toMatchObject({
      suspended: true,
      suspended_reason: "It sold things",
    });
    expect((await client.call(r.follow, { token: bad.token, params: { handle: "max" } })).code).toBe(
      "person.suspended",
    );
    expect((await client.call(r.editMe, { token: bad.token, body: { bio: "x" } })).code).toBe("person.suspended");
    expect((await client.call(r.createToken, { token: bad.token, body: { name: "x", scopes: ["read"] } })).code).toBe(
      "person.suspended",
    );
    expect((await client.call(r.person, { token: member.token, params: { handle: "spammer" } })).code).toBe(
      "person.not_found",
    );
    expect(
      (await client.call(r.person, { token: moderator.token, params: { handle: "spammer" } })).body.suspended,
    ).toBe(true);
    expect((await client.call(r.listFollowing, { params: { handle: "max" } })).body.items).toEqual([]);
    expect((await client.call(r.suggestPeople, { token: member.token, query: { q: "spam" } })).body.items).toEqual([]);
    const listed = (await client.call(r.adminListPeople, { token: moderator.token, query: { state: "suspended" } }))
      .body.items;
    expect(listed).toMatchObject([{ handle: "spammer", suspended_reason: "It sold things" }]);
    expect(
      (await client.call(r.signIn, { body: { handle: "spammer", password: TEST_PASSWORD } })).body.person.suspended,
    ).toBe(true);
    expect((await reinstate(moderator.token, "spammer")).status).toBe(204);
    expect((await client.call(r.follow, { token: bad.token, params: { handle: "max" } })).status).toBe(204);
    expect((await client.call(r.signOut, { token: bad.token })).status).toBe(204);
  });

  test("PE43: a role holds from the next request on, and ends with the invitations that it gave", async () => {
    const riser = await house.person("riser");
    expect((await client.call(r.listInvitations, { token: riser.token })).code).toBe("role.required");
    await role(admin.token, "riser", "moderator");
    const { body: invitation } = await client.call(r.createInvitation, { token: riser.token, body: {} });
    expect((await client.call(r.listInvitations, { token: riser.token })).body.items.map((i) => i.id)).toContain(
      invitation.id,
    );
    await role(admin.token, "riser", "member");
    expect((await client.call(r.listInvitations, { token: riser.token })).code).toBe("role.required");
    expect((await client.call(r.lookUpInvitation, { body: { invitation: invitation.secret } })).code).toBe(
      "people.invitation_invalid",
    );
  });

  test("PE43: who was an admin and is a moderator now keeps no invitation that makes admins", async () => {
    const faller = await house.person("faller", "admin");
    const invite = async (to: "admin" | "member") =>
      (await client.call(r.createInvitation, { token: faller.token, body: { role: to } })).body.secret;
    const [high, low] = [await invite("admin"), await invite("member")];
    await role(admin.token, "faller", "moderator");
    const look = (invitation: string) => client.call(r.lookUpInvitation, { body: { invitation } });
    expect([(await look(high)).code, (await look(low)).status]).toEqual(["people.invitation_invalid", 200]);
  });

  test("PE43: an invitation that was asked for in a role that is lost meanwhile is not made", async () => {
    const { id, token } = await house.person("falling", "admin");
    const asked = await house.db.sql.tx(async (tx) => {
      await tx`UPDATE people_persons SET role = 'member' WHERE id = ${id}`;
      const asked = { answer: client.call(r.createInvitation, { token, body: { role: "admin" } }) };
      while ((await house.db.sql.pool`SELECT 1 FROM pg_locks WHERE NOT granted`).length === 0) await Bun.sleep(5);
      return asked;
    });
    expect((await asked.answer).code).toBe("people.role_too_high");
  });

  test("PE44: of two admins who suspend each other at once, one stays", async () => {
    const second = await house.person("twin_admin", "admin");
    await house.db.sql.pool`UPDATE people_persons SET role = 'member'
      WHERE role = 'admin' AND handle NOT IN ('ada', 'twin_admin')`;
    // Both are let in before either is done: the rows of both are held until both wait.
    const asked = await house.db.sql.tx(async (tx) => {
      await tx`SELECT 1 FROM people_persons WHERE role = 'admin' ORDER BY id FOR UPDATE`;
      const asked = { answers: Promise.all([suspend(admin.token, "twin_admin"), suspend(second.token, "ada")]) };
      while ((await house.db.sql.pool`SELECT 1 FROM pg_locks WHERE NOT granted`).length < 2) await Bun.sleep(5);
      return asked;
    });
    const statuses = (await asked.answers).map((a) => a.status).sort();
    expect(statuses).toEqual([204, 403]);
    await house.db.sql
      .pool`UPDATE people_persons SET suspended_at = NULL, suspended_by = NULL, suspended_reason = NULL WHERE role = 'admin'`;
    await people.setRole("twin_admin", "member");
    await reinstate(admin.token, "twin_admin");
  });

  test("PE44: the last admin stays one: not demoted, not deleted; of two who demote each other, one stays", async () => {
    expect((await role(admin.token, "ada", "member")).code).toBe("people.last_admin");
    expect((await client.call(r.deleteMe, { token: admin.token, body: { password: TEST_PASSWORD } })).code).toBe(
      "people.last_admin",
    );
    const second = await house.person("second_admin", "admin");
    await Promise.all([role(admin.token, "second_admin", "member"), role(second.token, "ada", "member")]);
    const [row] = await house.db.sql.pool`SELECT count(*)::int AS n FROM people_persons WHERE role = 'admin'`;
    expect(row.n).toBe(1);
    await house.db.sql.pool`UPDATE people_persons SET role = 'admin' WHERE handle = 'ada'`;
    await people.setRole("second_admin", "member").catch(() => {});
    await people.setRole("ADA", "admin");
  });

  test("PE45: the list of everybody pages and finds by any beginning, and what means something to LIKE means itself", async () => {
    for (let i = 0; i < 5; i++) await house.person(`listed_${i}`);
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const { body } = await client.call(r.adminListPeople, {
        token: admin.token,
        query: { q: "listed", limit: 2, ...(cursor ? { cursor } : {}) },
      });
      seen.push(...body.items.map((p) => p.handle));
      cursor = body.next_cursor ?? undefined;
    } while (cursor);
    expect(seen).toEqual(["listed_4", "listed_3", "listed_2", "listed_1", "listed_0"]);
    expect((await client.call(r.adminListPeople, { token: admin.token, query: { q: "%" } })).body.items).toEqual([]);
    expect((await client.call(r.adminListPeople, { token: admin.token, query: { q: "l_s" } })).body.items).toEqual([]);
  });
});

describe("people: profiles", () => {
  test("PE46: a profile takes what it knows within its bounds, and only its owner's picture", async () => {
    const edit = (body: object) => client.call(r.editMe, { token: member.token, body });
    expect((await edit({ display_name: "" })).status).toBe(400);
    expect((await edit({ display_name: "x".repeat(61) })).status).toBe(400);
    expect((await edit({ bio: "x".repeat(501) })).status).toBe(400);
    expect((await edit({ display_name: "a\u0000b" })).status).toBe(400);
    expect((await edit({ role: "admin" })).status).toBe(400);
    expect((await edit({ links: [{ url: "javascript:alert(1)" }] })).status).toBe(400);
    expect((await edit({ links: Array.from({ length: 6 }, () => ({ url: "https://a.example" })) })).status).toBe(400);
    expect((await edit({ avatar_image_id: "78" })).code).toBe("image.not_found");
    const { body } = await edit({
      display_name: " Max M ",
      bio: "Kayaks.",
      links: [{ label: "Home", url: "https://a.example/x" }],
      avatar_image_id: "77",
    });
    expect(body).toMatchObject({
      display_name: "Max M",
      bio: "Kayaks.",
      links: [{ label: "Home", url: "https://a.example/x" }],
      avatar,
      avatar_image_id: "77",
    });
    expect((await people.cards([member.id])).get(member.id)).toEqual({
      id: member.id,
      handle: "max",
      display_name: "Max M",
      avatar,
      suspended: false,
      limited: false,
      private: false,
    });
    expect((await edit({ bio: "" })).body).toMatchObject({ display_name: "Max M", bio: "", avatar });
    expect((await edit({ avatar_image_id: null })).body).toMatchObject({ avatar: null, avatar_image_id: null });
  });

  test("PE47: suggestions begin with what was typed, in handle or any word of the name, and those whom I follow come first", async () => {
    const names: [string, string][] = [
      ["zebra_one", "Stripe"],
      ["zeb_two", "Horse"],
      ["xylophone", "Anna Zebedee"],
      ["unzeb", "No"],
    ];
    for (const [handle, display_name] of names) {
      const p = await house.person(handle);
      await client.call(r.editMe, { token: p.token, body: { display_name } });
    }
    await client.call(r.follow, { token: member.token, params: { handle: "zeb_two" } });
    const suggest = async (q: string) =>
      (await client.call(r.suggestPeople, { token: member.token, query: { q } })).body.items;
    expect((await suggest("@ZEB")).map((p) => [p.handle, p.you_follow])).toEqual([
      ["zeb_two", true],
      ["xylophone", false],
      ["zebra_one", false],
    ]);
    expect((await suggest("zebra_one")).map((p) => p.handle)).toEqual(["zebra_one"]);
    expect(await suggest("_")).toEqual([]);
    expect(await suggest("@")).toEqual([]);
    expect((await client.call(r.suggestPeople, { query: { q: "zeb" } })).status).toBe(401);
  });

  test("PE48: what profiles say, and who of many follows somebody, come in one call each", async () => {
    const [a, b, c] = [await house.person("facts_a"), await house.person("facts_b"), await house.person("facts_c")];
    await house.people.rooms.relating.follow(b.viewer, "facts_a");
    await house.people.rooms.profiles.editMe(a.viewer, { bio: "Hello" });
    const facts = await house.people.profileFacts([a.id, b.id, "1"]);
    expect([...facts.keys()].toSorted()).toEqual([a.id, b.id].toSorted());
    expect(facts.get(a.id)).toMatchObject({ bio: "Hello", links: [], role: "member" });
    expect([...(await house.people.followersAmong(a.id, [b.id, c.id, "1"]))]).toEqual([b.id]);
  });

  test("PE48: cards come in one call, without the deleted and the unknown; handles in any case", async () => {
    const cards = await people.cards([admin.id, moderator.id, "123456789"]);
    expect([...cards.keys()].sort()).toEqual([admin.id, moderator.id].sort());
    expect([...(await people.byHandles(["ADA", "mona", "nobody_here", "ada"])).keys()].sort()).toEqual(["ada", "mona"]);
    expect(await people.byHandle("nobody_here")).toBeNull();
    await expect(people.cards(Array.from({ length: 1_001 }, (_, i) => String(i + 1)))).rejects.toThrow(RangeError);
  });

  test("PE49: a deleted account is gone at once: no card, no sign-in, no list; its handle is nobody's again, others' counts go down", async () => {
    const [gone, fan] = [await house.person("going"), await house.person("left_behind")];
    await client.call(r.follow, { token: fan.token, params: { handle: "going" } });
    await client.call(r.follow, { token: gone.token, params: { handle: "left_behind" } });
    const remove = (password: string) => client.call(r.deleteMe, { token: gone.token, body: { password } });
    expect((await remove("wrong wrong wrong")).code).toBe("people.wrong_password");
    expect((await remove(TEST_PASSWORD)).status).toBe(204);
    expect((await client.call(r.me, { token: gone.token })).status).toBe(401);
    expect((await client.call(r.signIn, { body: { handle: "going", password: TEST_PASSWORD } })).status).toBe(401);
    expect((await people.cards([gone.id])).size).toBe(0);
    expect((await client.call(r.person, { params: { handle: "going" } })).code).toBe("person.not_found");
    expect((await client.call(r.listFollowing, { params: { handle: "left_behind" } })).body.items).toEqual([]);
    const again = { handle: "going", password: TEST_PASSWORD, display_name: "Impostor" };
    expect((await client.call(r.signUp, { body: again })).code).toBe("people.handle_taken");
    await house.log.caughtUp(PEOPLE_TOPIC, "people.counts");
    await house.log.caughtUp(PEOPLE_TOPIC, "people.erase");
    expect((await client.call(r.person, { params: { handle: "left_behind" } })).body).toMatchObject({
      followers: 0,
      following: 0,
    });
    const rows = await house.db.sql.pool`SELECT 1 FROM people_follows WHERE ${gone.id} IN (follower_id, followee_id)`;
    expect(rows.length).toBe(0);
    expect(await people.recount()).toBe(0);
  });
});
