import { afterAll, describe, expect, test } from "bun:test";

import { isCheckViolation, isUniqueViolation } from "#ports/sql/index.ts";
import { peopleRoutes } from "#systems/people/contract.ts";

import * as b from "./bounds.ts";
import { spacesRoutes as r } from "./contract.ts";
import { testSpaces } from "./testing.ts";

const house = await testSpaces();
const { client, db } = house;
const q = db.sql.pool;
afterAll(async () => {
  expect(house.broken).toEqual([]);
  await house[Symbol.asyncDispose]();
});
const owner = await house.person("olga");

describe("spaces: bounds", () => {
  test(`SP17: one person is in at most ${b.MEMBERSHIPS_PER_PERSON_MAX} spaces`, async () => {
    const joiner = await house.person("joiner");
    const space = await house.space("one-more", owner);
    const baron = await house.person("baron");
    await q`INSERT INTO spaces_spaces (id, slug, name, visibility, join_policy, who_may_post, owner_id, members, members_max, storage_bytes_max, created_at)
      SELECT n, 'many-' || n, 'x', 'public', 'open', 'members', ${baron.id}, 1, 10, 10, now() FROM generate_series(1, ${b.MEMBERSHIPS_PER_PERSON_MAX}) n`;
    await q`INSERT INTO spaces_members (space_id, person_id, role, joined_at) SELECT n, ${joiner.id}, 'member', now() FROM generate_series(1, ${b.MEMBERSHIPS_PER_PERSON_MAX}) n`;
    const join = () => client.call(r.joinSpace, { token: joiner.token, params: { slug: space.slug }, body: {} });
    expect((await join()).code).toBe("spaces.too_many");
    expect(
      (await client.call(r.createSpace, { token: joiner.token, body: { slug: "mine-too", name: "x" } })).code,
    ).toBe("spaces.too_many");
    expect((await client.call(r.leaveSpace, { token: joiner.token, params: { slug: "many-1" } })).status).toBe(204);
    expect((await join()).status).toBe(200);
  });

  test(`SP18: one space has at most ${b.INVITATIONS_PER_SPACE_MAX} open invitations`, async () => {
    const { id } = await house.space("generous", owner);
    await q`INSERT INTO spaces_invitations (id, space_id, secret_hash, uses_max, created_by, created_at, expires_at)
      SELECT n, ${id}, sha256(('i' || n)::bytea), 1, ${owner.id}, now(), now() + interval '1 day' FROM generate_series(1, ${b.INVITATIONS_PER_SPACE_MAX - 1}) n`;
    const invite = () =>
      client.call(r.createSpaceInvitation, { token: owner.token, params: { slug: "generous" }, body: {} });
    expect((await Promise.all([invite(), invite()])).map((a) => a.status).sort()).toEqual([201, 409]);
  });

  test("SP19: the tables make a wrong state impossible: two owners, too many members, an unknown role", async () => {
    const other = await house.person("other");
    const { id } = await house.space("strict", owner, [other]);
    const failed = (work: Promise<unknown>) =>
      work.then(
        () => null,
        (error: unknown) => error,
      );
    expect(
      isUniqueViolation(
        await failed(q`UPDATE spaces_members SET role = 'owner' WHERE space_id = ${id}`),
        "spaces_members_one_owner",
      ),
    ).toBe(true);
    expect(isCheckViolation(await failed(q`UPDATE spaces_spaces SET members = members_max + 1 WHERE id = ${id}`))).toBe(
      true,
    );
    expect(isCheckViolation(await failed(q`UPDATE spaces_members SET role = 'king' WHERE space_id = ${id}`))).toBe(
      true,
    );
    expect(isCheckViolation(await failed(q`UPDATE spaces_spaces SET slug = 'Not a slug' WHERE id = ${id}`))).toBe(true);
  });

  test("SP20: cards of at most 1,000 spaces come in one call", async () => {
    await expect(
      house.spaces.cards(Array.from({ length: b.CARDS_PER_CALL_MAX + 1 }, (_, i) => String(900_000 + i))),
    ).rejects.toThrow(RangeError);
    expect((await house.spaces.cards(["5", "123456789"])).size).toBe(1);
  });

  test("SP21: every route of people and spaces is served and stands in the OpenAPI document", () => {
    const document = house.api.openapi({ title: "t", version: "1", description: "" }) as {
      paths: Record<string, Record<string, { summary: string }>>;
    };
    const routes = [...Object.values(r), ...Object.values(peopleRoutes)];
    for (const { method, path, summary } of routes) {
      expect([method, path, document.paths[path]?.[method.toLowerCase()]?.summary]).toEqual([method, path, summary]);
    }
    expect(house.api.routes.length).toBe(routes.length);
    expect(JSON.stringify(document).length).toBeGreaterThan(10_000);
  });
});
