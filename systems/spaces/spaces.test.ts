import { afterAll, describe, expect, test } from "bun:test";

import { createLocalCaches } from "#ports/cache/index.ts";
import { peopleRoutes } from "#systems/people/contract.ts";
import { PEOPLE_TOPIC } from "#systems/people/index.ts";
import { TEST_PASSWORD } from "#systems/people/testing.ts";

import { SPACES_OWNED_MAX } from "./bounds.ts";
import { spacesRoutes as r } from "./contract.ts";
import { createSpaces } from "./index.ts";
import { testSpaces } from "./testing.ts";

const house = await testSpaces();
const { client, spaces } = house;
const working = spaces.work();
afterAll(async () => {
  working[Symbol.dispose]();
  expect(house.broken).toEqual([]);
  await house[Symbol.asyncDispose]();
});

const owner = await house.person("olga");
const admin = await house.person("arne");
const moderator = await house.person("moa");
const member = await house.person("mats");
const stranger = await house.person("sten");

const create = (token: string, slug: string, more: object = {}) =>
  client.call(r.createSpace, { token, body: { slug, name: slug, ...more } });
const get = (token: string | null, slug: string) => client.call(r.space, { token, params: { slug } });
const join = (token: string, slug: string, invitation?: string) =>
  client.call(r.joinSpace, { token, params: { slug }, body: invitation ? { invitation } : {} });
const give = (token: string, slug: string, handle: string, role: "owner" | "admin" | "moderator" | "member") =>
  client.call(r.setMemberRole, { token, params: { slug, handle }, body: { role } });
const remove = (token: string, slug: string, handle: string) =>
  client.call(r.removeMember, { token, params: { slug, handle } });
const ban = (token: string, slug: string, handle: string) =>
  client.call(r.ban, { token, params: { slug, handle }, body: { reason: "loud" } });
const invite = (token: string, slug: string, more: object = {}) =>
  client.call(r.createSpaceInvitation, { token, params: { slug }, body: more });

/** A space with one person of each role. */
async function staffed(slug: string, settings: object = {}) {
  await house.space(slug, owner, [admin, moderator, member], settings);
  await give(owner.token, slug, "arne", "admin");
  await give(owner.token, slug, "moa", "moderator");
}

describe("spaces: the room itself", () => {
  test("SP1: an address that is none, reserved or taken is refused, and nobody opens a space signed out", async () => {
    for (const bad of ["a", "1st", "two--hyphens", "-x", "x-", "å", "has space", "x".repeat(41)]) {
      expect([bad, (await create(owner.token, bad)).status]).toEqual([bad, 400]);
    }
    expect((await create(owner.token, "mine")).code).toBe("spaces.slug_reserved");
    expect((await create(owner.token, "gone-1")).code).toBe("spaces.slug_reserved");
    expect((await create(owner.token, "knitters")).status).toBe(201);
    expect((await create(stranger.token, "Knitters")).code).toBe("spaces.slug_taken");
    expect((await client.call(r.createSpace, { body: { slug: "nobodys", name: "x" } })).status).toBe(401);
  });

  test("SP2: its creator owns it and is its first member", async () => {
    const { body } = await create(owner.token, "weavers", { description: "Warp and weft" });
    expect(body).toMatchObject({
      members: 1,
      tier: "free",
      membership: { role: "owner", may_post: true, may_manage: true },
    });
    expect((await spaces.membershipsOf(owner.id)).get(body.id)).toBe("owner");
    expect((await client.call(r.mySpaces, { token: owner.token })).body.items[0]).toMatchObject({
      slug: "weavers",
      role: "owner",
    });
  });

  test("SP3: a private space is not there for who is not in it, neither its name nor its members", async () => {
    await house.space("cellar", owner, [member], { visibility: "private", join_policy: "invitation" });
    for (const token of [null, stranger.token]) {
      expect((await get(token, "cellar")).code).toBe("space.not_found");
      expect((await client.call(r.listMembers, { token, params: { slug: "cellar" } })).code).toBe("space.not_found");
      const { body } = await client.call(r.listSpaces, { token, query: { q: "cell" } });
      expect(body.items).toEqual([]);
    }
    expect((await join(stranger.token, "cellar")).code).toBe("space.not_found");
    expect((await join(stranger.token, "cellar", `fhi_${"A".repeat(43)}`)).code).toBe("space.not_found");
    expect((await give(stranger.token, "cellar", "mats", "admin")).code).toBe("space.not_found");
    expect((await client.call(r.deleteSpace, { token: stranger.token, params: { slug: "cellar" } })).code).toBe(
      "space.not_found",
    );
    expect((await get(member.token, "cellar")).body.membership.role).toBe("member");
    expect((await client.call(r.listSpaces, { token: member.token, query: { q: "cell" } })).body.items).toMatchObject([
      { slug: "cellar", role: "member" },
    ]);
  });

  test("SP4: settings are the admins' and closing is the owner's", async () => {
    await staffed("settings-room");
    const edit = (token: string, body: object) =>
      client.call(r.editSpace, { token, params: { slug: "settings-room" }, body });
    for (const who of [moderator, member, stranger])
      expect((await edit(who.token, { name: "Mine now" })).code).toBe("spaces.role_needed");
    expect((await edit(admin.token, { slug: "weavers" })).code).toBe("spaces.slug_taken");
    expect((await edit(admin.token, { tier: "enterprise" })).code).toBe("request.invalid");
    expect((await edit(admin.token, { name: "Renamed", who_may_post: "moderators" })).body).toMatchObject({
      name: "Renamed",
      who_may_post: "moderators",
      description: "",
    });
    expect((await get(member.token, "settings-room")).body.membership.may_post).toBe(false);
    expect((await get(moderator.token, "settings-room")).body.membership.may_post).toBe(true);
    for (const who of [admin, moderator, member, stranger]) {
      expect((await client.call(r.deleteSpace, { token: who.token, params: { slug: "settings-room" } })).code).toBe(
        "spaces.role_needed",
      );
    }
  });

  test("SP5: a closed space is gone on the next read, for its members too, and its address is free", async () => {
    const { id } = await house.space("short-lived", owner, [member]);
    expect((await spaces.membershipsOf(member.id)).has(id)).toBe(true);
    expect((await spaces.cards([id])).size).toBe(1);
    expect((await client.call(r.deleteSpace, { token: owner.token, params: { slug: "short-lived" } })).status).toBe(
      204,
    );
    expect((await get(owner.token, "short-lived")).code).toBe("space.not_found");
    expect((await spaces.membershipsOf(member.id)).has(id)).toBe(false);
    expect((await spaces.cards([id])).size).toBe(0);
    expect((await create(stranger.token, "short-lived")).status).toBe(201);
  });

  test(`SP6: nobody owns more than ${SPACES_OWNED_MAX} spaces`, async () => {
    const baron = await house.person("baron");
    await house.db.sql
      .pool`INSERT INTO spaces_spaces (id, slug, name, visibility, join_policy, who_may_post, owner_id, members_max, storage_bytes_max, created_at)
      SELECT n, 'baron-' || n, 'x', 'public', 'open', 'members', ${baron.id}, 10, 10, now() FROM generate_series(1, ${SPACES_OWNED_MAX - 1}) n`;
    const both = await Promise.all([create(baron.token, "last-one"), create(baron.token, "one-more")]);
    expect(both.map((a) => a.status).sort()).toEqual([201, 409]);
    expect(both.find((a) => a.status === 409)!.code).toBe("spaces.too_many");
  });

  test("SP7: the lists page without gap or repeat while others open spaces", async () => {
    const made: string[] = [];
    for (let i = 0; i < 5; i++)
      made.push((await create(owner.token, `paged-${i}`, { name: `Pagedlist ${i}` })).body.slug);
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const { body } = await client.call(r.listSpaces, {
        query: { q: "pagedlist", limit: 2, ...(cursor ? { cursor } : {}) },
      });
      seen.push(...body.items.map((s) => s.slug));
      cursor = body.next_cursor ?? undefined;
      await create(owner.token, `later-${seen.length}`, { name: `Pagedlist later ${seen.length}` });
    } while (cursor);
    expect(seen).toEqual(made.reverse());
    const mine = await client.call(r.mySpaces, { token: member.token, query: { limit: 1 } });
    const next = await client.call(r.mySpaces, {
      token: member.token,
      query: { limit: 100, cursor: mine.body.next_cursor! },
    });
    expect(next.body.items.map((s) => s.slug)).not.toContain(mine.body.items[0]!.slug);
  });
});

describe("spaces: members", () => {
  test("SP8: an open space takes in who asks, once; joining again changes nothing", async () => {
    await house.space("open-house", owner);
    const joiner = await house.person("joiner");
    expect((await join(joiner.token, "open-house")).body).toMatchObject({ members: 2, membership: { role: "member" } });
    expect((await join(joiner.token, "open-house")).body.members).toBe(2);
    expect((await client.call(r.joinSpace, { token: joiner.token, params: { slug: "open-house" } })).status).toBe(200);
    expect((await client.call(r.leaveSpace, { token: joiner.token, params: { slug: "open-house" } })).status).toBe(204);
    expect((await get(joiner.token, "open-house")).body).toMatchObject({
      members: 1,
      membership: { role: null, may_post: false },
    });
  });

  test("SP9: an invitation opens its own space, as often as it says, until it is taken back or too old", async () => {
    await house.space("by-key", owner, [moderator, member], { visibility: "private", join_policy: "invitation" });
    await house.space("other-key", owner, [], { join_policy: "invitation" });
    await give(owner.token, "by-key", "moa", "moderator");
    expect((await invite(member.token, "by-key")).code).toBe("spaces.role_needed");
    expect((await join(stranger.token, "other-key")).code).toBe("spaces.invitation_needed");
    const { body: key } = await invite(moderator.token, "by-key", { uses_max: 2 });
    expect((await join(stranger.token, "other-key", key.secret)).code).toBe("spaces.invitation_invalid");
    expect((await client.call(r.lookUpSpaceInvitation, { body: { invitation: key.secret } })).body.space.slug).toBe(
      "by-key",
    );
    const guests = await Promise.all(["key_a", "key_b", "key_c", "key_d"].map((h) => house.person(h)));
    const answers = await Promise.all(guests.map((g) => join(g.token, "by-key", key.secret)));
    expect(answers.map((a) => a.status).filter((s) => s === 200).length).toBe(2);
    expect((await client.call(r.lookUpSpaceInvitation, { body: { invitation: key.secret } })).code).toBe(
      "spaces.invitation_invalid",
    );

    const { body: second } = await invite(moderator.token, "by-key", { uses_max: 5 });
    expect(
      JSON.stringify(
        (await client.call(r.listSpaceInvitations, { token: moderator.token, params: { slug: "by-key" } })).body,
      ),
    ).not.toContain("fhi_");
    await client.call(r.revokeSpaceInvitation, { token: owner.token, params: { slug: "by-key", id: second.id } });
    expect((await join(stranger.token, "by-key", second.secret)).code).toBe("space.not_found");

    const { body: third } = await invite(moderator.token, "by-key", { uses_max: 5 });
    await give(owner.token, "by-key", "moa", "member");
    expect((await join(stranger.token, "by-key", third.secret)).code).toBe("space.not_found");
  });

  test("SP10: roles: each may do to those below what their role allows, and nobody to those beside or above", async () => {
    await staffed("ranks");
    const low = await house.person("low");
    await join(low.token, "ranks");
    const tries: [string, typeof owner, string, "owner" | "admin" | "moderator" | "member", number][] = [
      ["a member makes nobody anything", member, "low", "moderator", 403],
      ["a member does not promote themselves", member, "mats", "moderator", 403],
      ["a moderator makes no moderator", moderator, "low", "moderator", 403],
      ["an admin makes no admin", admin, "low", "admin", 403],
      ["an admin makes no owner", admin, "low", "owner", 403],
      ["an admin does not unmake the owner", admin, "olga", "member", 403],
      ["an outsider does nothing", stranger, "low", "moderator", 403],
      ["the owner does not step down", owner, "olga", "member", 409],
      ["who is no member gets no role", owner, "sten", "moderator", 404],
      ["an admin makes a moderator", admin, "low", "moderator", 204],
      ["an admin unmakes a moderator", admin, "low", "member", 204],
      ["a moderator steps down", moderator, "moa", "member", 204],
      ["the owner makes a moderator", owner, "moa", "moderator", 204],
    ];
    for (const [why, who, handle, role, status] of tries)
      expect([why, (await give(who.token, "ranks", handle, role)).status]).toEqual([why, status]);
  });

  test("SP11: giving the space away makes the giver an admin; there is one owner at every moment", async () => {
    await staffed("handed");
    expect((await give(owner.token, "handed", "arne", "owner")).status).toBe(204);
    const roles = (await client.call(r.listMembers, { params: { slug: "handed" } })).body.items.map((m) => [
      m.person.handle,
      m.role,
    ]);
    expect(Object.fromEntries(roles)).toEqual({ olga: "admin", arne: "owner", moa: "moderator", mats: "member" });
    expect((await client.call(r.deleteSpace, { token: owner.token, params: { slug: "handed" } })).code).toBe(
      "spaces.role_needed",
    );
    expect((await client.call(r.leaveSpace, { token: admin.token, params: { slug: "handed" } })).code).toBe(
      "spaces.owner_stays",
    );
    expect((await client.call(r.leaveSpace, { token: owner.token, params: { slug: "handed" } })).status).toBe(204);
    await give(admin.token, "handed", "moa", "admin");
    const race = await Promise.all([
      give(admin.token, "handed", "moa", "owner"),
      give(admin.token, "handed", "mats", "owner"),
    ]);
    expect(race.map((a) => a.status).sort()).toEqual([204, 403]);
  });

  test("SP12: who is removed may come back, who is banned may not, until that is lifted", async () => {
    await staffed("door");
    expect((await remove(member.token, "door", "moa")).code).toBe("spaces.role_needed");
    expect((await remove(moderator.token, "door", "arne")).code).toBe("spaces.role_needed");
    expect((await remove(admin.token, "door", "olga")).code).toBe("spaces.role_needed");
    expect((await remove(moderator.token, "door", "sten")).code).toBe("space_member.not_found");
    expect((await remove(moderator.token, "door", "mats")).status).toBe(204);
    expect((await join(member.token, "door")).status).toBe(200);

    expect((await ban(member.token, "door", "sten")).code).toBe("spaces.role_needed");
    expect((await ban(moderator.token, "door", "moa")).code).toBe("spaces.role_needed");
    expect((await ban(moderator.token, "door", "mats")).status).toBe(204);
    expect((await ban(moderator.token, "door", "sten")).status).toBe(204);
    expect((await join(member.token, "door")).code).toBe("spaces.banned");
    const { body: key } = await invite(owner.token, "door");
    expect((await join(stranger.token, "door", key.secret)).code).toBe("spaces.banned");
    expect((await client.call(r.listBans, { token: member.token, params: { slug: "door" } })).code).toBe(
      "spaces.role_needed",
    );
    const bans = (await client.call(r.listBans, { token: moderator.token, params: { slug: "door" } })).body.items;
    expect(bans.map((b) => [b.person.handle, b.reason, b.banned_by?.handle])).toEqual([
      ["sten", "loud", "moa"],
      ["mats", "loud", "moa"],
    ]);
    await client.call(r.unban, { token: moderator.token, params: { slug: "door", handle: "mats" } });
    expect((await join(member.token, "door")).status).toBe(200);
    expect((await get(null, "door")).body.members).toBe(4);
  });

  test("SP13: a full space takes in nobody; of many who want the last place one gets it", async () => {
    const { id } = await house.space("tiny", owner);
    await house.db.sql.pool`UPDATE spaces_spaces SET members_max = 2 WHERE id = ${id}`;
    const guests = await Promise.all(["tiny_a", "tiny_b", "tiny_c"].map((h) => house.person(h)));
    const answers = await Promise.all(guests.map((g) => join(g.token, "tiny")));
    expect(answers.map((a) => a.code ?? "in").sort()).toEqual(["in", "spaces.full", "spaces.full"]);
  });

  test("SP14: memberships are exact on the next read here, and on another node once the event has arrived", async () => {
    const { id } = await house.space("two-nodes", owner);
    const other = await createSpaces({
      sql: house.db.sql,
      log: house.log,
      clock: house.db.clock,
      ids: house.db.ids,
      people: house.people,
      caches: createLocalCaches({ clock: house.db.clock }),
    });
    await using _ = other;
    const until = async (what: string, holds: () => Promise<boolean>) => {
      for (const end = house.db.clock.now() + 5_000; !(await holds()); await house.db.clock.sleep(5)) {
        if (house.db.clock.now() > end) throw new Error(`still not so: ${what}`);
      }
    };
    expect((await other.membershipsOf(member.id)).has(id)).toBe(false);
    expect((await spaces.membershipsOf(member.id)).has(id)).toBe(false);
    await join(member.token, "two-nodes");
    expect((await spaces.membershipsOf(member.id)).get(id)).toBe("member");
    await until("joined", async () => (await other.membershipsOf(member.id)).get(id) === "member");
    await remove(owner.token, "two-nodes", "mats");
    expect((await spaces.membershipsOf(member.id)).has(id)).toBe(false);
    await until("removed", async () => !(await other.membershipsOf(member.id)).has(id));
  });

  test("SP15: whoever deletes their account leaves; what they owned goes to the next in rank, or closes", async () => {
    const [leaver, deputy, first] = [
      await house.person("leaver"),
      await house.person("deputy"),
      await house.person("first"),
    ];
    await house.space("inherited", leaver, [first, deputy]);
    await give(leaver.token, "inherited", "deputy", "moderator");
    await house.space("lonely", leaver);
    await client.call(peopleRoutes.deleteMe, { token: leaver.token, body: { password: TEST_PASSWORD } });
    await house.log.caughtUp(PEOPLE_TOPIC, "spaces.leavers");
    expect((await get(deputy.token, "inherited")).body).toMatchObject({ members: 2, membership: { role: "owner" } });
    expect((await get(null, "lonely")).code).toBe("space.not_found");
  });

  test("SP16: whom a block hides is not in the list of members for either", async () => {
    const [a, b] = [await house.person("shy_a"), await house.person("shy_b")];
    await house.space("shy-room", owner, [a, b]);
    await client.call(peopleRoutes.block, { token: a.token, params: { handle: "shy_b" } });
    const handles = async (token: string) =>
      (await client.call(r.listMembers, { token, params: { slug: "shy-room" } })).body.items.map(
        (m) => m.person.handle,
      );
    expect(await handles(b.token)).toEqual(["shy_b", "olga"]);
    expect(await handles(owner.token)).toEqual(["shy_b", "shy_a", "olga"]);
    expect(await handles(a.token)).toEqual(["shy_a", "olga"]);
  });
});
